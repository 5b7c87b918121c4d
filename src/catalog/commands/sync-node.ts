import { MusterError } from '../../common/errors.js'
import { grouped } from '../../common/grouped.js'
import type { Revision } from '../../store/index.js'
import type { CatalogWrites, Command } from '../api.js'
import { assertId } from '../keys.js'
import type { Check, CheckData, NodeContents, NodeData, ServiceData } from '../types.js'
import { drafted } from './draft.js'
import type { Draft } from './draft.js'
import { placeNode } from './place-node.js'

/**
 * What an agent tells the catalog about its own node. `put` holds what is to be as given, `remove` the ids of what is
 * to be gone; what is named in neither is left alone. An id in both is put. The `node` of services and checks is the
 * node's, whatever they say.
 */
export interface SyncRequest {
  readonly node: NodeData
  readonly put: { readonly services: readonly ServiceData[]; readonly checks: readonly CheckData[] }
  readonly remove: { readonly services: readonly string[]; readonly checks: readonly string[] }
}

/**
 * Where an agent's entries are brought: the catalog of this process, or that of servers elsewhere. Both reject when it
 * cannot be reached.
 */
export interface SyncTarget {
  read(node: string): Promise<NodeContents>
  /** Resolves when the changes are committed and visible. */
  write(changes: SyncRequest): Promise<void>
}

/** How far one transaction of a sync got. */
export interface SyncProgress {
  readonly writes: number
  /** False when the limit was reached: the same request again writes more of the rest. */
  readonly complete: boolean
}

/** What one transaction of a sync is to hold at most; its last service may go beyond. */
export interface SyncLimits {
  readonly writes: number
  /** Of the values alone. */
  readonly bytes: number
}

/** All of a large agent at once, and still below what a store takes. */
const defaultLimits: SyncLimits = { writes: 20_000, bytes: 4 * 1024 * 1024 }

/**
 * Writes what differs, as one transaction of about so much: a service and its checks are never parted, and the node's
 * own checks come before any service, so nobody sees a service without what says that it is unwell. A service whose
 * name changes has it changed in its checks as well; its tags are in a check as of that check's own last write, as in
 * Consul.
 */
export const syncNode = (request: SyncRequest, limits = defaultLimits): Command<SyncProgress> =>
  drafted(draft => {
    const node = placeNode(draft, request.node)
    for (const step of steps(draft, request, node)) {
      if (draft.size >= limits.writes || draft.bytes >= limits.bytes) return { writes: draft.size, complete: false }
      step()
    }
    return { writes: draft.size, complete: true }
  })

/**
 * Executes {@link syncNode} until all of the request is written, in smaller transactions where the store refuses one as
 * too large.
 */
export async function pushNode(
  catalog: CatalogWrites,
  request: SyncRequest,
  limits = defaultLimits,
): Promise<{ readonly writes: number; readonly revision: Revision }> {
  let writes = 0
  for (let now = limits; ;) {
    try {
      const { result, revision } = await catalog.execute(syncNode(request, now))
      writes += result.writes
      if (result.complete) return { writes, revision }
    } catch (error) {
      if (!(error instanceof MusterError) || error.code !== 'STORE_TOO_LARGE' || now.writes <= 1) throw error
      now = { writes: Math.ceil(now.writes / 2), bytes: now.bytes / 2 }
    }
  }
}

/** The parts of a sync that belong together, in the order in which they are safe to be seen. */
function* steps(draft: Draft, { put, remove }: SyncRequest, node: string): Iterable<() => void> {
  const given = grouped(put.checks, check => check.serviceId)
  const putIds = new Set(put.checks.map(check => check.id))
  const services = new Map(put.services.map(service => [service.id, service]))
  for (const check of given.get('') ?? [])
    yield () => {
      putCheck(draft, check, node)
    }
  for (const service of services.values()) {
    yield () => {
      putService(draft, service, node)
      for (const check of given.get(service.id) ?? []) putCheck(draft, check, node)
      for (const check of misnamedChecks(draft, service, node))
        if (!putIds.has(check.id)) draft.putCheck({ ...check, node })
    }
  }
  for (const [serviceId, checks] of given) {
    if (serviceId !== '' && !services.has(serviceId))
      yield () => {
        for (const check of checks) putCheck(draft, check, node)
      }
  }
  const goneServices = remove.services.filter(id => !services.has(id))
  const goneChecks = new Set(remove.checks.filter(id => !putIds.has(id)))
  for (const id of goneServices)
    yield () => {
      removeService(draft, node, id, putIds)
    }
  for (const id of goneChecks)
    yield () => {
      removeCheck(draft, node, id)
    }
}

function putService(draft: Draft, service: ServiceData, node: string): void {
  assertId('service id', service.id)
  assertId('service name', service.name)
  draft.putService({ ...service, node })
}

function putCheck(draft: Draft, check: CheckData, node: string): void {
  assertId('check id', check.id)
  draft.putCheck({ ...check, node })
}

const misnamedChecks = (draft: Draft, { id, name }: ServiceData, node: string): readonly Check[] =>
  draft.state.checks.ofInstance(node, id).filter(check => check.serviceName !== name)

/** A check that moves to another service in this very sync stays. */
function removeService(draft: Draft, node: string, id: string, putIds: ReadonlySet<string>): void {
  const service = draft.state.services.get(node, id)
  if (service !== undefined) draft.deleteService(service, check => !putIds.has(check.id))
}

function removeCheck(draft: Draft, node: string, id: string): void {
  const check = draft.state.checks.get(node, id)
  if (check !== undefined) draft.deleteCheck(check)
}
