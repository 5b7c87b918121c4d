import type { CatalogReads } from '../../catalog/index.js'
import { raftAddress } from '../addresses.js'
import { configurationText } from '../formation/raft-stats.js'
import type { Formation } from '../formation/types.js'
import type { Member, Membership, ServerInfo } from '../types.js'

/** What `info` is told from. */
export interface StatsParts {
  readonly membership: Pick<Membership, 'members' | 'wanMembers' | 'leader' | 'peers' | 'datacenters'>
  readonly catalog: CatalogReads
  readonly formation: Formation | undefined
  readonly self: ServerInfo
  readonly expect: number
  /** Whether this server's catalog is its own, without others. */
  readonly store: 'own' | 'raft' | 'shared'
  readonly encrypted: boolean
}

/**
 * Consul 1.10's protocol versions, for tools that read them; and statistics that muster does not have, with Consul's
 * initial values.
 */
const raftVersions = {
  protocol_version: '3',
  protocol_version_min: '0',
  protocol_version_max: '3',
  snapshot_version_min: '0',
  snapshot_version_max: '1',
  last_snapshot_index: '0',
  last_snapshot_term: '0',
  latest_configuration_index: '0',
}

/** A server on its own has led since it began. */
const aloneTerms = { term: '1', last_log_term: '1' }

/** The sections of `info` that are about the cluster, with Consul's names where they mean the same. */
export async function membershipStats({
  membership,
  catalog,
  formation,
  self,
  expect,
  store,
  encrypted,
}: StatsParts): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const leader = membership.leader()
  const leads = leader !== '' && leader === raftAddress(self)
  const revision = String(catalog.revision)
  const raft = {
    state: leads ? 'Leader' : 'Follower',
    applied_index: revision,
    commit_index: revision,
    last_log_index: revision,
    fsm_pending: '0',
    num_peers: String(Math.max(0, membership.peers().length - 1)),
    ...raftVersions,
    ...(store === 'own' && {
      last_contact: '0',
      ...aloneTerms,
      latest_configuration: configurationText([{ id: self.id, address: raftAddress(self), voter: true }]),
    }),
  }
  return {
    consul: {
      server: 'true',
      bootstrap: String(expect === 1),
      known_datacenters: String(membership.datacenters().length),
      leader: String(leads),
      leader_addr: leader,
    },
    raft: { ...raft, ...(await formation?.stats()) },
    serf_lan: {
      ...count(membership.members()),
      encrypted: String(encrypted),
      member_time: String(catalog.members.topics.all().index),
      event_time: String(catalog.events.topics.all().index),
    },
    serf_wan: { ...count(membership.wanMembers()), encrypted: String(encrypted) },
  }
}

function count(members: readonly Member[]): Readonly<Record<string, string>> {
  const of = (status: Member['status']): string => String(members.filter(member => member.status === status).length)
  return { members: String(members.length), failed: of('failed'), left: of('left') }
}
