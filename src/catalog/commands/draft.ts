import { MusterError } from '../../common/errors.js'
import type { Duration } from '../../common/duration.js'
import type { Condition, Revision } from '../../store/index.js'
import type { CatalogReads, Command, Plan, PlannedWrite } from '../api.js'
import { encodeCheck, encodeNode, encodeService } from '../codec.js'
import type { StoredCheck } from '../codec.js'
import { checkKey, coordinateKey, nodeKey, nodeSessionsKey, serviceKey } from '../keys.js'
import { sameCheck, sameNode, sameService } from '../same.js'
import type { Check, CheckData, Node, NodeData, Service, ServiceData } from '../types.js'
import { endSession } from './end-session.js'

/** What a draft reads: a catalog, or one with some writes of the same transaction on top. */
export type DraftReads = Pick<CatalogReads,
  | 'node' | 'service' | 'servicesOfNode' | 'check' | 'checksOfNode' | 'checksOfInstance' | 'session' | 'sessionsOfNode' | 'sessionsOfCheck'
  | 'kv' | 'kvBelow' | 'kvKeysBelow' | 'kvLock' | 'kvHeldBy' | 'kvDelayed' | 'guard' | 'preparedQueriesOfSession'>

/**
 * A write in the making. It holds what is to be written and the conditions that protect what the plan relied on, and leaves out
 * what would change nothing. Conditions name only what was relied on: writers of different services of one node do not disturb each other.
 */
export class Draft {
  readonly #when = new Map<string, Condition>()
  readonly #then = new Map<string, PlannedWrite>()
  readonly #services = new Map<string, ServiceData>()

  constructor(readonly state: DraftReads) {}

