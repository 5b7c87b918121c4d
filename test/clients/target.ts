import type { Test } from 'tap'
import { startAgent } from '../support/agent-process.js'
import { populate, type Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'

/** The agent that a client talks to, and what it is part of. */
export interface Target {
  readonly host: string
  readonly port: number
  /** Name of the agent's node. */
  readonly node: string
  readonly server: boolean
  /** Names of all nodes, sorted. */
  readonly nodes: readonly string[]
  /** Raft addresses of all servers, sorted. */
  readonly peers: readonly string[]
  readonly api: (path: string, init?: RequestInit) => Promise<Response>
  /** Ends the agent as a crash does. */
  readonly stop: () => Promise<unknown>
  /** Starts it again. */
  readonly start: () => Promise<unknown>
}

/** Gives a test an agent that has nothing but itself: no keys, sessions, queries, services or checks. */
export type Open = (t: Test) => Promise<Target>

/** What is tried with a client, by title. */
export type Cases = Readonly<Record<string, (t: Test, open: Open) => Promise<void>>>

/** Runs them one after the other. */
export async function runCases(t: Test, open: Open, cases: Cases): Promise<void> {
  for (const [name, run] of Object.entries(cases)) await t.test(name, t => run(t, open))
}

/** An agent of the test's own, a server alone. */
export const alone: Open = async t => {
  const agent = await startAgent(t)
  return {
    host: '127.0.0.1',
    port: agent.http,
    node: 'n1',
    server: true,
    nodes: ['n1'],
    peers: ['127.0.0.1:8300'],
    api: (path, init) => agent.api(path, init),
    stop: () => agent.stop('SIGKILL'),
    start: () => agent.restart(),
  }
}

/** Fills an empty cluster: three servers and a client agent, which tests use one after the other. */
export async function amongOthers(cluster: Cluster): Promise<{ readonly follower: Open; readonly client: Open }> {
  await populate(cluster, { servers: 3, clients: 1 })
  const [client] = cluster.clients
  if (client === undefined) throw new Error('there is no client agent')
  const open = async (agent: ClusterAgent): Promise<Target> => {
    const target = targetOf(cluster, agent)
    await empty(target)
    return target
  }
  return {
    follower: async () => {
      const leader = await cluster.leader()
      return open(cluster.servers.find(server => server !== leader) ?? leader)
    },
    client: () => open(client),
  }
}

function targetOf(cluster: Cluster, agent: ClusterAgent): Target {
  return {
    host: agent.address,
    port: 8500,
    node: agent.name,
    server: cluster.servers.includes(agent),
    nodes: cluster.agents.map(({ name }) => name).sort(),
    peers: cluster.servers.map(({ address }) => `${address}:8300`).sort(),
    api: (path, init) => agent.api(path, init),
    stop: () => agent.crash(),
    start: () => agent.start(),
  }
}

/** Takes away what the tests before have left. */
async function empty(target: Target): Promise<void> {
  const ask = async (path: string, method: string): Promise<unknown> => {
    const response = await target.api(path, { method })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const each = async (path: string, id: string, method: string, remove: string): Promise<void> => {
    const found = (await ask(path, 'GET')) as
      Readonly<Record<string, Readonly<Record<string, string>>>> | readonly Readonly<Record<string, string>>[]
    for (const item of Object.values(found)) await ask(`${remove}/${encodeURIComponent(item[id] ?? '')}`, method)
  }
  await each('/v1/agent/services', 'ID', 'PUT', '/v1/agent/service/deregister')
  await each('/v1/agent/checks', 'CheckID', 'PUT', '/v1/agent/check/deregister')
  await each('/v1/session/list', 'ID', 'PUT', '/v1/session/destroy')
  await each('/v1/query', 'ID', 'DELETE', '/v1/query')
  await ask('/v1/kv/?recurse', 'DELETE')
}
