import { hostPort } from '../../common/host-port.js'
import { arch, availableParallelism, platform } from 'node:os'
import type { AgentApi } from '../../agent/index.js'
import type { Membership } from '../../cluster/index.js'
import { version } from '../../common/version.js'
import type { Settings } from '../../config/index.js'

interface Sources {
  readonly settings: Settings
  readonly agent: AgentApi
  readonly membership: Membership
  /** Milliseconds. */
  readonly uptime: number
}

type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>

/**
 * The sections of `muster info`, all values texts, with Consul's names where they mean the same. What is about other
 * agents, membership knows.
 */
export async function agentStats({ settings, agent, membership, uptime }: Sources): Promise<Sections> {
  const checks = [...agent.checks().values()]
  const ttls = checks.filter(({ type }) => type === 'ttl').length
  const monitors = checks.filter(({ definition, type }) => definition !== undefined && type !== 'ttl').length
  const { consul, ...cluster } = await membership.stats()
  return {
    agent: {
      check_monitors: String(monitors),
      check_ttls: String(ttls),
      checks: String(checks.length),
      services: String(agent.services().size),
    },
    build: { prerelease: '', revision: '', version },
    consul: {
      acl: 'disabled',
      server: String(settings.server),
      ...(settings.server ? serverStats(settings, membership) : clientStats(membership)),
      ...consul,
    },
    runtime: {
      arch: arch(),
      os: platform(),
      cpu_count: String(availableParallelism()),
      max_procs: String(availableParallelism()),
      version: process.version,
      // Node has no goroutines; the number of active resources comes closest.
      goroutines: String(process.getActiveResourcesInfo().length),
      heap_bytes: String(process.memoryUsage().heapUsed),
      uptime_seconds: String(Math.round(uptime / 1000)),
    },
    ...cluster,
  }
}

function serverStats(settings: Settings, membership: Membership): Readonly<Record<string, string>> {
  const leader = membership.leader()
  return {
    bootstrap: String(settings.bootstrap || settings.bootstrapExpect === 1),
    known_datacenters: String(membership.datacenters().length),
    leader: String(leader !== '' && leader === ownServer(settings)),
    leader_addr: leader,
  }
}

const clientStats = (membership: Membership): Readonly<Record<string, string>> => ({
  known_servers: String(membership.servers().length),
})

const ownServer = ({ advertiseAddr, ports }: Settings): string => hostPort(advertiseAddr, ports.server)
