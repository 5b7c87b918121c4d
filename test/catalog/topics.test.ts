import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { deregister, register } from '../../src/catalog/index.js'
import type { Catalog, Topic } from '../../src/catalog/index.js'
import { Topics } from '../../src/catalog/topics.js'
import { revision } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { until } from '../support/until.js'
import { openCatalog, uuid } from './samples.js'

const on = (node: string, service: string, port = 80) =>
  register({ node, address: '192.0.2.1', service: { name: service, port } })

const named = (catalog: Catalog): Record<string, Topic> => ({
  all: catalog.topics.all(),
  nodes: catalog.nodes.topics.all(),
  services: catalog.services.topics.names(),
  servicesOnNodes: catalog.services.topics.namesOnNodes(),
  web: catalog.health.topics.instances('web'),
  db: catalog.health.topics.instances('db'),
  n1: catalog.nodes.topics.one('n1'),
  n2: catalog.nodes.topics.one('n2'),
  webChecks: catalog.checks.topics.ofService('web'),
  any: catalog.checks.topics.inState('any'),
  passing: catalog.checks.topics.inState('passing'),
  critical: catalog.checks.topics.inState('critical'),
})

for (const [name, command, moved] of [
  ['a new instance of a service', on('n2', 'web'), ['nodes', 'servicesOnNodes', 'web', 'n2']],
  ['a new service', on('n1', 'cache'), ['services', 'servicesOnNodes', 'n1']],
  ['another port', on('n1', 'web', 81), ['web', 'n1']],
  [
    'another tag',
    register({ node: 'n1', address: '192.0.2.1', service: { name: 'web', port: 80, tags: ['t'] } }),
    ['services', 'servicesOnNodes', 'web', 'n1'],
  ],
  ["a node's address", register({ node: 'n1', address: '192.0.2.9' }), ['nodes', 'web', 'db', 'n1']],
  [
    "a node's meta",
    register({ node: 'n1', address: '192.0.2.1', meta: { a: 'b' } }),
    ['nodes', 'servicesOnNodes', 'web', 'db', 'n1'],
  ],
  ['another node', register({ node: 'n3', address: '192.0.2.3' }), ['nodes']],
  [
    'a check of the node',
    register({ node: 'n1', skipNodeUpdate: true, checks: [{ id: 'node', status: 'passing' }] }),
    ['web', 'db', 'n1', 'any', 'passing'],
  ],
  [
    'a status',
    register({ node: 'n1', skipNodeUpdate: true, checks: [{ id: 'up', serviceId: 'web', status: 'critical' }] }),
    ['web', 'n1', 'webChecks', 'any', 'passing', 'critical'],
  ],
  [
    'an output',
    register({
      node: 'n1',
      skipNodeUpdate: true,
      checks: [{ id: 'up', serviceId: 'web', status: 'passing', output: 'o' }],
    }),
    ['web', 'n1', 'webChecks', 'any', 'passing'],
  ],
  ['the end of a check', deregister({ node: 'n1', checkId: 'up' }), ['web', 'n1', 'webChecks', 'any', 'passing']],
  ['the end of a service', deregister({ node: 'n1', serviceId: 'db' }), ['services', 'servicesOnNodes', 'db', 'n1']],
  [
    'the end of a node',
    deregister({ node: 'n1' }),
    ['nodes', 'services', 'servicesOnNodes', 'web', 'db', 'n1', 'webChecks', 'any', 'passing'],
  ],
] as const) {
  void t.test(`${name} moves what it concerns and nothing else`, async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(
      register({
        node: 'n1',
        address: '192.0.2.1',
        service: { name: 'web', port: 80 },
        checks: [{ id: 'up', serviceId: 'web', status: 'passing' }],
      }),
    )
    await catalog.execute(on('n1', 'db'))
    const before = named(catalog)
    const indexes = Object.fromEntries(Object.entries(before).map(([key, topic]) => [key, topic.index]))
    const { revision: at } = await catalog.execute(command)
    const after = Object.entries(named(catalog)).filter(([key, topic]) => topic.index !== indexes[key])
    t.same(after.map(([key]) => key).sort(), ['all', ...moved].sort())
    for (const [key, topic] of after) {
      t.equal(topic.index, at)
      t.equal(topic, before[key], 'the same object')
    }
  })
}

void t.test('names match without regard to case', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(on('N1', 'Web'))
  t.equal(catalog.health.topics.instances('WEB'), catalog.health.topics.instances('web'))
  t.equal(catalog.nodes.topics.one('n1'), catalog.nodes.topics.one('N1'))
  t.equal(catalog.health.instances('wEB')[0]?.service.name, 'Web')
})

void t.test('what never existed stands still until it is born, and keeps the index of its end', async t => {
  const { catalog } = await openCatalog(t)
  const topic = catalog.health.topics.instances('web')
  t.equal(topic.index, 1)
  await catalog.execute(on('n1', 'other'))
  t.equal(topic.index, 1)
  const birth = catalog.wait(topic, topic.index, 60_000)
  t.equal((await catalog.execute(on('n1', 'web'))).revision, topic.index)
  t.equal(await birth, true)
  const end = (await catalog.execute(deregister({ node: 'n1', serviceId: 'web' }))).revision
  await catalog.execute(on('n1', 'another'))
  t.equal(catalog.health.topics.instances('web').index, end)
})

