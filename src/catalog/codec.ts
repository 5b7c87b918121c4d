import { MusterError } from '../common/errors.js'
import type { Entry } from '../store/index.js'
import type { Check, CheckData, Node, NodeData, Service, ServiceData } from './types.js'

/**
 * Values in the store are JSON of the Data types; revisions come from the store's entry and are never written into the value.
 * A field that is missing reads as its empty value and an unknown one is left out, so that servers of neighbouring versions
 * can read each other's entries.
 */
type Fields = Readonly<Record<string, unknown>>

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

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

function parse(entry: Entry): Fields {
  const { buffer, byteOffset, byteLength } = entry.value
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString())
  } catch (cause) {
    throw unreadable(entry.key, 'is not JSON', cause)
  }
  if (!isObject(value)) throw unreadable(entry.key, 'is not a JSON object', undefined)
  return value
}

const unreadable = (key: string, what: string, cause: unknown): MusterError =>
  new MusterError('CATALOG_UNREADABLE', `the value of key ${key} in the store ${what}`, {
    cause, hint: 'something else than muster wrote to its store; register the entry again or delete the key',
  })

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string => typeof value === 'string' ? value : ''
const number = (value: unknown, otherwise: number): number => typeof value === 'number' ? value : otherwise
const list = (value: unknown): readonly string[] => Array.isArray(value) ? value.map(text) : []

function texts(value: unknown): Readonly<Record<string, string>> | null {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(item)])) : null
}

function addresses(value: unknown): Service['taggedAddresses'] {
  if (!isObject(value)) return null
  return Object.fromEntries(Object.entries(value).map(([network, item]) => {
    const { address, port } = isObject(item) ? item : {}
    return [network, { address: text(address), port: number(port, 0) }]
  }))
}
