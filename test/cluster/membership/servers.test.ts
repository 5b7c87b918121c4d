import t, { type Test } from 'tap'
import { Catalog, createSession } from '../../../src/catalog/index.js'
import { systemClock } from '../../../src/common/clock.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { openEtcdStore, openMemoryStore, type Store } from '../../../src/store/index.js'
import { startEtcd } from '../../support/etcd.js'
import { FakeClock } from '../../support/fake-clock.js'
import { until } from '../../support/until.js'
import { agentInfo, callNetwork, heartbeatOf, pass, serverInfo, standing, startServer, uuid } from './samples.js'

const session = (id: string, node: string) => ({
  id,
  node,
  name: '',
  behavior: '',
  ttl: '10s',
  lockDelay: milliseconds(0),
  nodeChecks: [],
  serviceChecks: [],
  checks: [],
})
const at = (last: number) => ({ address: `127.0.0.${last}`, wanAddress: `127.0.0.${last}` })

/** Two servers on one store in memory, in fake time. */
async function twoServers(t: Test) {
  const fake = new FakeClock()
  const memory = openMemoryStore({ clock: fake })
  const network = callNetwork()
  const given = { memory, fake, network, store: 'shared' as const, expect: 0 }
  const s1 = await startServer(t, serverInfo('s1', 'a', at(1)), given)
  await pass(fake, 10)
  const s2 = await startServer(t, serverInfo('s2', 'b', at(2)), given)
  await pass(fake, 1000)
  t.teardown(async () => {
    await s1.stop()
    await s2.stop()
    await memory.close()
  })
  return { s1, s2, fake, network, memory }
}

void t.test(
  'one of two servers looks after the cluster; when it goes the other one does, and finds it failed',
  async t => {
    const { s1, s2, fake } = await twoServers(t)
    t.same([s1.membership.isSteward, s2.membership.isSteward], [true, false])
    for (const { membership } of [s1, s2]) {
      t.same(standing(membership), ['s1 alive', 's2 alive'])
      t.equal(membership.leader(), '127.0.0.1:8300')
      t.same([...membership.peers()].sort(), ['127.0.0.1:8300', '127.0.0.2:8300'])
      t.same(
        membership
          .servers()
          .map(({ name }) => name)
          .sort(),
        ['s1', 's2'],
      )
      t.match(membership.wanMembers(), [{ name: 's1.dc1' }, { name: 's2.dc1' }])
    }
    await pass(fake, 120_000)
    t.same([s1.membership.isSteward, s2.membership.isSteward], [true, false], 'and goes on')
    await s1.stop()
    await pass(fake, 1000)
    t.equal(s2.membership.isSteward, true)
    await pass(fake, 30_000)
    t.same(standing(s2.membership), ['s1 failed', 's2 alive'])
    t.equal(s2.catalog.checks.get('s1', 'serfHealth')?.status, 'critical')
    t.same(
      s2.membership.servers().map(({ name }) => name),
      ['s2'],
    )
  },
)

void t.test('a heartbeat to any server keeps a member alive', async t => {
  const { s1, s2, fake } = await twoServers(t)
  const beat = heartbeatOf(agentInfo('c1', 'c'))
  for (let i = 0; i < 20; i++) {
    await Promise.all([(i % 2 === 0 ? s1 : s2).calls.call('member/heartbeat', beat), pass(fake, 3000)])
  }
  t.same(standing(s2.membership), ['c1 alive', 's1 alive', 's2 alive'])
  t.equal([...s1.log.lines, ...s2.log.lines].filter(({ message }) => /back|failed/.test(message)).length, 0)
  await pass(fake, 20_000)
  t.same(standing(s2.membership), ['c1 failed', 's1 alive', 's2 alive'])
  // Both at once: the member is back once.
  await Promise.all([s1.calls.call('member/heartbeat', beat), s2.calls.call('member/heartbeat', beat), pass(fake, 100)])
  t.same(standing(s1.membership), ['c1 alive', 's1 alive', 's2 alive'])
})

void t.test(
  'a session that is renewed at any server lives; without the server that ends sessions nobody is told that it does',
  async t => {
    const { s1, s2, fake, network } = await twoServers(t)
    await Promise.all([s2.catalog.execute(createSession(session(uuid('1'), 's2'), seconds(10))), pass(fake, 10)])
    for (let i = 0; i < 6; i++) {
      const [renewed] = await Promise.all([s2.catalog.renewSession(uuid('1')), pass(fake, 15_000)])
      t.equal(renewed?.id, uuid('1'))
    }
    t.ok(s1.catalog.sessions.get(uuid('1')))
    network.cut.add('127.0.0.1:8301')
    const refused = t.rejects(s2.catalog.renewSession(uuid('1')), {
      code: 'STORE_NO_LEADER',
      message: 'No cluster leader',
    })
    await pass(fake, 10_000)
    await refused
    await pass(fake, 20_000)
    t.equal(s2.catalog.sessions.get(uuid('1')), undefined)
    t.equal(await s2.catalog.renewSession(uuid('1')), undefined)
    await t.rejects(s2.calls.call('session/renew', { id: uuid('1') }), { code: 'CLUSTER_NOT_STEWARD' })
  },
)

