import type { CatalogReads } from '../../catalog/index.js'
import { raftAddress } from '../servers/addresses.js'
import type { Formation } from '../servers/types.js'
import type { Member, Membership, ServerInfo } from '../types.js'

/** What `info` is told from. */
export interface StatsParts {
  readonly membership: Pick<Membership, 'members' | 'wanMembers' | 'leader' | 'peers' | 'datacenters'>
  readonly catalog: CatalogReads
  readonly formation: Formation | undefined
  readonly self: ServerInfo
  readonly expect: number
  readonly encrypted: boolean
}

/** The sections of `info` that are about the cluster, with Consul's names where they mean the same. */
export async function membershipStats({ membership, catalog, formation, self, expect, encrypted }: StatsParts): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const leader = membership.leader()
  const leads = leader !== '' && leader === raftAddress(self)
  const raft = {
    state: leads ? 'Leader' : 'Follower', applied_index: String(catalog.revision), commit_index: String(catalog.revision),
    num_peers: String(Math.max(0, membership.peers().length - 1)),
  }
  return {
    consul: {
      server: 'true', bootstrap: String(expect === 1), known_datacenters: String(membership.datacenters().length), leader: String(leads), leader_addr: leader,
    },
    raft: { ...raft, ...await formation?.stats() },
    serf_lan: { ...count(membership.members()), encrypted: String(encrypted), member_time: String(catalog.topics.members().index) },
    serf_wan: { ...count(membership.wanMembers()), encrypted: String(encrypted) },
  }
}

function count(members: readonly Member[]): Readonly<Record<string, string>> {
  const of = (status: Member['status']): string => String(members.filter(member => member.status === status).length)
  return { members: String(members.length), failed: of('failed'), left: of('left') }
}
