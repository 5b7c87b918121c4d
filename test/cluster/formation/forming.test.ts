import t from 'tap'
import { TestServers } from './test-servers.js'
import { until } from '../../support/until.js'

t.setTimeout(120_000)

t.test('two servers that expect two: the first to be joined makes a cluster of both', async t => {
  const servers = new TestServers(t)
  const one = await (await servers.make({ expect: 2 })).start()
  const two = await (await servers.make({ expect: 2 })).start()
  await Promise.all([one.formation.started, two.formation.started])
  t.same(one.formation.leader, { address: '', self: false })
  t.equal(one.formation.state.phase, 'waiting')
  t.equal(await two.formation.join([one.address]), 1)
  await servers.agree([one, two])
  t.equal(servers.leader([one, two]), one, 'the lowest id has founded it')
  await one.put('k', 'v')
  t.equal(await two.get('k'), 'v')
  const { servers: raft } = await two.formation.operator.raft()
  t.same(
    raft.map(({ id, node, address, leader, voter }) => ({ id, node, address, leader, voter })),
    [
      { id: one.id, node: 's1', address: `${one.address}:8300`, leader: true, voter: true },
      { id: two.id, node: 's2', address: `${two.address}:8300`, leader: false, voter: true },
    ],
  )
  t.same(
    two.formation
      .servers()
      .map(({ name }) => name)
      .sort(),
    ['s1', 's2'],
  )
  t.equal(two.formation.isReachable(one.id), true)
  const stats = await one.formation.stats()
  t.equal(stats.state, 'Leader')
  t.equal(stats.num_peers, '1')

  t.test('a third enters through any of them', async t => {
    const three = await (await servers.make({ expect: 2, startJoin: [two.address] })).start()
    await three.formation.started
    await servers.agree([one, two, three])
    t.equal(await three.get('k'), 'v')
    t.equal(three.facts.cluster, one.facts.cluster)
  })

  t.test('a server of another datacenter is refused', async t => {
    const other = await (await servers.make({ datacenter: 'dc2' })).start()
    await t.rejects(other.formation.join([one.address]), {
      code: 'CLUSTER_JOIN_FAILED',
      message: `Failed to join ${one.address}: Member 's4' part of wrong datacenter 'dc2'`,
    })
    t.same(
      one.formation
        .servers()
        .map(({ name }) => name)
        .sort(),
      ['s1', 's2', 's3'],
    )
    await other.stop()
  })

  t.test('two clusters stay two, and each is named', async t => {
    const alone = await (await servers.make({ expect: 1 })).start()
    await servers.agree([alone])
    const refused: unknown = await alone.formation.join([one.address]).catch((error: unknown) => error)
    for (const part of [String(one.facts.cluster), String(alone.facts.cluster), 'two clusters cannot become one'])
      t.match(refused, { code: 'CLUSTER_JOIN_FAILED', message: part })
    await alone.stop()
  })

  t.test('stopped and started again, in any order, without joining', async t => {
    const all = servers.all.slice(0, 3)
    for (const server of all) await server.stop()
    for (const server of [...all].reverse()) await server.start({ startJoin: [] })
    await Promise.all(all.map(({ formation }) => formation.started))
    await servers.agree(all)
    t.equal(await until('the store', () => two.get('k')), 'v')
  })
})

t.test('three servers started at once that join each other become one cluster', async t => {
  const servers = new TestServers(t)
  const all = [await servers.make({ expect: 3 }), await servers.make({ expect: 3 }), await servers.make({ expect: 3 })]
  const addresses = all.map(({ address }) => address)
  await Promise.all(
    all.map(server =>
      server.start({
        retryJoin: { addresses: ['cluster.test'], interval: 100, maxAttempts: 0 },
        resolve: () => Promise.resolve(addresses),
      }),
    ),
  )
  await servers.agree(all)
  t.equal(new Set(all.map(({ facts }) => facts.cluster)).size, 1)
})
