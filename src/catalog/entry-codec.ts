import { picked } from '../common/picked.js'
import { isObject, type Fields } from '../common/plain-data.js'
import { revision, type Entry } from '../store/index.js'
import { bytes, list, number, parse, text, texts } from './fields.js'
import type { Check, CheckData, Instance, MeshData, Node, NodeData, Revisions, Service, ServiceData } from './types.js'

/** A check as stored: with the name and tags that its service had when the check was written. */
export type StoredCheck = CheckData & Pick<Check, 'serviceName' | 'serviceTags'>

/** What is stored of a node, a service and a check, in this order. */
const nodeFields = ['node', 'id', 'address', 'taggedAddresses', 'meta'] as const
const serviceFields = [
  ...(['node', 'id', 'name', 'kind', 'tags', 'address', 'taggedAddresses', 'meta', 'port', 'socketPath'] as const),
  ...(['weights', 'enableTagOverride', 'mesh'] as const),
]
const checkFields = [
  ...(['node', 'id', 'name', 'status', 'notes', 'output', 'serviceId', 'serviceName', 'serviceTags', 'type'] as const),
  ...(['definition', 'interval', 'timeout', 'since'] as const),
]

/** Bytes of a node. */
export const encodeNode = (data: NodeData): Uint8Array => bytes(picked(data, nodeFields))

/** Bytes of a service. */
export const encodeService = (data: ServiceData): Uint8Array => bytes(picked(data, serviceFields))

/** Bytes of a check. */
export const encodeCheck = (data: StoredCheck): Uint8Array => bytes(picked(data, checkFields))

/** The node of an entry. @throws MusterError CATALOG_UNREADABLE */
export const decodeNode = (entry: Entry): Node => nodeOf(parse(entry), entry)

function nodeOf(fields: Fields, { created, modified }: Revisions): Node {
  return {
    node: text(fields.node),
    id: text(fields.id),
    address: text(fields.address),
    taggedAddresses: texts(fields.taggedAddresses),
    meta: texts(fields.meta),
    created,
    modified,
  }
}

/** The service of an entry. @throws MusterError CATALOG_UNREADABLE */
export const decodeService = (entry: Entry): Service => serviceOf(parse(entry), entry)

function serviceOf(fields: Fields, { created, modified }: Revisions): Service {
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
    ...(isObject(fields.mesh) && { mesh: mesh(fields.mesh) }),
    created,
    modified,
  }
}

/** The check of an entry. @throws MusterError CATALOG_UNREADABLE */
export const decodeCheck = (entry: Entry): Check => checkOf(parse(entry), entry)

function checkOf(fields: Fields, { created, modified }: Revisions): Check {
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
    ...(fields.interval !== undefined && { interval: text(fields.interval) }),
    ...(fields.timeout !== undefined && { timeout: text(fields.timeout) }),
    ...(typeof fields.since === 'number' && { since: fields.since }),
    created,
    modified,
  }
}

/** Instances as another datacenter sends them, with its revisions. Unknown fields are left out. */
export function readInstances(value: unknown): readonly Instance[] {
  if (!Array.isArray(value)) return []
  return value.filter(isObject).map(({ node, service, checks }) => ({
    node: nodeOf(...told(node)),
    service: serviceOf(...told(service)),
    checks: Array.isArray(checks) ? checks.map(check => checkOf(...told(check))) : [],
  }))
}

function told(value: unknown): [Fields, Revisions] {
  const fields = isObject(value) ? value : {}
  return [fields, { created: revision(number(fields.created, 1)), modified: revision(number(fields.modified, 1)) }]
}

const mesh = ({ proxy, connect }: Fields): MeshData => ({
  ...(isObject(proxy) && { proxy }),
  ...(isObject(connect) && { connect }),
})

function addresses(value: unknown): Service['taggedAddresses'] {
  if (!isObject(value)) return null
  return Object.fromEntries(
    Object.entries(value).map(([network, item]) => {
      const { address, port } = isObject(item) ? item : {}
      return [network, { address: text(address), port: number(port, 0) }]
    }),
  )
}
