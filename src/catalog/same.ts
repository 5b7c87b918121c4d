import type { StoredCheck } from './entry-codec.js'
import type { NodeData, ServiceData } from './types.js'

/** Whether two nodes would be stored as the same bytes, key order of maps aside. */
export const sameNode = (a: NodeData, b: NodeData): boolean =>
  a.node === b.node
  && a.id === b.id
  && a.address === b.address
  && same(a.taggedAddresses, b.taggedAddresses)
  && same(a.meta, b.meta)

/** Whether two services would be stored as the same. The order of tags counts. */
export const sameService = (a: ServiceData, b: ServiceData): boolean =>
  a.node === b.node
  && a.id === b.id
  && a.name === b.name
  && a.kind === b.kind
  && a.address === b.address
  && a.port === b.port
  && a.socketPath === b.socketPath
  && a.enableTagOverride === b.enableTagOverride
  && a.weights.passing === b.weights.passing
  && a.weights.warning === b.weights.warning
  && same(a.tags, b.tags)
  && same(a.meta, b.meta)
  && same(a.taggedAddresses, b.taggedAddresses)
  && same(a.mesh, b.mesh)

/**
 * Whether two checks would be stored as the same. Since when they are as they are is no difference: it changes with the
 * status.
 */
export const sameCheck = (a: StoredCheck, b: StoredCheck): boolean =>
  a.node === b.node
  && a.id === b.id
  && a.name === b.name
  && a.status === b.status
  && a.notes === b.notes
  && a.output === b.output
  && a.serviceId === b.serviceId
  && a.serviceName === b.serviceName
  && a.type === b.type
  && same(a.serviceTags, b.serviceTags)
  && same(a.definition, b.definition)
  && a.interval === b.interval
  && a.timeout === b.timeout

/**
 * Whether two JSON values are the same; a key whose value is undefined counts as absent, since JSON has no such value.
 */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]))
  }
  return sameFields(a as Fields, b as Fields)
}

type Fields = Readonly<Record<string, unknown>>

function sameFields(a: Fields, b: Fields): boolean {
  let surplus = 0
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue
    if (!Object.hasOwn(b, key) || !same(a[key], b[key])) return false
    surplus++
  }
  for (const key of Object.keys(b)) if (b[key] !== undefined) surplus--
  return surplus === 0
}
