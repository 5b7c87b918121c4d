import { isIPv4, isIPv6 } from 'node:net'
import { filled } from '../../common/filled.js'
import type { WrittenService } from '../../generated/types.js'
import type { CheckDefinition, ServiceDefinition } from '../types.js'

type TaggedAddresses = NonNullable<ServiceDefinition['taggedAddresses']>

const noTags: readonly never[] = Object.freeze([])
const noMeta: Readonly<Record<string, never>> = Object.freeze({})

/** The definition of a service that was found to be right. */
export function buildService(written: WrittenService, checks: readonly CheckDefinition[]): ServiceDefinition {
  const { weights } = written
  return {
    id: serviceId(written),
    name: written.name,
    kind: written.kind ?? '',
    tags: written.tags ?? noTags,
    address: written.address ?? '',
    taggedAddresses: taggedAddresses(written),
    meta: written.meta ?? noMeta,
    port: written.port ?? 0,
    socketPath: written.socket_path ?? '',
    weights: { passing: weights?.passing ?? 1, warning: weights?.warning ?? 1 },
    enableTagOverride: written.enable_tag_override ?? false,
    token: written.token ?? '',
    checks,
  }
}

/** A service's id, which is its name unless something else was written. */
export const serviceId = ({ id, name }: WrittenService): string => (filled(id) ? id : name)

/** Whether an address is one of the wildcards, where no service can be found. */
export const isWildcard = (address: string | undefined): boolean =>
  address === '0.0.0.0' || address === '::' || address === '[::]'

/** What was written, and the address itself under the names of its family. */
function taggedAddresses({ tagged_addresses: tagged, address = '', port = 0 }: WrittenService): TaggedAddresses | null {
  const family = address === '' ? undefined : familyOf(address)
  const own = family === undefined ? undefined : { address, port }
  if (tagged === undefined)
    return own === undefined ? null : { [`lan_${family ?? ''}`]: own, [`wan_${family ?? ''}`]: own }
  const result = Object.fromEntries(
    Object.entries(tagged).map(([name, one]) => [name, { address: one.address, port: one.port ?? 0 }]),
  )
  if (own !== undefined) {
    result[`lan_${family ?? ''}`] ??= own
    result[`wan_${family ?? ''}`] ??= own
  }
  return Object.keys(result).length === 0 ? null : result
}

/** The family of an IP address; an IPv4 one written as IPv6 is IPv4. */
function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (isIPv4(address)) return 'ipv4'
  if (!address.includes(':') || !isIPv6(address)) return undefined
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? 'ipv4' : 'ipv6'
}
