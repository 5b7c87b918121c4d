import { Resolver } from 'node:dns/promises'
import t from 'tap'
import { startCluster } from '../support/cluster.js'
import { killAll } from '../support/processes.js'
import { until } from '../support/until.js'
import { Ledger, allAlive, followers } from './ledger.js'

t.test('etcd and agents end and begin again', async t => {
  const cluster = await startCluster(t, { servers: 3, conf: { 'web.json': { service: { name: 'web', port: 80 } } } })
  const ledger = new Ledger()

  await t.test('etcd is killed under its agent, on a follower, on the leader, everywhere', async t => {
    await ledger.write(await cluster.leader())
    const leader = await cluster.leader()
    const [follower] = followers(cluster, leader)
    if (follower === undefined) throw new Error('no follower')
    for (const victims of [[follower], [leader], cluster.servers]) {
      for (const { etcd } of victims) {
        t.equal(etcd.length, 1)
        killAll(etcd)
      }
      for (const server of cluster.servers) await ledger.write(server)
      await until('each runs one again', () => cluster.servers.every(server => server.etcd.length === 1))
      await ledger.verify(t, cluster.servers)
    }
    t.ok(cluster.servers.every(server => server.running))
  })

  await t.test('an agent that is killed without its etcd takes it over at its next start', async t => {
    const server = await cluster.leader()
    const [other] = followers(cluster, server)
    if (other === undefined) throw new Error('no follower')
    const before = server.etcd
    const { Config } = await server.get<{ Config: { NodeID: string } }>('/v1/agent/self')
    await server.stop('SIGKILL')
    t.same(server.etcd, before, 'etcd goes on without its agent')
    // It leads on, and nobody is beside it to say how the servers are: whoever is asked finds out.
    t.match(await other.get('/v1/operator/autopilot/state'), {
      Healthy: false,
      Leader: Config.NodeID,
      Servers: { [Config.NodeID]: { Healthy: false, Status: 'leader' } },
    })
    t.equal((await other.api('/v1/operator/autopilot/health')).status, 429)
    t.match(await other.cli('operator', 'autopilot', 'state'), { code: 0, out: /^Healthy: +false$/m })
    await server.start()
    await allAlive(cluster)
    t.same(server.etcd, before)
    await server.stop()
    t.same(server.etcd, [], 'an ordered stop ends both')
    await server.start()
    await allAlive(cluster)
  })

  await t.test('all servers stop and start again', async t => {
    for (const server of cluster.servers) await ledger.write(server)
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await Promise.all(cluster.servers.map(server => (signal === 'SIGKILL' ? server.crash() : server.stop(signal))))
      // No flag tells them of each other any more: they know.
      for (const server of cluster.servers) server.flags = []
      await Promise.all(cluster.servers.map(server => server.start()))
      await cluster.leader()
      await allAlive(cluster)
      await ledger.verify(t, cluster.servers)
      for (const server of cluster.servers)
        await until(
          'web is there three times',
          async () => (await server.dig('web.service.consul')).answer.length === 3,
        )
      await ledger.write(await cluster.leader())
    }
  })
})

t.test('servers restarted one after the other: no question fails, and nothing is lost', async t => {
  const cluster = await startCluster(t, { servers: 3, clients: 1 })
  const [client] = cluster.clients
  if (client === undefined) throw new Error('no client')
  client.write('web.json', { service: { name: 'web', port: 80 } })
  await until('all know web', async () =>
    (await Promise.all(cluster.agents.map(agent => agent.dig('web.service.consul')))).every(
      dug => dug.answer.length === 1,
    ),
  )
  const ledger = new Ledger()
  await ledger.write(client)

  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  resolver.setServers([`${client.address}:8600`])
  const failures: string[] = []
  let questions = 0
  let asking = true
  const asker = (async () => {
    while (asking) {
      questions++
      await resolver.resolveSrv('web.service.consul').then(
        answer => {
          if (answer.length !== 1) failures.push(`${answer.length} answers`)
        },
        (error: unknown) => {
          failures.push(String(error))
        },
      )
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  })()
  for (const server of cluster.servers) {
    t.equal(await server.stop('SIGTERM'), 1)
    await server.start()
    await allAlive(cluster)
    await until(
      'it votes and is heard',
      async () => (await client.get<{ Healthy: boolean }>('/v1/operator/autopilot/health')).Healthy,
      30_000,
    )
    await ledger.write(client)
  }
  asking = false
  await asker
  t.same(failures, [], `${questions} questions`)
  t.ok(questions > 100)
  await ledger.verify(t, cluster.agents)
})