void t.test('a new steward gives sessions their whole time again', async t => {
  const { s1, s2, fake } = await twoServers(t)
  await Promise.all([s2.catalog.execute(createSession(session(uuid('1'), 's2'), seconds(10))), pass(fake, 10)])
  await pass(fake, 15_000)
  await s1.stop()
  await pass(fake, 18_000)
  t.ok(s2.catalog.sessions.get(uuid('1')))
  await pass(fake, 8000)
  t.equal(s2.catalog.sessions.get(uuid('1')), undefined)
})

void t.test('a server leaves', async t => {
  const { s1, s2, fake } = await twoServers(t)
  await Promise.all([s1.membership.leave(), pass(fake, 3000)])
  await s1.stop()
  await pass(fake, 1000)
  t.same(standing(s2.membership), ['s1 left', 's2 alive'])
  t.same(
    [...s2.catalog.nodes.all()].map(({ node }) => node),
    ['s2'],
  )
  t.equal(s2.membership.isSteward, true)
})

void t.test('joining is contacting a member', async t => {
  const { s1, s2, network } = await twoServers(t)
  t.equal(await s1.membership.join(['127.0.0.1', '127.0.0.2:8301'], false), 2)
  // It belongs to a server that is no member here.
  const stranger = {
    self: agentInfo('x', 'f'),
    datacenter: 'dc1',
    expect: 0,
    carries: false,
    servers: [serverInfo('s9', 'e')],
  }
  network.places.set('127.0.0.3:8301', { ...s2.calls, call: () => Promise.resolve(stranger) })
  network.places.set('127.0.0.4:8301', { ...s2.calls, call: () => Promise.resolve({ ...stranger, datacenter: 'dc2' }) })
  await t.rejects(s1.membership.join(['127.0.0.3'], false), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /no member of this cluster/,
  })
  await t.rejects(s1.membership.join(['127.0.0.4'], false), { message: /Member 'x' part of wrong datacenter 'dc2'/ })
})

void t.test('before there is a catalog', async t => {
  const fake = new FakeClock()
  const memory = openMemoryStore({ clock: fake })
  const arrived: { store?: (store: Store) => void } = {}
  const catalog = Catalog.follow({
    store: new Promise<Store>(resolve => {
      arrived.store = resolve
    }),
    clock: fake,
  })
  const server = await startServer(t, serverInfo('s1', 'a'), { memory, fake, catalog, store: 'shared', expect: 3 })
  t.teardown(async () => {
    await server.stop()
    await memory.close()
  })
  t.same(standing(server.membership), ['s1 alive'])
  t.equal(server.membership.leader(), '')
  const refused = t.rejects(server.calls.call('member/heartbeat', heartbeatOf(agentInfo('c1', 'c'))), {
    code: 'STORE_NO_LEADER',
    message: 'No cluster leader',
  })
  await pass(fake, 8000)
  await refused
  arrived.store?.(memory)
  await pass(fake, 3000)
  t.equal(server.membership.isSteward, true)
  t.equal(catalog.checks.get('s1', 'serfHealth')?.status, 'passing')
})

void t.test(
  'two servers on an etcd: a member fails when nobody speaks for it, and a server that is killed does',
  async t => {
    const etcd = await startEtcd(t)
    const network = callNetwork()
    const start = async (name: string, digit: string, last: number) => {
      const store = openEtcdStore({
        connection: { endpoints: [etcd.socket] },
        prefix: 'muster/',
        instance: uuid(digit),
      })
      const catalog = await Catalog.open({ store, clock: systemClock })
      const server = await startServer(t, serverInfo(name, digit, at(last)), {
        memory: store,
        catalog,
        clock: systemClock,
        network,
        store: 'shared',
        expect: 0,
      })
      t.teardown(async () => {
        await server.stop()
        await store.close()
      })
      return server
    }
    const s1 = await start('s1', 'a', 1)
    await until('the first server leads', () => s1.membership.isSteward)
    const s2 = await start('s2', 'b', 2)
    await s2.calls.call('member/heartbeat', heartbeatOf(agentInfo('c1', 'c')))
    await until('all are members everywhere', () =>
      [s1, s2].every(({ membership }) => standing(membership).join() === 'c1 alive,s1 alive,s2 alive'),
    )
    await s1.stop()
    await until(
      'both are found failed',
      () => standing(s2.membership).join() === 'c1 failed,s1 failed,s2 alive',
      40_000,
    )
    t.equal(s2.membership.isSteward, true)
    t.equal(s2.catalog.checks.get('c1', 'serfHealth')?.status, 'critical')
    await s2.calls.call('member/heartbeat', heartbeatOf(agentInfo('c1', 'c')))
    t.same(standing(s2.membership), ['c1 alive', 's1 failed', 's2 alive'])
  },
)