void t.test('a reader of an unknown node id wakes when the node appears, and its index never goes back', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(on('n2', 'web'))
  for (const asked of [uuid('a'), uuid('a').slice(0, 8)]) {
    const topic = catalog.nodes.topics.one(asked)
    const woken = catalog.wait(topic, topic.index, 60_000)
    await catalog.execute(register({ node: 'n3', address: '192.0.2.3' }))
    t.not(topic.index, catalog.revision, 'other nodes do not concern it')
    await catalog.execute(register({ node: 'n1', id: uuid('a'), address: '192.0.2.1' }))
    t.equal(await woken, true)
    const { index } = catalog.nodes.topics.one(asked)
    t.equal(index, catalog.nodes.topics.one('n1').index)
    await catalog.execute(deregister({ node: 'n1' }))
    t.ok(catalog.nodes.topics.one(asked).index > index)
    await catalog.execute(deregister({ node: 'n3' }))
  }
})

void t.test('only so many ends are remembered one by one; indexes never go back for it', async t => {
  const { catalog } = await openCatalog(t, { tombstones: 10 })
  const names = Array.from({ length: 40 }, (_, i) => `s${i}`)
  const ends = new Map<string, number>()
  for (const name of names) {
    await catalog.execute(on('n1', name))
    ends.set(name, (await catalog.execute(deregister({ node: 'n1', serviceId: name }))).revision)
    for (const [gone, end] of ends) t.ok(catalog.health.topics.instances(gone).index >= end, `${gone} after ${name}`)
  }
  t.ok(catalog.health.topics.instances('never').index > 1, 'what was forgotten has raised the floor')
  t.ok(catalog.health.topics.instances('never').index < catalog.revision, 'but not to the present')
  t.equal(catalog.health.topics.instances('s39').index, ends.get('s39'))
})

void t.test('asking for strangers leaves nothing behind, while a topic in use stays the same object', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { catalog } = await openCatalog(t)
  const before = catalog.topicCount
  const kept = catalog.health.topics.instances('kept')
  for (let i = 0; i < 20_000; i++) catalog.health.topics.instances(`stranger-${i}`)
  await until('the strangers are forgotten', () => {
    collect()
    return catalog.topicCount <= before + 1
  })
  t.equal(catalog.health.topics.instances('kept'), kept)
  const { revision: at } = await catalog.execute(on('n1', 'kept'))
  t.equal(kept.index, at, 'and it learns of the birth')
})

void t.test('waiting', async t => {
  const clock = new FakeClock()
  const setUp = async () => {
    const { catalog } = await openCatalog(t, { clock })
    await catalog.execute(on('n1', 'web'))
    return { catalog, topic: catalog.health.topics.instances('web') }
  }

  await t.test('is over at once when the topic has moved already', async t => {
    const { catalog, topic } = await setUp()
    t.equal(await catalog.wait(topic, revision(topic.index - 1), 1000), true)
    t.equal(clock.pending, 0)
  })

  await t.test('ends after its time', async t => {
    const { catalog, topic } = await setUp()
    let answer: boolean | undefined
    void catalog.wait(topic, topic.index, 1000).then(moved => {
      answer = moved
    })
    await clock.advance(999)
    t.equal(answer, undefined)
    await clock.advance(1)
    t.equal(answer, false)
    t.equal(await catalog.wait(topic, topic.index, 0), false, 'no time at all')
    t.equal(clock.pending, 0)
  })

  await t.test('ends when it is aborted', async t => {
    const { catalog, topic } = await setUp()
    const stop = new AbortController()
    const waiting = catalog.wait(topic, topic.index, 1000, stop.signal)
    stop.abort()
    t.equal(await waiting, false)
    t.equal(await catalog.wait(topic, topic.index, 1000, stop.signal), false)
    t.equal(clock.pending, 0)
  })

  await t.test('goes on below an index that lies ahead', async t => {
    const { catalog, topic } = await setUp()
    let over = false
    const waiting = catalog.wait(topic, revision(topic.index + 1), 1000).then(moved => {
      over = true
      return moved
    })
    await catalog.execute(on('n1', 'web', 81))
    t.equal(over, false)
    await catalog.execute(on('n1', 'web', 82))
    t.equal(await waiting, true)
  })

  await t.test('ten thousand wake together, and leave no timer', async t => {
    const { catalog, topic } = await setUp()
    const waiting = Array.from({ length: 10_000 }, () => catalog.wait(topic, topic.index, 1000))
    t.equal(clock.pending, 10_000)
    await catalog.execute(on('n1', 'web', 83))
    t.ok((await Promise.all(waiting)).every(moved => moved))
    t.equal(clock.pending, 0)
  })

  await t.test('all of a batch can be read when a waiter wakes', async t => {
    const { catalog, topic } = await setUp()
    const seen = catalog
      .wait(topic, topic.index, 1000)
      .then(() => catalog.health.instances('web').map(({ node, checks }) => [node.address, checks.length]))
    await catalog.execute(
      register({
        node: 'n1',
        address: '192.0.2.77',
        service: { name: 'web' },
        checks: [{ id: 'a' }, { id: 'b', serviceId: 'web' }],
      }),
    )
    t.same(await seen, [['192.0.2.77', 2]])
  })

  await t.test('ends with the catalog', async t => {
    const { catalog, topic } = await setUp()
    const waiting = catalog.wait(topic, topic.index, 1000)
    catalog.close()
    t.equal(await waiting, false)
    t.equal(await catalog.wait(topic, topic.index, 1000), false)
    t.equal(clock.pending, 0)
  })

  await t.test('is not for topics of another making', async t => {
    const { catalog } = await setUp()
    t.throws(() => catalog.wait({ name: 'x', index: revision(1) }, revision(1), 1), { name: 'TypeError' })
    t.equal(new Topics(clock).floor, 1)
  })
})
