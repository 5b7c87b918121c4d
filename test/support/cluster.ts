import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { ClusterAgent, type AgentPlan } from './cluster-agent.js'
import { loopbackPlace, type Place } from './place.js'
import { isRunning, killAll, processesOf } from './processes.js'
import { until } from './until.js'

/** One line of `members`. */
export interface MemberLine {
  readonly Name: string
  readonly Addr: string
  readonly Status: number
  readonly Tags: Readonly<Record<string, string>>
}

/** Statuses of members by the numbers that the API gives. */
export const memberStatus = { alive: 1, leaving: 2, left: 3, failed: 4 } as const

/** What a cluster begins with. */
export interface ClusterPlan {
  readonly servers: number
  readonly clients?: number
  /** Places to use, servers first; loopback addresses where there are none. */
  readonly places?: readonly Place[]
  /** `bootstrap_expect` of the servers; their number, unless given. */
  readonly expect?: number
  readonly flags?: readonly string[]
  /** Files of every agent's conf directory. */
  readonly conf?: Readonly<Record<string, unknown>>
  /** Data directories of the servers; their own ones where there are none. */
  readonly dataDirs?: readonly (string | undefined)[]
  /** Begins the names of agents: `s1`, `s2`, `c1`, unless given. */
  readonly prefix?: string
}

/** Agents of a test that know of each other. */
export class Cluster {
  readonly servers: ClusterAgent[] = []
  readonly clients: ClusterAgent[] = []
  readonly #directory: string

  constructor() {
    removeStale()
    this.#directory = fs.mkdtempSync(path.join(os.tmpdir(), `muster-cluster-${process.pid}-`))
  }

  get agents(): readonly ClusterAgent[] {
    return [...this.servers, ...this.clients]
  }

  /** Makes an agent without starting it. */
  async add(
    plan: Omit<AgentPlan, 'place' | 'directory'> & { readonly place?: Place | undefined },
  ): Promise<ClusterAgent> {
    const directory = path.join(this.#directory, `${plan.name}-${this.agents.length}`)
    const agent = new ClusterAgent({ ...plan, place: plan.place ?? (await loopbackPlace()), directory })
    if (plan.role === 'server') this.servers.push(agent)
    else this.clients.push(agent)
    return agent
  }

  /** Server that leads, once some running one says which and is not cut off from it. */
  async leader(ms = 20_000, among: readonly ClusterAgent[] = this.servers): Promise<ClusterAgent> {
    return until(
      'there is a leader',
      async () => {
        for (const server of among.filter(one => one.running)) {
          const answer = await server.api('/v1/status/leader', { signal: AbortSignal.timeout(1000) }).then(
            response => response.json(),
            () => '',
          )
          const address = typeof answer === 'string' ? answer.replace(/:\d+$/, '') : ''
          const leader = among.find(one => one.address === address && one.running)
          if (leader !== undefined) return leader
        }
        return undefined
      },
      ms,
    )
  }

  /** Until every named agent (all, unless given) lists these members, each with its status. */
  async membersAre(
    expected: Readonly<Record<string, keyof typeof memberStatus>>,
    agents: readonly ClusterAgent[] = this.agents,
    ms = 30_000,
  ): Promise<void> {
    const wanted = JSON.stringify(
      Object.entries(expected)
        .map(([name, status]) => `${name} ${memberStatus[status]}`)
        .sort(),
    )
    for (const agent of agents) {
      let last = ''
      await until(
        `${agent.name} lists ${wanted}`,
        async () => {
          const members = await agent.get<MemberLine[]>('/v1/agent/members')
          last = JSON.stringify(members.map(member => `${member.Name} ${member.Status}`).sort())
          return last === wanted
        },
        ms,
      ).catch((error: unknown) => {
        throw new Error(`${error instanceof Error ? error.message : String(error)}, it lists ${last}`)
      })
    }
  }

  /** What the agents printed last, for a test that failed. */
  tails(lines = 40): string {
    return this.agents
      .map(
        agent =>
          `--- ${agent.name} (${agent.address}, ${agent.running ? 'running' : 'not running'})\n${agent.output.split('\n').slice(-lines).join('\n')}`,
      )
      .join('\n')
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.map(agent => agent.end()))
    fs.rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** An empty cluster for a test; its agents end with the test, and tell what they logged when it failed. */
export function newCluster(t: Test): Cluster {
  const cluster = new Cluster()
  t.teardown(async () => {
    if (!t.passing()) t.comment(cluster.tails())
    await cluster.close()
  })
  return cluster
}

/** Starts servers that find each other and clients that find them (`retry-join`), and waits until all are members. */
export async function startCluster(t: Test, plan: ClusterPlan): Promise<Cluster> {
  const cluster = newCluster(t)
  await populate(cluster, plan)
  return cluster
}

/** Fills an empty cluster with agents and waits until all are members. */
export async function populate(cluster: Cluster, plan: ClusterPlan): Promise<void> {
  const { prefix = '', places = [], expect = plan.servers } = plan
  const agents: ClusterAgent[] = []
  for (let number = 1; number <= plan.servers + (plan.clients ?? 0); number++) {
    const server = number <= plan.servers
    agents.push(
      await cluster.add({
        name: `${prefix}${server ? `s${number}` : `c${number - plan.servers}`}`,
        place: places[number - 1],
        ...(server ? { role: 'server', expect } : { role: 'client' }),
        dataDir: plan.dataDirs?.[number - 1],
        ...(plan.conf === undefined ? {} : { conf: plan.conf }),
      }),
    )
  }
  const join = agents.slice(0, plan.servers).map(server => `-retry-join=${server.address}`)
  for (const agent of agents) agent.flags = [...join, '-retry-interval=1s', ...(plan.flags ?? [])]
  await Promise.all(agents.map(agent => agent.start()))
  await cluster.leader(60_000)
  await cluster.membersAre(Object.fromEntries(agents.map(agent => [agent.name, 'alive' as const])), agents, 60_000)
  // Who has just come only listens at first; it counts once it votes.
  for (const server of cluster.servers)
    await until(
      `${server.name} knows all voters`,
      async () => (await server.get<string[]>('/v1/status/peers')).length === plan.servers,
      60_000,
    )
}

/** Ends what tests that were killed left running, and removes their directories. */
function removeStale(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const pid = Number(/^muster-cluster-(\d+)-/.exec(name)?.[1] ?? process.pid)
    if (isRunning(pid)) continue
    const directory = path.join(os.tmpdir(), name)
    killAll(processesOf(directory))
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
