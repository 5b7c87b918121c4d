import t, { type Test } from 'tap'
import { startCluster, type Cluster } from '../support/cluster.js'
import { startNetwork } from '../support/net.js'
import { loopbackPlace } from '../support/place.js'
import { until } from '../support/until.js'

/**
 * All have been killed and are elsewhere now: started, with no file touched, they must be one cluster that knows what
 * it knew.
 */
async function startElsewhere(t: Test, cluster: Cluster, before: readonly string[]): Promise<void> {
  const join = cluster.servers.map(server => `-retry-join=${server.address}`)
  for (const server of cluster.servers) server.flags = [...join, '-retry-interval=1s']
  await Promise.all(cluster.servers.map(server => server.start()))
  await cluster.leader(30_000)
  for (const server of cluster.servers) {
    t.equal(
      await until(
        'it answers',
        async () => {
          const response = await server.api('/v1/kv/x?raw&consistent')
          return response.status === 200 && response.text()
        },
        30_000,
      ),
      'kept',
    )
    await until(
      'all peers are where they are now',
      async () => {
        const peers = await server.get<string[]>('/v1/status/peers')
        return (
          JSON.stringify([...peers].sort()) === JSON.stringify(cluster.servers.map(one => `${one.address}:8300`).sort())
        )
      },
      30_000,
    )
  }
  await cluster.membersAre(Object.fromEntries(cluster.servers.map(server => [server.name, 'alive' as const])))
  for (const server of cluster.servers) {
    // A member moves with its next heartbeat, which may still be under way when all are listed as alive.
    await until(
      'no old address is left',
      async () => {
        const members = await server.get<{ Name: string; Addr: string }[]>('/v1/agent/members')
        return !members.some(member => before.includes(member.Addr))
      },
      30_000,
    )
  }
}

t.test('three servers, all killed, each started at another address of the same machine', async t => {
  const cluster = await startCluster(t, { servers: 3 })
  await (await cluster.leader()).put('/v1/kv/x', 'kept')
  for (let round = 0; round < 2; round++) {
    const before = cluster.servers.map(server => server.address)
    await Promise.all(cluster.servers.map(server => server.crash()))
    for (const server of cluster.servers) server.place = await loopbackPlace()
    await startElsewhere(t, cluster, before)
  }
})

t.test("three machines, all killed and renumbered: the old addresses are nobody's any more", async t => {
  const network = await startNetwork(t, 3)
  const cluster = await startCluster(t, { servers: 3, places: network.hosts })
  await (await cluster.leader()).put('/v1/kv/x', 'kept')
  for (let round = 0; round < 2; round++) {
    const before = cluster.servers.map(server => server.address)
    await Promise.all(cluster.servers.map(server => server.crash()))
    for (const server of cluster.servers) {
      const host = network.hosts.find(one => one.address === server.address)
      if (host === undefined) throw new Error(`no host has ${server.address}`)
      server.place = await network.readdress(host)
    }
    await startElsewhere(t, cluster, before)
  }
})
