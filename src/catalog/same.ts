import { sameData } from '../common/plain-data.js'
import type { StoredCheck } from './entry-codec.js'
import type { NodeData, ServiceData } from './types.js'

/** Whether two nodes would be stored as the same bytes, key order of maps aside. */
export const sameNode = (a: NodeData, b: NodeData): boolean =>
  a.node === b.node
  && a.id === b.id
  && a.address === b.address
  && sameData(a.taggedAddresses, b.taggedAddresses)
  && sameData(a.meta, b.meta)

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
  && sameData(a.tags, b.tags)
  && sameData(a.meta, b.meta)
  && sameData(a.taggedAddresses, b.taggedAddresses)
  && sameData(a.mesh, b.mesh)

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
  && sameData(a.serviceTags, b.serviceTags)
  && sameData(a.definition, b.definition)
  && a.interval === b.interval
  && a.timeout === b.timeout
