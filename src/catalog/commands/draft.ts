import { MusterError } from '../../common/errors.js'
import type { Condition, Revision } from '../../store/index.js'
import type { Command } from '../api.js'
import { encodeCheck, encodeNode, encodeService } from '../entry-codec.js'
import type { StoredCheck } from '../entry-codec.js'
import {
  checkKey,
  checksRange,
  coordinateKey,
  nodeIdKey,
  nodeKey,
  nodeSessionsRange,
  serviceKey,
  servicesRange,
} from '../keys.js'
import { sameCheck, sameNode, sameService } from '../same.js'
import type { Check, CheckData, Node, NodeData, Service, ServiceData } from '../types.js'
import { endSession } from './end-session.js'
import { KeyDraft } from './key-draft.js'

const nothing = new Uint8Array(0)

/**
 * A write in the making of nodes, services and checks, with the sessions that end with them. It leaves out what would
 * change nothing. Conditions name only what was relied on: writers of different services of one node do not disturb
 * each other.
 */
export class Draft extends KeyDraft {
  readonly #services = new Map<string, ServiceData>()
  #bytes = 0

  /** About how many bytes of values of nodes, services and checks are written. */
  get bytes(): number {
    return this.#bytes
  }

  /** Writes a node if it differs from the stored one of its name. */
  putNode(data: NodeData): void {
    const standing = this.nodeNamed(data.node)
    const key = nodeKey(data.node)
    if (standing !== undefined && sameNode(standing, data) && !this.writes.deletes(key)) {
      this.requireNode(standing.node)
      return
    }
    this.when.set(
      key,
      standing === undefined ? { test: 'absent', key } : { test: 'unmodified', key, modified: standing.modified },
    )
    this.writes.add({ kind: 'put', key, value: encodeNode(data) })
    if (data.id === '') return
    if (standing?.id.toLowerCase() === data.id.toLowerCase()) {
      this.aside.delete(nodeIdKey(data.id))
      return
    }
    // Both servers write this guard when they give one id to different nodes at the same time, so one of them
    // conflicts.
    if (standing !== undefined) this.#freeId(standing)
    const guard = nodeIdKey(data.id)
    this.relyOnGuard(guard)
    this.aside.set(guard, { kind: 'put', key: guard, value: nothing })
  }

  /** The node must still be there, however it looks by then. */
  requireNode(node: string): void {
    const key = nodeKey(node)
    if (!this.when.has(key)) this.when.set(key, { test: 'present', key })
  }

  /** Writes a service when it differs. Its node must be there or be part of this draft. */
  putService(data: ServiceData): void {
    const key = serviceKey(data.node, data.id)
    this.#services.set(key, data)
    const standing = this.state.services.get(data.node, data.id)
    this.#place(key, standing, standing !== undefined && sameService(standing, data), () => encodeService(data))
  }

