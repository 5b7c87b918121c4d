import type { WrittenCheck } from '../../generated/types.js'
import type { CheckKindOptions } from '../types.js'
import { durationOf } from './durations.js'

/** What a check does. */
export type CheckKind = CheckKindOptions['type']

/** Floor of `interval`: a check may run once a second, not more often. */
export const minInterval = 1000
/** Floor of `deregister_critical_service_after`. */
export const minDeregister = 60_000

const defaultTimeout = 10_000
/** Scripts have longer: they often ask something else in turn. */
const scriptTimeout = 30_000

const noHeader: Readonly<Record<string, never>> = Object.freeze({})
const noArgs: readonly never[] = Object.freeze([])

/** Whether a text was written; an empty one counts as left out, as it does for Consul. */
export const filled = (text: string | undefined): text is string => text !== undefined && text !== ''

/** Every kind that a check asks for, in the order in which Consul decides where there are several. One is right. */
export function kindsOf(written: WrittenCheck): CheckKind[] {
  const kinds: CheckKind[] = []
  const runs = written.args !== undefined && written.args.length > 0
  const contained = filled(written.docker_container_id)
  if (filled(written.ttl)) kinds.push('ttl')
  if (filled(written.http)) kinds.push('http')
  if (filled(written.tcp)) kinds.push('tcp')
  if (filled(written.udp)) kinds.push('udp')
  if (filled(written.grpc)) kinds.push('grpc')
  if (runs) kinds.push(contained ? 'docker' : 'script')
  if (filled(written.h2ping)) kinds.push('h2ping')
  if (filled(written.os_service)) kinds.push('os_service')
  if (filled(written.alias_service) || filled(written.alias_node)) kinds.push('alias')
  return kinds
}

/** What a check of this kind does, with its defaults. The text was judged before. */
export function kindOptions(written: WrittenCheck, kind: CheckKind): CheckKindOptions {
  switch (kind) {
    case 'ttl':
      return { type: 'ttl', ttl: durationOf(written.ttl) ?? 0 }
    case 'http':
      return {
        type: 'http',
        url: written.http ?? '',
        method: filled(written.method) ? written.method : 'GET',
        header: written.header ?? noHeader,
        body: written.body ?? '',
        disableRedirects: written.disable_redirects ?? false,
        ...timed(written),
        ...tls(written),
      }
    case 'tcp':
      return {
        type: 'tcp',
        address: written.tcp ?? '',
        useTls: written.tcp_use_tls ?? false,
        ...timed(written),
        ...tls(written),
      }
    case 'udp':
      return { type: 'udp', address: written.udp ?? '', ...timed(written) }
    case 'grpc': {
      const [address, service] = splitGrpc(written.grpc ?? '')
      return {
        type: 'grpc',
        address,
        service,
        useTls: written.grpc_use_tls ?? false,
        ...timed(written),
        ...tls(written),
      }
    }
    case 'docker':
      return {
        type: 'docker',
        containerId: written.docker_container_id ?? '',
        shell: written.shell ?? '',
        args: written.args ?? noArgs,
        ...timed(written),
      }
    case 'script':
      return { type: 'script', args: written.args ?? noArgs, ...timed(written, scriptTimeout) }
    case 'h2ping':
      return {
        type: 'h2ping',
        address: written.h2ping ?? '',
        useTls: written.h2ping_use_tls ?? true,
        ...timed(written),
        ...tls(written),
      }
    case 'os_service':
      return { type: 'os_service', service: written.os_service ?? '', ...timed(written) }
    case 'alias':
      return { type: 'alias', service: written.alias_service ?? '', node: written.alias_node ?? '' }
  }
}

/** `host:port` and the service behind the first slash, '' for the server as a whole. */
export function splitGrpc(target: string): [address: string, service: string] {
  const slash = target.indexOf('/')
  return slash < 0 ? [target, ''] : [target.slice(0, slash), target.slice(slash + 1)]
}

function timed(written: WrittenCheck, fallback = defaultTimeout): { interval: number; timeout: number } {
  const timeout = durationOf(written.timeout) ?? 0
  return {
    interval: Math.max(durationOf(written.interval) ?? 0, minInterval),
    timeout: timeout > 0 ? timeout : fallback,
  }
}

const tls = (written: WrittenCheck): { tlsServerName: string; tlsSkipVerify: boolean } => ({
  tlsServerName: written.tls_server_name ?? '',
  tlsSkipVerify: written.tls_skip_verify ?? false,
})
