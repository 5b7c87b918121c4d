import type { Entry } from '../store/index.js'
import { bytes, isObject, list, number, parse, text, texts } from './fields.js'
import type { Check, CheckData, Node, NodeData, Service, ServiceData } from './types.js'

/** A check as stored: with the name and tags that its service had when the check was written. */
export type StoredCheck = CheckData & Pick<Check, 'serviceName' | 'serviceTags'>

/** Bytes of a node. */
export function encodeNode(data: NodeData): Uint8Array {
  const { node, id, address, taggedAddresses, meta } = data
  return bytes({ node, id, address, taggedAddresses, meta })
}

/** Bytes of a service. */
export function encodeService(data: ServiceData): Uint8Array {
  const { node, id, name, kind, tags, address, taggedAddresses, meta, port, socketPath, weights, enableTagOverride } = data
  return bytes({ node, id, name, kind, tags, address, taggedAddresses, meta, port, socketPath, weights, enableTagOverride })
}

/** Bytes of a check. */
export function encodeCheck(data: StoredCheck): Uint8Array {
  const { node, id, name, status, notes, output, serviceId, serviceName, serviceTags, type, definition } = data
  return bytes({ node, id, name, status, notes, output, serviceId, serviceName, serviceTags, type, definition })
}

/** The node of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeNode(entry: Entry): Node {
  const fields = parse(entry)
  return {
    node: text(fields.node),
    id: text(fields.id),
    address: text(fields.address),
    taggedAddresses: texts(fields.taggedAddresses),
    meta: texts(fields.meta),
    created: entry.created,
    modified: entry.modified,
  }
}

/** The service of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeService(entry: Entry): Service {
  const fields = parse(entry)
  const weights = isObject(fields.weights) ? fields.weights : {}
  return {
    node: text(fields.node),
    id: text(fields.id),
    name: text(fields.name),
    kind: text(fields.kind),
    tags: list(fields.tags),
    address: text(fields.address),
    taggedAddresses: addresses(fields.taggedAddresses),
    meta: texts(fields.meta),
    port: number(fields.port, 0),
    socketPath: text(fields.socketPath),
    weights: { passing: number(weights.passing, 1), warning: number(weights.warning, 1) },
    enableTagOverride: fields.enableTagOverride === true,
    created: entry.created,
    modified: entry.modified,
  }
}

/** The check of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeCheck(entry: Entry): Check {
  const fields = parse(entry)
  return {
    node: text(fields.node),
    id: text(fields.id),
    name: text(fields.name),
    status: text(fields.status),
    notes: text(fields.notes),
    output: text(fields.output),
    serviceId: text(fields.serviceId),
    serviceName: text(fields.serviceName),
    serviceTags: list(fields.serviceTags),
    type: text(fields.type),
    definition: isObject(fields.definition) ? fields.definition : {},
    created: entry.created,
    modified: entry.modified,
  }
}

function addresses(value: unknown): Service['taggedAddresses'] {
  if (!isObject(value)) return null
  return Object.fromEntries(Object.entries(value).map(([network, item]) => {
    const { address, port } = isObject(item) ? item : {}
    return [network, { address: text(address), port: number(port, 0) }]
  }))
}