  /**
   * Writes a check when it differs, with name and tags of its service as they are in this draft, or else in the
   * catalog.
   * @throws MusterError CATALOG_MISSING_SERVICE
   */
  putCheck(data: CheckData): void {
    const owner = data.serviceId === '' ? undefined : this.#ownerOf(data)
    const key = checkKey(data.node, data.id)
    const standing = this.state.checks.get(data.node, data.id)
    const { since: given, ...rest } = data
    const since = standing?.status === data.status ? (standing.since ?? given) : given
    const stored: StoredCheck = {
      ...rest,
      serviceName: owner?.service.name ?? '',
      serviceTags: owner?.service.tags ?? [],
      ...(since !== undefined && { since }),
    }
    if (stored.status === 'critical') this.#endSessionsOf(data.node, data.id)
    const written = this.#place(key, standing, standing !== undefined && sameCheck(standing, stored), () =>
      encodeCheck(stored),
    )
    if (written && owner?.asSeen !== undefined) this.when.set(owner.key, owner.asSeen)
  }

  /** The check was relied on as it stands. */
  relyOn(check: Check): void {
    const key = checkKey(check.node, check.id)
    this.when.set(key, { test: 'unmodified', key, modified: check.modified })
  }

  /**
   * Deletes a node, if it is still as it was seen, with its services, checks and sessions, those included that were
   * added since.
   */
  deleteNode(node: Node): void {
    const key = nodeKey(node.node)
    this.when.set(key, { test: 'unmodified', key, modified: node.modified })
    this.delete(key)
    this.#freeId(node)
    this.deleteContents(node.node)
  }

  /** Deletes whatever is registered on a node of that name, whether or not there is one. */
  deleteContents(node: string): void {
    const services = this.state.services.ofNode(node).map(({ id }) => serviceKey(node, id))
    const checks = this.state.checks.ofNode(node).map(({ id }) => checkKey(node, id))
    for (const session of this.state.sessions.ofNode(node)) endSession(this, session)
    if (this.nodeNamed(node) === undefined && services.length + checks.length === 0) return
    this.deleteRange(servicesRange(node), services)
    this.deleteRange(checksRange(node), checks)
    // Delete the coordinate even if this state shows none: another server may have just written one.
    this.aside.set(coordinateKey(node), { kind: 'delete', key: coordinateKey(node) })
    this.relyOnQuiet(nodeSessionsRange(node))
  }

  /** Deletes a service and those of its checks that `chosen` picks, all unless given. */
  deleteService(service: Service, chosen: (check: Check) => boolean = () => true): void {
    this.delete(serviceKey(service.node, service.id))
    // Fail if another server adds a check to the service at the same time: it would refer to a deleted service.
    this.relyOnQuiet(checksRange(service.node))
    for (const check of this.state.checks.ofInstance(service.node, service.id))
      if (chosen(check)) this.deleteCheck(check)
  }

  /** Deletes a check and ends the sessions that depend on it. */
  deleteCheck(check: Check): void {
    this.#endSessionsOf(check.node, check.id)
    this.delete(checkKey(check.node, check.id))
  }

  /** The node of exactly this name, letter case aside; ids and their prefixes are no names. */
  nodeNamed(name: string): Node | undefined {
    const found = this.state.nodes.find(name)
    return found?.node.toLowerCase() === name.toLowerCase() ? found : undefined
  }

  /** The node with exactly this id. */
  nodeWithId(id: string): Node | undefined {
    const found = this.state.nodes.find(id)
    return found?.id.toLowerCase() === id.toLowerCase() ? found : undefined
  }

  #freeId({ id }: Node): void {
    const key = nodeIdKey(id)
    if (id !== '' && this.state.guards.get(key) !== undefined) this.aside.set(key, { kind: 'delete', key })
  }

  /** Whether it is to be written. */
  #place(
    key: string,
    standing: { readonly modified: Revision } | undefined,
    same: boolean,
    encode: () => Uint8Array,
  ): boolean {
    this.unchanged.delete(key)
    // An entry that this draft deletes must be written even if it equals the stored one.
    if (standing === undefined || !same || this.writes.deletes(key)) {
      const value = encode()
      this.#bytes += value.length
      this.writes.add({ kind: 'put', key, value })
      return true
    }
    this.writes.drop(key)
    this.unchanged.set(key, { test: 'unmodified', key, modified: standing.modified })
    return false
  }

  #endSessionsOf(node: string, checkId: string): void {
    for (const session of this.state.sessions.ofCheck(node, checkId)) endSession(this, session)
    this.relyOnQuiet(nodeSessionsRange(node))
  }

  /** The service of a check; `asSeen`: it is not written itself, and must still be as it is. */
  #ownerOf(check: CheckData): {
    readonly service: ServiceData
    readonly key: string
    readonly asSeen: Condition | undefined
  } {
    const key = serviceKey(check.node, check.serviceId)
    const drafted = this.#services.get(key)
    if (drafted !== undefined) return { service: drafted, key, asSeen: this.unchanged.get(key) }
    const standing = this.state.services.get(check.node, check.serviceId)
    if (standing === undefined) {
      throw new MusterError(
        'CATALOG_MISSING_SERVICE',
        `failed inserting check: Missing service registration on node "${check.node}"`,
        {
          hint: `check "${check.id}" belongs to service id "${check.serviceId}"; register that service on the node first, or in the same request`,
        },
      )
    }
    return { service: standing, key, asSeen: { test: 'unmodified', key, modified: standing.modified } }
  }
}

/** A command from a function that fills a draft and returns the result; a MusterError that it throws is the refusal. */
export const drafted =
  <Result>(fill: (draft: Draft) => Result): Command<Result> =>
  state => {
    const draft = new Draft(state)
    try {
      return draft.plan(fill(draft))
    } catch (error) {
      if (error instanceof MusterError) return { refusal: error }
      throw error
    }
  }
