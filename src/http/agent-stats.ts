import { arch, availableParallelism, platform } from 'node:os'
import type { AgentApi } from '../agent/index.js'
import type { CatalogReads } from '../catalog/index.js'
import type { Membership } from '../cluster/index.js'
import { version } from '../common/version.js'
import type { Settings } from '../config/index.js'

interface Sources {
  readonly settings: Settings
  readonly agent: AgentApi
  readonly membership: Membership
  readonly catalog: CatalogReads
  /** Milliseconds. */
  readonly uptime: number
}

/** The sections of `muster info`, all values texts, with Consul's names where they mean the same. */
export function agentStats({ settings, agent, membership, catalog, uptime }: Sources): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const checks = [...agent.checks().values()]
  const ttls = checks.filter(({ type }) => type === 'ttl').length
  const monitors = checks.filter(({ definition, type }) => definition !== undefined && type !== 'ttl').length
  const leader = membership.leader()
  const members = membership.members()
  const failed = members.filter(({ status }) => status === 'failed').length
  const left = members.filter(({ status }) => status === 'left').length
  return {
    agent: { check_monitors: String(monitors), check_ttls: String(ttls), checks: String(checks.length), services: String(agent.services().size) },
    build: { prerelease: '', revision: '', version },
    consul: {
      acl: 'disabled', server: String(settings.server), bootstrap: String(settings.bootstrap || settings.bootstrapExpect === 1),
      known_datacenters: String(membership.datacenters().length), leader: String(leader !== '' && leader === ownServer(settings)), leader_addr: leader,
    },
    raft: {
      state: leader === '' ? 'Follower' : leader === ownServer(settings) ? 'Leader' : 'Follower',
      applied_index: String(catalog.revision), commit_index: String(catalog.revision), num_peers: String(Math.max(0, membership.peers().length - 1)),
    },
    runtime: {
      arch: arch(), os: platform(), cpu_count: String(availableParallelism()), version: process.version,
      heap_bytes: String(process.memoryUsage().heapUsed), uptime_seconds: String(Math.round(uptime / 1000)),
    },
    serf_lan: { members: String(members.length), failed: String(failed), left: String(left) },
  }
}

const ownServer = ({ advertiseAddr, ports }: Settings): string =>
  `${advertiseAddr.includes(':') ? `[${advertiseAddr}]` : advertiseAddr}:${ports.server}`
