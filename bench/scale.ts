import { spawn, type ChildProcess } from 'node:child_process'
import { Cluster, populate } from '../test/support/cluster.js'
import type { ClusterAgent } from '../test/support/cluster-agent.js'
import { cpuSeconds, residentMegabytes } from './support/memory.js'
import { row } from './support/row.js'
import { timeUntil } from './support/until.js'
import { ms } from './support/wrk.js'

const perProcess = 475
const processes = 4
/** Agents of one more process, which dies. */
const dying = 100
const services = 10
const agents = perProcess * processes + dying

/**
 * Two thousand light agents with ten services each against three servers: time to converge, what it costs at rest, and
 * a hundred deaths at once.
 */
export async function run(): Promise<void> {
  const cluster = new Cluster()
  const children: ChildProcess[] = []
  try {
    await populate(cluster, { servers: 3, flags: ['-log-level=warn'] })
    const [server] = cluster.servers
    if (server === undefined) throw new Error('no server')
    const begun = performance.now()
    const start = (first: number, count: number): Promise<ChildProcess> => lightAgents(cluster, first, count, children)
    const mortal = await start(0, dying)
    for (let number = 0; number < processes; number++) await start(dying + number * perProcess, perProcess)
    await timeUntil(
      async () => (await server.get<unknown[]>('/v1/health/service/light-0?passing')).length === agents,
      200,
    )
    row(
      'scale',
      `${agents.toLocaleString('en')} agents with ${services} services each, until all are seen`,
      ms(performance.now() - begun),
      `started in turn, ${processes + 1} processes on the servers' machine`,
    )
    await rest(cluster)
    const died = performance.now()
    mortal.kill('SIGKILL')
    await timeUntil(
      async () => (await server.get<unknown[]>('/v1/health/service/light-0?passing')).length === agents - dying,
      100,
    )
    row(
      'scale',
      `${dying} agents die at once, until none is answered any more`,
      ms(performance.now() - died),
      'their lease is longer than on a small cluster',
    )
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await cluster.close()
  }
}

/** What servers and their etcd use while nothing changes. */
async function rest(cluster: Cluster): Promise<void> {
  const seconds = 20
  const pidsOf = (server: ClusterAgent): number[] => [server.pid ?? 0, ...server.etcd]
  const cpu = (): number[][] => cluster.servers.map(server => pidsOf(server).map(cpuSeconds))
  await new Promise(resolve => setTimeout(resolve, 10_000))
  const before = cpu()
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  const after = cpu()
  for (const [at, server] of cluster.servers.entries()) {
    const [agent = 0, etcd = 0] = (after[at] ?? []).map(
      (value, i) => (100 * (value - (before[at]?.[i] ?? 0))) / seconds,
    )
    const [agentMemory = 0, etcdMemory = 0] = pidsOf(server).map(residentMegabytes)
    row('scale', `${server.name} at rest, CPU`, `${agent.toFixed(0)}% of a core`, `etcd ${etcd.toFixed(0)}%`)
    row('scale', `${server.name} at rest, memory`, `${agentMemory.toFixed(0)} MB`, `etcd ${etcdMemory.toFixed(0)} MB`)
  }
}

/** Resolves when all agents of the process are in the catalog. */
async function lightAgents(
  cluster: Cluster,
  first: number,
  count: number,
  children: ChildProcess[],
): Promise<ChildProcess> {
  const program = new URL('./support/light-agents.js', import.meta.url).pathname
  const child = spawn(
    process.execPath,
    [
      program,
      String(first),
      String(count),
      String(services),
      ...cluster.servers.map(server => `${server.address}:8301`),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  children.push(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve()
    })
    child.once('exit', code => {
      reject(new Error(`light agents exited with ${code}`))
    })
  })
  return child
}
