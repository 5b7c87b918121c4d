import { MusterError } from '../../common/errors.js'
import { becomeVoter, othersHaveLeader, wasRemoved } from './enter-cluster.js'
import type { Outcome } from './event.js'
import type { MemberLife } from './member-life.js'

/** Starts etcd as the member that it was. Rejects as etcd does when it does not start and its data is still needed. */
export async function resume(life: MemberLife): Promise<Outcome> {
  const { process, member, clock } = life
  try {
    await process.start({ how: 'again' })
  } catch (error) {
    if (error instanceof MusterError && error.code === 'ETCD_REMOVED')
      return { type: 'unusable', reason: 'the cluster has removed it' }
    if (await isReplaceable(life)) return { type: 'unusable', reason: 'its data is damaged' }
    throw error
  }
  member.start()
  return { type: 'resumed', at: clock.monotonic() }
}

/**
 * Etcd has a place that was given before a crash: a vote is all that lacks, unless the place was taken away meanwhile.
 */
export async function awaitVote(life: MemberLife): Promise<Outcome> {
  const { contacts, signal, member, clock } = life
  await contacts.round(signal)
  const cluster = await becomeVoter(life)
  if (cluster !== undefined) return { type: 'entered', cluster, at: clock.monotonic() }
  const { status } = member
  if (!signal.aborted && (status === undefined || (await wasRemoved(life, status))))
    return { type: 'unusable', reason: 'its place was taken away before it voted' }
  return { type: 'not-entered' }
}

/** Whether its data is damaged, and the others have all of it. */
export async function isReplaceable(life: MemberLife): Promise<boolean> {
  const { process, contacts, record, signal } = life
  if (!process.isDamaged) return false
  await contacts.round(signal)
  return othersHaveLeader(life, record.facts.cluster)
}
