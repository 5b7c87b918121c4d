import type { OwnMember } from './own-member.js'

/** The servers of Raft as Consul's `info` writes them. */
export const configurationText = (
  servers: readonly { readonly id: string; readonly address: string; readonly voter: boolean }[],
): string =>
  `[${servers.map(({ id, address, voter }) => `{Suffrage:${voter ? 'Voter' : 'Nonvoter'} ID:${id} Address:${address}}`).join(' ')}]`

/** Section `raft` of `info`, with the keys that Consul has where etcd knows an answer. */
export function raftStats(member: OwnMember): Readonly<Record<string, string>> {
  const { status, leader, members, lastContact } = member
  if (status === undefined) return { state: 'Shutdown', num_peers: '0' }
  const state = leader.self ? 'Leader' : status.leader === '' ? 'Candidate' : 'Follower'
  return {
    state: status.learner ? 'Learner' : state,
    term: String(status.term),
    last_log_term: String(status.term),
    commit_index: String(status.raftIndex),
    last_log_index: String(status.raftIndex),
    applied_index: String(status.appliedIndex),
    fsm_pending: String(Math.max(0, status.raftIndex - status.appliedIndex)),
    last_contact: leader.self ? '0' : lastContact < 0 ? 'never' : `${Math.round(lastContact)}ms`,
    num_peers: String(Math.max(0, members.filter(({ learner }) => !learner).length - 1)),
    latest_configuration: configurationText(
      members.map(({ name, learner, peerUrls }) => ({
        id: name,
        address: peerUrls.map(url => url.replace(/^\w+:\/\//, '')).join(','),
        voter: !learner,
      })),
    ),
    etcd_version: status.version,
    etcd_cluster: status.cluster,
    etcd_size: String(status.size),
    ...(status.alarms.length > 0 && { etcd_alarms: status.alarms.join(',') }),
  }
}
