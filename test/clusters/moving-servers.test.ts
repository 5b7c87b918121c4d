import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { loopbackPlace } from '../support/place.js'
import { until } from '../support/until.js'

t.test('one server at a time moves, while the others keep quorum', async t => {
  const cluster = await startCluster(t, { servers: 3, clients: 1 })
  const [client] = cluster.clients
  await (await cluster.leader()).put('/v1/kv/x', 'kept')
  for (const server of cluster.servers) {
    await server.stop()
    server.place = await loopbackPlace()
    await server.start()
    await cluster.leader()
    await cluster.membersAre(Object.fromEntries(cluster.agents.map(agent => [agent.name, 'alive' as const])))
    await until(
      'it votes at its new address',
      async () => (await client?.get<string[]>('/v1/status/peers'))?.includes(`${server.address}:8300`),
      30_000,
    )
    t.equal(await (await server.api('/v1/kv/x?raw&consistent')).text(), 'kept')
    // A client that heard of none of the moves would know nobody in the end: it hears of them with its heartbeats.
    if (client !== undefined)
      await until(
        'the client knows where it is',
        () => fs.readFileSync(path.join(client.dataDir, 'known-servers.json'), 'utf8').includes(`"${server.address}"`),
        30_000,
      )
  }
})
