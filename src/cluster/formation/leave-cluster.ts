import { MusterError, errorMessage } from '../../common/errors.js'
import { lanAddress } from '../addresses.js'
import type { MemberLife } from './member-life.js'
import { methods } from '../server-messages.js'
import type { RaftOperator } from './raft-operator.js'

/**
 * Takes this server's member out of Raft. Leadership goes to another server first, and that one removes this member:
 * were this one to count the votes about its own removal, it could be gone before the others know that it was decided,
 * and two servers would be one that waits for the other. Rejects with STORE_NO_LEADER without a quorum: the place in
 * Raft stays, and so must the data.
 */
export async function leaveCluster(
  { self, member, contacts, rpc, log, admin }: MemberLife,
  raft: RaftOperator,
): Promise<void> {
  await member.look()
  const own = member.members.find(({ id }) => id === member.status?.member)
  const voters = member.members.filter(({ learner }) => !learner)
  if (own === undefined || (voters.length === 1 && voters[0]?.id === own.id)) {
    log.info('the last server of the cluster leaves')
    return
  }
  if (member.leader.self) await raft.transferLeader(undefined)
  await member.look()
  const leader = contacts.get(member.leaderNode)
  if (leader === undefined || leader.id === self.id)
    throw new MusterError('STORE_NO_LEADER', 'No cluster leader', {
      hint: 'leave when the servers have a leader again, or stop this one',
    })
  try {
    await rpc.call(lanAddress(leader), methods.remove, { id: self.id }, { timeout: 10_000 })
  } catch (error) {
    if (!(error instanceof MusterError)) throw error
    log.debug('the leader could not be asked to remove this server', {
      leader: leader.name,
      reason: errorMessage(error),
    })
    // The leader's agent may be down while its etcd runs.
    if (error.code !== 'CLUSTER_UNKNOWN_PEER') await admin.remove(own.id)
  }
}

/**
 * Gives back the place in Raft of a server that leaves before it was a member in its own eyes: in those of the others
 * it may vote already, and they would wait for it for ever. What cannot be told to any of them is logged.
 */
export async function giveBackPlace({
  self,
  contacts,
  rpc,
  log,
}: Pick<MemberLife, 'self' | 'contacts' | 'rpc' | 'log'>): Promise<void> {
  for (const info of contacts.others()) {
    try {
      await rpc.call(lanAddress(info), methods.remove, { id: self.id }, { timeout: 10_000 })
      return
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      if (error.code === 'CLUSTER_UNKNOWN_PEER') return
      log.debug('a server could not be asked to remove this one', { server: info.name, reason: errorMessage(error) })
    }
  }
  log.warn('no server could be told that this one does not enter any more', {
    hint: 'muster operator raft remove-peer on one of them takes it out',
  })
}
