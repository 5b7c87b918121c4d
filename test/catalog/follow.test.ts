import t from 'tap'
import { Catalog, register } from '../../src/catalog/index.js'
import { MusterError } from '../../src/common/errors.js'
import { milliseconds } from '../../src/common/duration.js'
import { openMemoryStore, revision, type Store } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { laggingStore } from './kv/lagging-store.js'

const noLeader = { code: 'STORE_NO_LEADER', message: 'No cluster leader', status: 500 }

void t.test('a catalog at once, of a store that comes later', async t => {
  const clock = new FakeClock()
  const store = openMemoryStore({ clock })
  const before = await Catalog.open({ store, clock })
  await before.execute(register({ node: 'n1', address: '192.0.2.1' }))
  before.close()
  let arrive: (store: Store) => void = () => undefined
  const catalog = Catalog.follow({
    store: new Promise(resolve => {
      arrive = resolve
    }),
    clock,
  })
  t.teardown(async () => {
    catalog.close()
    await store.close()
  })
  t.equal(catalog.loaded, false)
  t.same([...catalog.nodes.all()], [])
  const topic = catalog.nodes.topics.all()
  t.equal(topic.index, 1)

  const refused = [
    t.rejects(catalog.execute(register({ node: 'n2', address: '192.0.2.2' })), noLeader),
    t.rejects(catalog.barrier(), noLeader),
    t.rejects(catalog.renewSession('x'), noLeader),
    t.rejects(catalog.lease(milliseconds(1000)), noLeader),
    t.rejects(catalog.save(), noLeader),
  ]
  await clock.advance(7000)
  await Promise.all(refused)
  t.equal(clock.pending, 0)

  const late = catalog.execute(register({ node: 'n2', address: '192.0.2.2' }))
  const woken = catalog.wait(topic, revision(1), 60_000)
  await clock.advance(6000)
  arrive(store)
  await catalog.whenLoaded
  t.equal(catalog.loaded, true)
  t.equal(await woken, true)
  await late
  t.same(
    [...catalog.nodes.all()].map(({ node }) => node),
    ['n1', 'n2'],
  )
  t.ok(catalog.kv.topics.one('never asked for before').index > 1)
})

void t.test('a topic requested before the load has the same index as one requested after it', async t => {
  const clock = new FakeClock()
  const store = openMemoryStore({ clock })
  const first = await Catalog.open({ store, clock })
  await first.execute(register({ node: 'n1', address: '192.0.2.1' }))
  first.close()
  let arrive: (store: Store) => void = () => undefined
  const early = Catalog.follow({
    store: new Promise(resolve => {
      arrive = resolve
    }),
    clock,
  })
  const topics = [
    early.nodes.topics.all(),
    early.services.topics.names(),
    early.health.topics.instances('web'),
    early.kv.topics.one('k'),
    early.kv.topics.below('a/'),
    early.members.topics.all(),
  ]
  arrive(store)
  await early.whenLoaded
  const fresh = await Catalog.open({ store, clock })
  t.same(
    topics.map(({ index }) => index),
    [
      fresh.nodes.topics.all(),
      fresh.services.topics.names(),
      fresh.health.topics.instances('web'),
      fresh.kv.topics.one('k'),
      fresh.kv.topics.below('a/'),
      fresh.members.topics.all(),
    ].map(({ index }) => index),
  )
  early.close()
  fresh.close()
  await store.close()
})

void t.test('a load that fails is tried again, and told of', async t => {
  const clock = new FakeClock()
  const store = openMemoryStore({ clock })
  let failures = 2
  const told: unknown[] = []
  const failing: Store = {
    ...laggingStore(store, () => 0),
    load: () =>
      failures-- > 0 ? Promise.reject(new MusterError('STORE_NO_LEADER', 'No cluster leader')) : store.load(),
  }
  const catalog = Catalog.follow({
    store: Promise.resolve(failing),
    clock,
    onLoadFailure: error => {
      told.push(error)
    },
  })
  t.teardown(async () => {
    catalog.close()
    await store.close()
  })
  await clock.advance(1000)
  await catalog.whenLoaded
  t.match(told, [{ code: 'STORE_NO_LEADER' }, { code: 'STORE_NO_LEADER' }])
})

void t.test('a store that never comes', async t => {
  const clock = new FakeClock()
  const lost = Catalog.follow({ store: Promise.reject(new MusterError('CLUSTER_CLOSED', 'the agent stops')), clock })
  await t.rejects(lost.whenLoaded, { code: 'CLUSTER_CLOSED' })
  const catalog = Catalog.follow({ store: new Promise(() => undefined), clock })
  const waiting = t.rejects(catalog.execute(register({ node: 'n2', address: '192.0.2.2' })), { code: 'CATALOG_CLOSED' })
  await clock.advance(10)
  catalog.close()
  await waiting
  t.equal(clock.pending, 0)
})
