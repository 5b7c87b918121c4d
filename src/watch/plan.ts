import { MusterError } from '../common/errors.js'
import { parseDuration } from '../common/duration.js'
import { filled } from '../common/filled.js'
import { meaninglessKeys } from '../common/watch-types.js'
import type { DeclaredWatch, Origin } from '../config/index.js'
import type { WatchHandler, WatchPlan, WatchQuery } from './types.js'

/** Keys of a watch as written; the schema has checked their types. */
interface Written {
  readonly type?: string
  readonly datacenter?: string
  readonly stale?: boolean
  readonly handler_type?: string
  readonly handler?: string
  readonly args?: string | readonly string[]
  readonly http_handler_config?: {
    readonly path?: string
    readonly method?: string
    readonly timeout?: string
    readonly header?: Readonly<Record<string, readonly string[]>>
    readonly tls_skip_verify?: boolean
  }
  readonly key?: string
  readonly prefix?: string
  readonly service?: string
  readonly tag?: string | readonly string[]
  readonly passingonly?: boolean
  readonly state?: string
  readonly name?: string
  readonly service_id?: string
}

/**
 * Makes a runnable plan of a declared watch.
 * @throws MusterError WATCH_INVALID with the texts Consul uses, and the place that declares it.
 */
export function watchPlan(declared: DeclaredWatch): WatchPlan {
  const written = declared.written as Written
  const refuse = (text: string): MusterError => new MusterError('WATCH_INVALID', `${place(declared.origin)}: ${text}`)
  const type = written.type ?? ''
  if (type === '') throw refuse('Watch type must be specified')
  const make = Object.hasOwn(queries, type) ? queries[type] : undefined
  if (make === undefined) throw refuse(`Unsupported watch type: ${type}; known are ${Object.keys(queries).join(', ')}`)
  const meaningless = meaninglessKeys(type, Object.keys(declared.written))
  if (meaningless.length > 0) throw refuse(`Invalid parameters: [${meaningless.join(' ')}]`)
  const query = make(written, refuse)
  const handler = handlerOf(written, refuse)
  return {
    identity: JSON.stringify(sorted(declared.written)),
    label:
      `${type} ${written.key ?? written.prefix ?? written.service ?? written.name ?? written.service_id ?? ''}`.trim()
      + ` (${place(declared.origin)})`,
    query,
    handler,
  }
}

const place = ({ file, line }: Origin): string => `${file}:${line}`

type Refuse = (text: string) => MusterError
type MakeQuery = (written: Written, refuse: Refuse) => WatchQuery

const same: WatchQuery['pick'] = body => body

/** One line a watch type. */
const queries: Readonly<Record<string, MakeQuery>> = {
  key: (written, refuse) => ({
    path: `/v1/kv/${encodeKey(required(written.key, 'Must specify a single key to watch', refuse))}${search(written)}`,
    pick: (body, present) => (present && Array.isArray(body) ? (body[0] as unknown) : null),
  }),
  keyprefix: (written, refuse) => ({
    path: `/v1/kv/${encodeKey(required(written.prefix, 'Must specify a single prefix to watch', refuse))}${search(written, ['recurse', ''])}`,
    pick: (body, present) => (present ? body : []),
  }),
  event: written => ({
    path: `/v1/event/list${search(written, ...(written.name === undefined || written.name === '' ? [] : [['name', written.name] as const]))}`,
    pick: same,
    news: newEvents,
  }),
  services: written => ({ path: `/v1/catalog/services${search(written)}`, pick: same }),
  nodes: written => ({ path: `/v1/catalog/nodes${search(written)}`, pick: same }),
  service: (written, refuse) => ({
    path: `/v1/health/service/${encodeURIComponent(required(written.service, 'Must specify a single service to watch', refuse))}${search(
      written,
      ...[written.tag ?? []].flat().map(tag => ['tag', tag] as const),
      ...(written.passingonly === true ? [['passing', '1'] as const] : []),
    )}`,
    pick: same,
  }),
  agent_service: (written, refuse) => ({
    path: `/v1/agent/service/${encodeURIComponent(required(written.service_id, 'Must specify a single service ID to watch', refuse))}${search(written)}`,
    pick: same,
    byHash: true,
  }),
  checks: (written, refuse) => {
    const { service = '', state = '' } = written
    if (service !== '' && state !== '') throw refuse('Cannot specify service and state')
    return {
      path:
        service === ''
          ? `/v1/health/state/${encodeURIComponent(state === '' ? 'any' : state)}${search(written)}`
          : `/v1/health/checks/${encodeURIComponent(service)}${search(written)}`,
      pick: same,
    }
  },
}

/** Events that were not there before; undefined for none. */
function newEvents(before: unknown, data: unknown): unknown {
  const ids = (list: unknown): readonly unknown[] =>
    Array.isArray(list) ? list.map(event => (event as { readonly ID?: unknown } | null)?.ID) : []
  const known = new Set(ids(before))
  const fresh = Array.isArray(data)
    ? data.filter(event => !known.has((event as { readonly ID?: unknown } | null)?.ID))
    : []
  return fresh.length === 0 ? undefined : fresh
}

function handlerOf(written: Written, refuse: Refuse): WatchHandler {
  const http = written.http_handler_config
  const given = [written.args, written.handler, http].filter(one => one !== undefined)
  if (given.length === 0) throw refuse('Must define a watch handler')
  if (given.length > 1) throw refuse('Only one watch handler allowed')
  if (written.handler !== undefined)
    return { type: 'script', args: [process.env.SHELL ?? '/bin/sh', '-c', written.handler] }
  if (written.args !== undefined) {
    const args = [written.args].flat()
    if (args.length === 0 || args[0] === '') throw refuse('Must define a watch handler: args is empty')
    return { type: 'script', args }
  }
  const timeout = parseDuration(http?.timeout ?? '10s')
  if (timeout === undefined || timeout <= 0)
    throw refuse(`http_handler_config.timeout: "${http?.timeout ?? ''}" is not a duration above 0`)
  return {
    type: 'http',
    url: required(http?.path, 'http_handler_config needs a path', refuse),
    method: http?.method ?? 'POST',
    timeout,
    header: http?.header ?? {},
    tlsSkipVerify: http?.tls_skip_verify === true,
  }
}

function required(text: string | undefined, message: string, refuse: Refuse): string {
  if (text === undefined || text === '') throw refuse(message)
  return text
}

function search(written: Written, ...more: readonly (readonly [string, string])[]): string {
  const parameters = new URLSearchParams()
  if (filled(written.datacenter)) parameters.append('dc', written.datacenter)
  if (written.stale === true) parameters.append('stale', '')
  for (const [name, value] of more) parameters.append(name, value)
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** Slashes stay: they are part of the key's path. */
const encodeKey = (key: string): string => key.split('/').map(encodeURIComponent).join('/')

/** The same object with its keys in order at every depth, so that equal content gives equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
