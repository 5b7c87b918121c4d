import { Cluster, populate } from '../test/support/cluster.js'
import type { ClusterAgent } from '../test/support/cluster-agent.js'
import { connect } from './support/agent.js'
import { bareEtcd } from './support/bare-etcd.js'
import { quantiles, row } from './support/row.js'
import { timeUntil } from './support/until.js'
import { hasWrk, ms, perSecond, puts, rate } from './support/wrk.js'

const services = 5000
const drops = 50
const deaths = 5

/**
 * Three servers and two clients on one machine: writes, reads, a leader's death, many services, a dropped file. Needs
 * `wrk` for the rates.
 */
export async function run(): Promise<void> {
  const bare = await bareEtcd(64, 4000)
  const cluster = new Cluster()
  try {
    await populate(cluster, { servers: 3, clients: 2, flags: ['-log-level=warn'] })
    if (hasWrk()) await rates(cluster, bare)
    else row('cluster', 'rates skipped', '', 'wrk is not installed (Debian: apt install wrk)')
    await files(cluster)
    await failover(cluster)
  } finally {
    await cluster.close()
  }
}

async function rates(cluster: Cluster, bare: { readonly single: number; readonly nested: number }): Promise<void> {
  const leader = await cluster.leader()
  const follower = cluster.servers.find(server => server !== leader)
  const [client] = cluster.clients
  if (follower === undefined || client === undefined) throw new Error('no agents')
  const limit = `bare etcd of three: ${rate(bare.nested)} nested, ${rate(bare.single)} single`
  row(
    'cluster',
    'PUT kv through a follower, 64 connections',
    rate(perSecond({ url: follower.url, lua: puts })),
    `${limit}; goal >= 13,000/s`,
  )
  row('cluster', 'PUT kv through a client agent', rate(perSecond({ url: client.url, lua: puts })), '')
  row(
    'cluster',
    'GET kv through a follower',
    rate(perSecond({ url: `${follower.url}/v1/kv/bench/7` })),
    'each behind a barrier that is shared',
  )
  row(
    'cluster',
    'GET kv ?stale through a follower',
    rate(perSecond({ url: `${follower.url}/v1/kv/bench/7?stale` })),
    'goal >= 40,000/s',
  )
  row('cluster', 'GET kv through a client agent', rate(perSecond({ url: `${client.url}/v1/kv/bench/7` })), '')
}

/** Files of a client agent, as other nodes see them. */
async function files(cluster: Cluster): Promise<void> {
  const [client, other] = cluster.clients
  const [server] = cluster.servers
  if (client === undefined || other === undefined || server === undefined) throw new Error('no agents')
  for (const [where, agent] of [
    ['a server', server],
    ['another client', other],
  ] as const) {
    const dns = await connect(8600, agent.address)
    // The client asks for the name once, so that it follows it.
    await dns.port('dropped.service.consul')
    const times: number[] = []
    for (let port = 1; port <= drops; port++) {
      client.write('dropped.json', { service: { name: 'dropped', port } })
      times.push(await timeUntil(async () => (await dns.port('dropped.service.consul')) === port, 0))
    }
    const { median, p99 } = quantiles(times)
    row(
      'cluster',
      `file dropped on a client until DNS of ${where} answers`,
      ms(median),
      `99%: ${ms(p99)}; goal <= 150 ms`,
    )
    dns.close()
  }
  client.write('many.json', {
    services: Array.from({ length: services }, (_, i) => ({
      name: `many-${i}`,
      port: 1000 + i,
      check: { ttl: '1h', status: 'passing' },
    })),
  })
  row(
    'cluster',
    `${services.toLocaleString('en')} services with checks of one client until all are in the catalog`,
    ms(
      await timeUntil(
        async () =>
          Object.keys(await server.get<object>('/v1/catalog/services')).filter(name => name.startsWith('many-')).length
          === services,
        20,
      ),
    ),
    'goal <= 10,000 ms',
  )
}

async function failover(cluster: Cluster): Promise<void> {
  const times: number[] = []
  for (let death = 0; death < deaths; death++) {
    const leader = await cluster.leader()
    const follower = cluster.servers.find(server => server !== leader)
    if (follower === undefined) throw new Error('no follower')
    await timeUntil(async () => (await follower.get<{ Healthy: boolean }>('/v1/operator/autopilot/health')).Healthy, 50)
    times.push(await outage(follower, () => leader.crash()))
    await leader.start()
  }
  row(
    'cluster',
    `leader and its etcd killed until a write is acknowledged (${deaths} times)`,
    ms(quantiles(times).median),
    `slowest ${ms(Math.max(...times))}; goal <= 2000 ms`,
  )
}

/**
 * Milliseconds from a death to the next acknowledged write that was begun after it; several writers, so that none waits
 * for an answer that will not come.
 */
async function outage(agent: ClusterAgent, kill: () => Promise<void>): Promise<number> {
  const killed = kill()
  const begun = performance.now()
  let over = false
  const write = async (number: number): Promise<void> => {
    while (!over) {
      await agent.put(`/v1/kv/outage/${number}`, String(performance.now())).then(
        () => {
          over = true
        },
        () => undefined,
      )
    }
  }
  // One more every 50 ms; the first that is acknowledged ends it.
  const writers: Promise<void>[] = []
  while (!over) {
    if (writers.length < 100) writers.push(write(writers.length))
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  const time = performance.now() - begun
  await Promise.all([killed, ...writers])
  return time
}
