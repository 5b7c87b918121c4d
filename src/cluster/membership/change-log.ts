import type { Catalog } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { Logger } from '../../telemetry/index.js'
import { hostPort } from '../../common/host-port.js'
import { pause } from '../../common/pause.js'
import { untilClosed } from '../../common/until-closed.js'
import type { Member, Membership, MemberStatus } from '../types.js'

/**
 * What has become of one member, as this agent sees it. `unknown`: it was not listed before; `forgotten`: it is not
 * listed any more.
 */
export interface MemberChange {
  readonly node: string
  readonly id: string
  readonly address: string
  readonly old: MemberStatus | 'unknown'
  readonly new: MemberStatus | 'forgotten'
  readonly reason: string
}

/**
 * Whom the servers follow, by Raft address; '' for nobody. `node` is the name of the new leader, or of the old one
 * where there is no new one.
 */
export interface LeaderChange {
  readonly node: string
  readonly old: string
  readonly new: string
  readonly reason: string
}

/** Milliseconds: how often the leader is looked at, and how long changes of members are gathered for. */
const interval = 1000
const gather = 100
/** Lines of one look; a count stands for the rest. An agent that joins thousands learns of all of them at once. */
const maxLines = 50

/** The differences between two lists of members, in the order of the newer one. */
export function memberChanges(before: readonly Member[], after: readonly Member[]): readonly MemberChange[] {
  if (before === after) return []
  const known = new Map(before.map(member => [member.id, member]))
  const changed = after.flatMap(member => {
    const old = known.get(member.id)?.status ?? 'unknown'
    known.delete(member.id)
    return old === member.status ? [] : [change(member, old, member.status)]
  })
  return [...changed, ...[...known.values()].map(member => change(member, member.status, 'forgotten'))]
}

const change = ({ name, id, address }: Member, old: MemberChange['old'], now: MemberChange['new']): MemberChange => ({
  node: name,
  id,
  address,
  old,
  new: now,
  reason: reasonOf(old, now),
})

function reasonOf(old: MemberChange['old'], now: MemberChange['new']): string {
  switch (now) {
    case 'alive':
      if (old === 'unknown') return 'it has joined'
      if (old === 'leaving') return 'it lives, and has refuted that it leaves'
      return old === 'left' ? 'it is back after it had left' : 'it is heard again'
    case 'failed':
      return 'it has not been heard for as long as its lease lasts: its agent is not live or cannot be reached'
    case 'leaving':
      return 'it leaves, or was told to by force-leave'
    case 'left':
      return old === 'failed' ? 'it was taken out by force-leave' : 'it has left'
    case 'forgotten':
      return old === 'left'
        ? 'it left long ago, or was pruned'
        : 'it has been away for longer than reconnect_timeout, or another agent has its place'
  }
}

/** What has become of the leader; undefined when it is the same. `members`: where its name is looked for. */
export function leaderChange(old: string, now: string, members: readonly Member[]): LeaderChange | undefined {
  if (old === now) return undefined
  const nameOf = (raft: string): string =>
    members.find(({ address, tags }) => tags.role === 'consul' && hostPort(address, Number(tags.port)) === raft)?.name
    ?? ''
  const reason =
    now === ''
      ? 'no leader is known: the servers elect one, or too few of them can be reached'
      : old === ''
        ? 'it was elected'
        : 'another server was elected'
  return { node: nameOf(now === '' ? old : now), old, new: now, reason }
}

interface ChangeLogParts {
  readonly membership: Pick<Membership, 'members' | 'leader'>
  readonly catalog: Pick<Catalog, 'loaded' | 'members' | 'wait'>
  readonly clock: Clock
  readonly log: Logger
}

/** Logs each change of a member's status, and of the leader, that this agent sees from now on: one line each. */
export const logChanges = (parts: ChangeLogParts): { close(): void } => untilClosed(closed => run(parts, closed))

async function run({ membership, catalog, clock, log }: ChangeLogParts, signal: AbortSignal): Promise<void> {
  let members = membership.members()
  let leader = membership.leader()
  while (!signal.aborted) {
    const topic = catalog.members.topics.all()
    const at = topic.index
    const [nextMembers, nextLeader] = [membership.members(), membership.leader()]
    tellMembers(memberChanges(members, nextMembers), log)
    tellLeader(leaderChange(leader, nextLeader, nextMembers), log)
    members = nextMembers
    leader = nextLeader
    if (catalog.loaded) await catalog.wait(topic, at, interval, signal)
    // Pause as well, since waits end at once on a closed catalog.
    await pause(clock, catalog.loaded ? gather : interval, signal)
  }
}

function tellMembers(changes: readonly MemberChange[], log: Logger): void {
  for (const one of changes.slice(0, maxLines))
    log[one.new === 'failed' ? 'warn' : 'info']('the status of a member has changed', { ...one })
  if (changes.length > maxLines)
    log.info('the status of more members has changed', { count: changes.length - maxLines })
}

function tellLeader(change: LeaderChange | undefined, log: Logger): void {
  if (change !== undefined) log[change.new === '' ? 'warn' : 'info']('the leader has changed', { ...change })
}
