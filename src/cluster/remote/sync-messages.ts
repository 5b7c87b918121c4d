import { isIP } from 'node:net'
import type {
  Check,
  CheckData,
  Node,
  NodeContents,
  NodeData,
  Service,
  ServiceData,
  SyncRequest,
} from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { nodeNameFault } from '../../common/name-limits.js'
import { Shape } from '../../rpc/index.js'

export const syncMethods = { read: 'sync/read', write: 'sync/write' } as const

/** Entries of one call: what a large agent has, with room. */
const maxEntries = 100_000

/**
 * Changes as another agent sent them. Of maps and lists only the kind is looked at. @throws MusterError CLUSTER_MESSAGE
 */
export function readChanges(body: unknown): SyncRequest {
  const changes = new Shape(body, 'changes of a node')
  const put = changes.object('put')
  const remove = changes.object('remove')
  const { node } = body as { readonly node: unknown }
  return {
    node: readNode(node),
    put: {
      services: put.list('services', maxEntries, readService),
      checks: put.list('checks', maxEntries, readCheck),
    },
    remove: { services: remove.list('services', maxEntries, text), checks: remove.list('checks', maxEntries, text) },
  }
}

/**
 * The answer to `sync/read`, in which `node` is null for one that the catalog does not know. It comes from a server of
 * the same cluster and was checked when it was stored. @throws MusterError CLUSTER_MESSAGE
 */
export function readRemoteNode(body: unknown): NodeContents {
  const answer = new Shape(body, 'the entries of a node')
  const { node } = body as { readonly node?: Node | null }
  return {
    node: node ?? undefined,
    services: answer.list('services', 1_000_000, item => item as Service),
    checks: answer.list('checks', 1_000_000, item => item as Check),
  }
}

function readNode(value: unknown): NodeData {
  const shape = new Shape(value, 'a node')
  const { taggedAddresses, meta } = value as NodeData
  assertMaps({ taggedAddresses, meta })
  const [name, address] = [shape.text('node'), shape.text('address')]
  const fault = isIP(address) === 0 ? `${JSON.stringify(address)} is no address` : nodeNameFault(name)
  if (fault !== undefined) throw new MusterError('CLUSTER_MESSAGE', `a node: ${fault}`, { status: 400 })
  return { node: name, id: shape.text('id'), address, taggedAddresses, meta }
}

function readService(value: unknown): ServiceData {
  const service = value as ServiceData
  const shape = new Shape(value, 'a service')
  const weights = shape.object('weights')
  assertMaps({
    taggedAddresses: service.taggedAddresses,
    meta: service.meta,
    ...(service.mesh !== undefined && { mesh: service.mesh }),
  })
  return {
    node: shape.text('node'),
    id: text(service.id),
    name: text(service.name),
    kind: shape.text('kind'),
    tags: shape.list('tags', maxEntries, text),
    address: text(service.address),
    taggedAddresses: service.taggedAddresses,
    meta: service.meta,
    port: shape.number('port'),
    socketPath: text(service.socketPath),
    weights: { passing: weights.number('passing'), warning: weights.number('warning') },
    enableTagOverride: shape.flag('enableTagOverride'),
    ...(service.mesh !== undefined && { mesh: service.mesh }),
  }
}

function readCheck(value: unknown): CheckData {
  const check = value as CheckData
  const shape = new Shape(value, 'a check')
  assertMaps({ definition: check.definition })
  return {
    node: shape.text('node'),
    id: text(check.id),
    name: text(check.name),
    status: shape.text('status'),
    notes: text(check.notes),
    output: text(check.output),
    serviceId: text(check.serviceId),
    type: shape.text('type'),
    definition: check.definition,
    ...(check.interval !== undefined && { interval: text(check.interval) }),
    ...(check.timeout !== undefined && { timeout: text(check.timeout) }),
    ...(check.since !== undefined && { since: shape.number('since') }),
  }
}

function assertMaps(maps: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(maps)) {
    if (typeof value !== 'object' || Array.isArray(value))
      throw new MusterError('CLUSTER_MESSAGE', `'${name}' is no object`, { status: 400 })
  }
}

/** A text of any length: the body's limit bounds it. @throws MusterError CLUSTER_MESSAGE */
function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new MusterError('CLUSTER_MESSAGE', 'a text is missing', { status: 400 })
}