  /** How many writes there are. */
  get size(): number { return this.#then.size }

  /** Writes a node when it differs from what stands under its name. */
  putNode(data: NodeData): void {
    const standing = this.nodeNamed(data.node)
    const key = nodeKey(data.node)
    if (standing !== undefined && sameNode(standing, data)) {
      this.requireNode(standing.node)
      return
    }
    this.#when.set(key, standing === undefined ? { test: 'absent', key } : { test: 'unmodified', key, modified: standing.modified })
    this.#then.set(key, { kind: 'put', key, value: encodeNode(data) })
  }

  /** The node must still be there, however it looks by then. */
  requireNode(node: string): void {
    const key = nodeKey(node)
    if (!this.#when.has(key)) this.#when.set(key, { test: 'present', key })
  }

  /** Writes a service when it differs. Its node must be there or be part of this draft. */
  putService(data: ServiceData): void {
    const key = serviceKey(data.node, data.id)
    this.#services.set(key, data)
    const standing = this.state.service(data.node, data.id)
    if (standing === undefined || !sameService(standing, data)) this.#then.set(key, { kind: 'put', key, value: encodeService(data) })
    else this.#then.delete(key)
  }

  /**
   * Writes a check when it differs, with name and tags of its service as they are in this draft, or else in the catalog.
   * @throws MusterError CATALOG_MISSING_SERVICE
   */
  putCheck(data: CheckData): void {
    const service = data.serviceId === '' ? undefined : this.#ownerOf(data)
    const stored: StoredCheck = { ...data, serviceName: service?.name ?? '', serviceTags: service?.tags ?? [] }
    const key = checkKey(data.node, data.id)
    const standing = this.state.check(data.node, data.id)
    if (stored.status === 'critical') this.#endSessionsOf(data.node, data.id)
    if (standing === undefined || !sameCheck(standing, stored)) this.#then.set(key, { kind: 'put', key, value: encodeCheck(stored) })
    else this.#then.delete(key)
  }

  /** The check was relied on as it stands. */
  relyOn(check: Check): void {
    const key = checkKey(check.node, check.id)
    this.#when.set(key, { test: 'unmodified', key, modified: check.modified })
  }

  /** Deletes a node, if it is still as it was seen, with its services, checks and sessions. */
  deleteNode(node: Node): void {
    const key = nodeKey(node.node)
    this.#when.set(key, { test: 'unmodified', key, modified: node.modified })
    this.#delete(key)
    this.deleteContents(node.node)
  }

  /** Deletes whatever is registered on a node of that name, whether or not there is one. */
  deleteContents(node: string): void {
    for (const service of this.state.servicesOfNode(node)) this.#delete(serviceKey(node, service.id))
    for (const check of this.state.checksOfNode(node)) this.#delete(checkKey(node, check.id))
    for (const session of this.state.sessionsOfNode(node)) endSession(this, session)
    // Unseen as well: another server may have written one just now.
    this.#delete(coordinateKey(node))
    const guard = nodeSessionsKey(node)
    this.relyOnGuard(guard)
    if (this.state.guard(guard) !== undefined) this.#delete(guard)
  }

  /** Deletes a service and those of its checks that `chosen` picks, all unless given. */
  deleteService(service: Service, chosen: (check: Check) => boolean = () => true): void {
    this.#delete(serviceKey(service.node, service.id))
    for (const check of this.state.checksOfInstance(service.node, service.id)) if (chosen(check)) this.deleteCheck(check)
  }

  /** Deletes a check and ends the sessions that depend on it. */
  deleteCheck(check: Check): void {
    this.#endSessionsOf(check.node, check.id)
    this.#delete(checkKey(check.node, check.id))
  }

  /** Writes any key; with `ttl` it vanishes again that long after the commit. */
  put(key: string, value: Uint8Array, ttl?: Duration): void {
    this.#then.set(key, { kind: 'put', key, value, ...ttl !== undefined && { ttl } })
  }

  /** Deletes any key. */
  delete(key: string): void { this.#delete(key) }

  /** Whether the draft deletes a key. */
  deletes(key: string): boolean { return this.#then.get(key)?.kind === 'delete' }

  /** What the plan relies on: the key is as it was seen, or not there when `modified` is undefined. */
  relyOnKey(key: string, modified: Revision | undefined): void {
    this.#when.set(key, modified === undefined ? { test: 'absent', key } : { test: 'unmodified', key, modified })
  }

  /** Nothing came into the range that a guard stands for since it was read. */
  relyOnGuard(key: string): void { this.relyOnKey(key, this.state.guard(key)) }

  /** The node of exactly this name, letter case aside; ids and their prefixes are no names. */
  nodeNamed(name: string): Node | undefined {
    const found = this.state.node(name)
    return found?.node.toLowerCase() === name.toLowerCase() ? found : undefined
  }

  /** The node with exactly this id. */
  nodeWithId(id: string): Node | undefined {
    const found = this.state.node(id)
    return found?.id.toLowerCase() === id.toLowerCase() ? found : undefined
  }

  /** All that there is so far. */
  get parts(): { readonly when: readonly Condition[]; readonly then: readonly PlannedWrite[] } {
    return { when: [...this.#when.values()], then: [...this.#then.values()] }
  }

  /** What to commit. Without writes the conditions are left out too: nothing depends on them. */
  plan<Result>(result: Result): Plan<Result> {
    return this.#then.size === 0 ? { when: [], then: [], result } : { ...this.parts, result }
  }

  #endSessionsOf(node: string, checkId: string): void {
    for (const session of this.state.sessionsOfCheck(node, checkId)) endSession(this, session)
    this.relyOnGuard(nodeSessionsKey(node))
  }

  #delete(key: string): void { this.#then.set(key, { kind: 'delete', key }) }

  #ownerOf(check: CheckData): ServiceData {
    const key = serviceKey(check.node, check.serviceId)
    const drafted = this.#services.get(key)
    if (drafted !== undefined) return drafted
    const standing = this.state.service(check.node, check.serviceId)
    if (standing === undefined) {
      throw new MusterError('CATALOG_MISSING_SERVICE', `failed inserting check: Missing service registration on node "${check.node}"`, {
        hint: `check "${check.id}" belongs to service id "${check.serviceId}"; register that service on the node first, or in the same request`,
      })
    }
    this.#when.set(key, { test: 'unmodified', key, modified: standing.modified })
    return standing
  }
}

/** A command from a function that fills a draft and returns the result; a MusterError that it throws is the refusal. */
export const drafted = <Result>(fill: (draft: Draft) => Result): Command<Result> => state => {
  const draft = new Draft(state)
  try {
    return draft.plan(fill(draft))
  } catch (error) {
    if (error instanceof MusterError) return { refusal: error }
    throw error
  }
}
