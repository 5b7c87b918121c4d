import { MusterError } from '../../common/errors.js'
import type { Command } from '../api.js'
import { assertId } from '../keys.js'
import type { CheckData, NodeAddresses, ServiceData } from '../types.js'
import { checkType, normaliseDefinition } from './check-definition.js'
import { drafted } from './draft.js'
import type { Draft } from './draft.js'
import { nodeIdFault } from './node-id.js'
import { placeNode } from './place-node.js'

/** A service as `PUT /v1/catalog/register` gives it; what is left out gets Consul's default. */
export type RegisterService = Partial<Omit<ServiceData, 'node'>>
/** A check as `PUT /v1/catalog/register` gives it. */
export type RegisterCheck = Partial<CheckData>

/** Body of `PUT /v1/catalog/register`, with `Check` and `Checks` in one list. */
export interface RegisterRequest {
  readonly node: string
  readonly id?: string
  readonly address?: string
  readonly taggedAddresses?: NodeAddresses | null
  readonly meta?: Readonly<Record<string, string>> | null
  /** Leave the node as it is when there is one. */
  readonly skipNodeUpdate?: boolean
  readonly service?: RegisterService
  readonly checks?: readonly RegisterCheck[]
}

/**
 * Registers a node, and a service or checks on it, in one transaction. Writes only what differs; the result is how many
 * entries that was. Refusals have Consul's texts and statuses: REGISTER_INVALID for a bad request, and those of {@link
 * placeNode} and {@link Draft.putCheck}.
 */
export const register = (request: RegisterRequest): Command<{ readonly writes: number }> =>
  drafted(draft => {
    assertNode(request)
    const service = request.service === undefined ? undefined : completeService(request.service)
    const node = registerNode(draft, request)
    if (service !== undefined) draft.putService({ ...service, node })
    for (const check of request.checks ?? []) draft.putCheck({ ...completeCheck(check, request.node), node })
    return { writes: draft.size }
  })

function registerNode(
  draft: Draft,
  { node, id = '', address = '', taggedAddresses = null, meta = null, skipNodeUpdate }: RegisterRequest,
): string {
  const standing = skipNodeUpdate === true ? draft.nodeNamed(node) : undefined
  if (standing === undefined) return placeNode(draft, { node, id, address, taggedAddresses, meta })
  draft.requireNode(standing.node)
  return standing.node
}

function assertNode({ node, id = '', address = '', skipNodeUpdate }: RegisterRequest): void {
  if (node === '') throw invalid('Must provide node')
  if (address === '' && skipNodeUpdate !== true) throw invalid('Must provide address if SkipNodeUpdate is not set')
  const fault = id === '' ? undefined : nodeIdFault(id)
  if (fault !== undefined) throw invalid(`Bad node ID: ${fault}`)
}

const anyAddress = new Set(['0.0.0.0', '::', '[::]'])

/** A service of a catalog write as stored: id from its name, weights of 1. @throws MusterError REGISTER_INVALID */
export function completeService(given: RegisterService): Omit<ServiceData, 'node'> {
  const { name = '', address = '' } = given
  const id = given.id === undefined || given.id === '' ? name : given.id
  if (name === '') throw invalid(id === '' ? 'Must provide service name' : 'Must provide service name with ID')
  if (anyAddress.has(address)) throw invalid('Invalid service address')
  assertId('service id', id)
  assertId('service name', name)
  return {
    id,
    name,
    address,
    kind: given.kind ?? '',
    tags: given.tags ?? [],
    taggedAddresses: given.taggedAddresses ?? null,
    meta: given.meta ?? null,
    port: given.port ?? 0,
    socketPath: given.socketPath ?? '',
    weights: given.weights ?? { passing: 1, warning: 1 },
    enableTagOverride: given.enableTagOverride ?? false,
    ...(given.mesh !== undefined && { mesh: given.mesh }),
  }
}

/** A check of a catalog write as stored: id from its name, critical without a status, its type from its definition. */
export function completeCheck(given: RegisterCheck, requestNode: string): CheckData {
  const { name = '', serviceId = '' } = given
  const node = given.node === undefined || given.node === '' ? requestNode : given.node
  const id = given.id === undefined || given.id === '' ? name : given.id
  if (node.toLowerCase() !== requestNode.toLowerCase()) {
    throw invalid(`failed inserting check: check node "${node}" does not match node "${requestNode}"`)
  }
  if (id === '') throw invalid('failed inserting check: Must provide check id or name')
  assertId('check id', id)
  const definition = normaliseDefinition(given.definition ?? {})
  return {
    node,
    id,
    name,
    serviceId,
    definition,
    status: given.status === undefined || given.status === '' ? 'critical' : given.status,
    notes: given.notes ?? '',
    output: given.output ?? '',
    type: given.type === undefined || given.type === '' ? checkType(definition) : given.type,
    ...(given.interval !== undefined && { interval: given.interval }),
    ...(given.timeout !== undefined && { timeout: given.timeout }),
    ...(given.since !== undefined && { since: given.since }),
  }
}

const invalid = (message: string): MusterError => new MusterError('REGISTER_INVALID', message)
