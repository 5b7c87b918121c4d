import type { Duration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import { serfHealthCheckId } from '../../common/health.js'
import { sameData } from '../../common/plain-data.js'
import type { CatalogReads, Command } from '../api.js'
import { aliveKey, assertId, memberKey, reapKey, stewardKey } from '../keys.js'
import { encodeLeaseMark, encodeMember } from '../members/member-codec.js'
import type { AgentInfo, LeaseMarkData, MemberData, MemberRecord } from '../members/types.js'
import type { Node, ServiceData } from '../types.js'
import { drafted } from './draft.js'
import type { Draft } from './draft.js'
import { placeNode } from './place-node.js'

/** A member that lives. */
export interface MemberArrival {
  readonly info: AgentInfo
  readonly tags: Readonly<Record<string, string>>
  /** The lease that keeps it alive from now on; without one that stays as it is. */
  readonly mark?: LeaseMarkData
  /** What a server is registered as. */
  readonly service?: Omit<ServiceData, 'node'>
  /** Whether a member lives that has no lease, as a server on a store of its own. */
  readonly countsAsAlive?: (id: string) => boolean
  /** Wall-clock ms, since when its liveness check passes if it did not before. */
  readonly now?: number
}

const nothing = new Uint8Array(0)
const serfHealth = {
  id: serfHealthCheckId,
  name: 'Serf Health Status',
  notes: '',
  serviceId: '',
  type: '',
  definition: {},
} as const

/** What the liveness check of a member says. */
const liveness = {
  passing: { ...serfHealth, status: 'passing', output: 'Agent alive and reachable' },
  critical: { ...serfHealth, status: 'critical', output: 'Agent not live or unreachable' },
} as const

/**
 * Makes a member alive, in one transaction: its record, its node, the liveness check, the lease. A member that comes
 * under a new name takes its entries' place; a name may be taken over from a member that left, or whose lease has
 * lapsed: what that one had goes. Writes only what differs; the result tells whether that was anything. Refused with
 * CLUSTER_NAME_TAKEN while the member of that name lives, CLUSTER_ID_TAKEN, and as {@link placeNode} does.
 */
export const memberAlive =
  (arrival: MemberArrival): Command<boolean> =>
  state =>
    drafted(draft => {
      const { info, tags, mark, service, now, countsAsAlive = () => false } = arrival
      const lives = (id: string): boolean => state.aliveMarks.get(id) !== undefined || countsAsAlive(id)
      assertId('node id', info.id)
      const standing = state.members.get(info.id)
      if (standing?.info.server === true && !info.server && lives(info.id)) throw idTaken(info, standing)
      const superseded = state.members
        .named(info.name)
        .filter(other => other.info.id.toLowerCase() !== info.id.toLowerCase())
      for (const other of superseded) {
        if (other.state !== 'left' && lives(other.info.id))
          throw nameTaken(info, other, state.aliveMarks.get(other.info.id)?.ttl)
        draft.relyOnKey(aliveKey(other.info.id), undefined)
        forget(draft, state, other)
      }
      draft.relyOnKey(memberKey(info.id), standing?.modified)
      const node = placeMember(
        draft,
        info,
        superseded.some(other => nodeOf(draft, other.info) !== undefined),
      )
      if (service !== undefined && mayPlace(service, state.services.get(node, service.id)))
        draft.putService({ ...service, node })
      draft.putCheck({ ...liveness.passing, node, ...(now !== undefined && { since: now }) })
      putMember(draft, standing, { info, tags, state: 'alive' })
      if (mark !== undefined) draft.put(aliveKey(info.id), encodeLeaseMark(mark), { lease: mark.lease })
      if (state.reapMarks.get(info.id) !== undefined) draft.delete(reapKey(info.id))
      return draft.size > 0
    })(state)

/** A meta key that marks the "consul" service of a server. Declared services never have it. */
const serverMark = 'raft_version'

/** Whether a service stands for a server itself, and was put there by the cluster. */
export const standsForServer = ({ meta }: Pick<ServiceData, 'meta'>): boolean => meta !== null && serverMark in meta

/** A service that a server declares under this id takes precedence over the generated one. */
const mayPlace = (service: Omit<ServiceData, 'node'>, there: ServiceData | undefined): boolean =>
  there === undefined || !standsForServer(service) || standsForServer(there)

/**
 * Marks members as failed whose leases have lapsed: their liveness checks turn critical, and what depends on them ends.
 * Those that live again, or are known to have failed or left, are passed over, but for a check that says something
 * else. The result is their names.
 * @param reapAfter how long they stay listed
 * @param now wall-clock ms, since when their liveness checks are critical
 */
export const membersFailed =
  (ids: readonly string[], reapAfter: Duration, now?: number): Command<readonly string[]> =>
  state =>
    drafted(draft => {
      const failed: string[] = []
      for (const id of ids) {
        const record = state.members.get(id)
        if (record === undefined || record.state === 'left' || state.aliveMarks.get(id) !== undefined) continue
        draft.relyOnKey(aliveKey(id), undefined)
        draft.relyOnKey(memberKey(id), record.modified)
        if (record.state !== 'failed') {
          putMember(draft, record, { ...record, state: 'failed' })
          draft.put(reapKey(id), nothing, { ttl: reapAfter })
          failed.push(record.info.name)
        }
        const node = nodeOf(draft, record.info)
        if (node === undefined) continue
        draft.requireNode(node.node)
        if (state.checks.get(node.node, serfHealthCheckId)?.status !== 'critical')
          draft.putCheck({ ...liveness.critical, node: node.node, ...(now !== undefined && { since: now }) })
      }
      return failed
    })(state)

/**
 * Takes a member out, in one transaction: its node goes with all services, checks and sessions, its lease as well, and
 * it is listed as left for a while. The result tells whether there was anything to do.
 * @param forgetAfter how long it stays listed; undefined: not at all
 */
export const memberLeft =
  (id: string, forgetAfter: Duration | undefined): Command<boolean> =>
  state =>
    drafted(draft => {
      const record = state.members.get(id)
      if (record === undefined) return false
      draft.relyOnKey(memberKey(id), record.modified)
      const node = nodeOf(draft, record.info)
      if (node !== undefined) draft.deleteNode(node)
      if (state.aliveMarks.get(id) !== undefined) draft.delete(aliveKey(id))
      if (forgetAfter === undefined) {
        draft.delete(memberKey(id))
        if (state.reapMarks.get(id) !== undefined) draft.delete(reapKey(id))
      } else if (record.state !== 'left') {
        putMember(draft, record, { ...record, state: 'left' })
        draft.put(reapKey(id), nothing, { ttl: forgetAfter })
      }
      return draft.size > 0
    })(state)

/**
 * Forgets a member that failed or left long ago, with the node that is still there. The result tells whether it was
 * time.
 */
export const reapMember =
  (id: string): Command<boolean> =>
  state =>
    drafted(draft => {
      const record = state.members.get(id)
      if (
        record === undefined
        || record.state === 'alive'
        || record.state === 'leaving'
        || state.reapMarks.get(id) !== undefined
      )
        return false
      draft.relyOnKey(reapKey(id), undefined)
      draft.relyOnKey(aliveKey(id), undefined)
      forget(draft, state, record)
      return true
    })(state)

/** Takes the place of the steward, if nobody has it. The result tells whether it was free. */
export const becomeSteward =
  (mark: LeaseMarkData): Command<boolean> =>
  state =>
    drafted(draft => {
      if (state.steward.get() !== undefined) return false
      draft.relyOnKey(stewardKey, undefined)
      draft.put(stewardKey, encodeLeaseMark(mark), { lease: mark.lease })
      return true
    })(state)

function putMember(draft: Draft, standing: MemberRecord | undefined, data: MemberData): void {
  const { info, tags, state } = data
  if (standing?.state === state && sameData(standing.info, info) && sameData(standing.tags, tags)) return
  draft.put(memberKey(info.id), encodeMember(data))
}

/** A member's own node: one of its name that belongs to another id is not touched. */
function nodeOf(draft: Draft, info: AgentInfo): Node | undefined {
  const node = draft.nodeNamed(info.name)
  return node?.id.toLowerCase() === info.id.toLowerCase() ? node : undefined
}

function forget(draft: Draft, state: CatalogReads, record: MemberRecord): void {
  draft.relyOnKey(memberKey(record.info.id), record.modified)
  draft.delete(memberKey(record.info.id))
  if (state.reapMarks.get(record.info.id) !== undefined) draft.delete(reapKey(record.info.id))
  const node = nodeOf(draft, record.info)
  if (node !== undefined) draft.deleteNode(node)
}

/** Writes the node unless id, name and address stand; what its agent has told of it stays while they do. */
function placeMember(draft: Draft, { id, name, address }: AgentInfo, takenOver: boolean): string {
  const own = draft.nodeWithId(id)
  const taggedAddresses = own?.address === address ? own.taggedAddresses : null
  const wanted = { node: name, id, address, taggedAddresses, meta: own?.meta ?? null }
  if (!takenOver) return placeNode(draft, wanted)
  if (own !== undefined) draft.deleteNode(own)
  draft.putNode(wanted)
  return name
}

const nameTaken = (wanted: AgentInfo, { info }: MemberRecord, ttl: Duration | undefined): MusterError =>
  new MusterError(
    'CLUSTER_NAME_TAKEN',
    `Node name ${wanted.name} is reserved by node ${info.id} with name ${info.name} (${info.address})`
      + (ttl === undefined
        ? ''
        : `: it is alive, and if it is gone the name is free within ${Math.ceil(ttl / 1000)} s`),
    { status: 409, hint: 'choose another node_name, or stop the other agent' },
  )

const idTaken = (wanted: AgentInfo, { info }: MemberRecord): MusterError =>
  new MusterError('CLUSTER_ID_TAKEN', `Node id ${wanted.id} is that of server ${info.name} (${info.address})`, {
    status: 409,
    hint: 'each agent needs a node id of its own: was a data-dir copied? Delete the file node-id in it',
  })
