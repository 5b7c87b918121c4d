import type { Test } from 'tap'
import t from 'tap'
import { Catalog, deregister, register } from '../../../../src/catalog/index.js'
import { createRpcClient, createRpcServer } from '../../../../src/rpc/index.js'
import { openViews, ViewHub, type Views } from '../../../../src/cluster/index.js'
import { readUpdate, viewMethods, type ViewUpdate } from '../../../../src/cluster/remote/views/view-messages.js'
import { systemClock } from '../../../../src/common/clock.js'
import { openMemoryStore } from '../../../../src/store/index.js'
import { RecordingLog } from '../../../support/recording-log.js'
import { RecordingMetrics } from '../../../support/recording-metrics.js'
import { until } from '../../../support/until.js'

interface TestServer {
  readonly catalog: Catalog
  readonly address: string
  readonly hub: ViewHub
  stop(): Promise<void>
  start(): Promise<void>
}

/** A server of views over `catalog`, on a port of its own that it keeps. */
async function serverOf(t: Test, catalog: Catalog): Promise<TestServer> {
  let port = 0
  let rpc: ReturnType<typeof createRpcServer> | undefined
  const hub = new ViewHub({ catalog, clock: systemClock })
  const server = {
    catalog,
    hub,
    address: '',
    stop: async () => {
      await rpc?.close()
    },
    start: async () => {
      const listen = { bind: '127.0.0.1', port, allowed: [] }
      rpc = createRpcServer({
        lan: listen,
        wan: { ...listen, port: -1 },
        connectionsPerClient: 0,
        log: new RecordingLog(),
        metrics: new RecordingMetrics(),
        clock: systemClock,
      })
      hub.register(rpc)
      await rpc.start()
      port = rpc.ports.lan
      server.address = `127.0.0.1:${port}`
    },
  }
  await server.start()
  t.teardown(() => server.stop())
  return server
}

async function catalogOf(t: Test): Promise<Catalog> {
  const store = openMemoryStore({ clock: systemClock })
  const catalog = await Catalog.open({ store, clock: systemClock })
  t.teardown(async () => {
    catalog.close()
    await store.close()
  })
  return catalog
}

/** Views of some servers, and a catalog on them. */
async function client(
  t: Test,
  addresses: () => readonly string[],
  maxViews?: number,
): Promise<{ readonly views: Views; readonly seen: Catalog }> {
  const rpc = createRpcClient({ clock: systemClock })
  const views = openViews({
    rpc,
    servers: { addresses },
    clock: systemClock,
    log: new RecordingLog(),
    ...(maxViews !== undefined && { maxViews }),
  })
  const seen = await Catalog.open({ store: views.store, clock: systemClock })
  t.teardown(() => {
    seen.close()
    views.close()
    rpc.close()
  })
  return { views, seen }
}

const web = (node: string, status = 'passing') =>
  register({
    node,
    address: `192.0.2.${node.slice(1)}`,
    id: `${node.slice(1).padStart(8, '0')}-0000-4000-8000-000000000000`,
    service: { name: 'web', port: 80 },
    checks: [
      { name: 'serfHealth', status: 'passing' },
      { name: 'up', status, serviceId: 'web' },
    ],
  })

void t.test('a view shows a service as the server has it, and follows it', async t => {
  const catalog = await catalogOf(t)
  await catalog.execute(web('n1'))
  await catalog.execute(register({ node: 'n9', address: '192.0.2.9', service: { name: 'other', port: 1 } }))
  const server = await serverOf(t, catalog)
  const { views, seen } = await client(t, () => [server.address])
  const first = views.ready('service', 'web')
  t.ok(first instanceof Promise, 'it is not there yet')
  t.equal(await first, true)
  t.equal(views.ready('service', 'web'), true, 'now it is')
  t.match(seen.health.instances('web'), [
    {
      node: { node: 'n1', address: '192.0.2.1' },
      service: { port: 80 },
      checks: [{ status: 'passing' }, { id: 'up', status: 'passing' }],
    },
  ])
  t.same(seen.health.instances('other'), [], 'nothing else is held')
  await catalog.execute(web('n2'))
  await until('the new instance is seen', () => seen.health.instances('web').length === 2)
  await catalog.execute(web('n2', 'critical'))
  await until('its health is seen', () =>
    seen.health.instances('web').some(({ checks }) => checks.some(({ status }) => status === 'critical')),
  )
  await catalog.execute(deregister({ node: 'n1' }))
  await until('the end of a node is seen', () => seen.health.instances('web').length === 1)
  t.equal(seen.nodes.find('n1'), undefined)
})

void t.test('names that nobody has are views too, and see the birth', async t => {
  const catalog = await catalogOf(t)
  const server = await serverOf(t, catalog)
  const { views, seen } = await client(t, () => [server.address])
  t.equal(await views.ready('service', 'web'), true)
  t.equal(await views.ready('node', 'n1'), true)
  const before = seen.services.topics.names().index
  await catalog.execute(web('n1'))
  await until('both see it', () => seen.health.instances('web').length === 1 && seen.nodes.find('n1') !== undefined)
  t.ok(seen.services.topics.names().index > before, 'and who kept an answer without it knows')
})

void t.test('nodes by the beginning of their id, and what has an address', async t => {
  const catalog = await catalogOf(t)
  await catalog.execute(web('n7'))
  await catalog.execute(
    register({ node: 'n8', address: '192.0.2.8', service: { name: 'db', port: 1, address: '198.51.100.1' } }),
  )
  const server = await serverOf(t, catalog)
  const { views, seen } = await client(t, () => [server.address])
  t.equal(await views.ready('node', '00000007'), true)
  t.equal(seen.nodes.find('00000007')?.node, 'n7')
  t.equal(await views.ready('address', '192.0.2.8'), true)
  t.match(seen.nodes.at('192.0.2.8'), [{ node: 'n8' }])
  t.equal(await views.ready('address', '198.51.100.1'), true)
  t.match(seen.services.at('198.51.100.1'), [{ name: 'db' }])
})

void t.test('thousands of names are asked for over one stream', async t => {
  const catalog = await catalogOf(t)
  const server = await serverOf(t, catalog)
  for (let i = 0; i < 20; i++) {
    await catalog.execute(
      register({ node: 'n1', address: '192.0.2.1', service: { id: `s${i}`, name: `s${i}`, port: 1 } }),
    )
  }
  const { views, seen } = await client(t, () => [server.address])
  const all = await Promise.all(Array.from({ length: 3000 }, async (_, i) => views.ready('service', `s${i}`)))
  t.ok(
    all.every(one => one),
    'all of them are there',
  )
  t.equal(server.hub.size.streams, 1)
  t.equal(server.hub.size.views, 3000)
  t.equal(seen.health.instances('s19').length, 1)
})

void t.test('views stay while servers are away, and go on with the next one', async t => {
  const catalog = await catalogOf(t)
  await catalog.execute(web('n1'))
  const [first, second] = [await serverOf(t, catalog), await serverOf(t, catalog)]
  let addresses = [first.address]
  const { views, seen } = await client(t, () => addresses)
  t.equal(await views.ready('service', 'web'), true)
  await first.stop()
  await catalog.execute(web('n2'))
  t.equal(views.ready('service', 'web'), true, 'what was seen is still there')
  t.equal(seen.health.instances('web').length, 1)
  t.equal(await views.ready('service', 'new'), false, 'what was never seen is not')
  await until('it knows that it is cut off', () => views.age() > 0)
  addresses = [first.address, second.address]
  await until('it has caught up', () => seen.health.instances('web').length === 2)
  await until('the new name is there', () => views.ready('service', 'new') === true)
  t.equal(views.age(), 0)
})

void t.test('without servers a question is refused at once', async t => {
  const { views } = await client(t, () => [])
  t.equal(await views.ready('service', 'web'), false)
})

void t.test('a flood of names pushes out those that show nothing', async t => {
  const catalog = await catalogOf(t)
  await catalog.execute(web('n1'))
  const server = await serverOf(t, catalog)
  const { views, seen } = await client(t, () => [server.address], 50)
  t.equal(await views.ready('service', 'web'), true)
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 20 }, async (_, i) => views.ready('service', `no${round}-${i}`)))
  t.equal(views.size, 50)
  t.equal(views.ready('service', 'web'), true, 'what shows something stays')
  t.equal(seen.health.instances('web').length, 1)
  await until('the server has forgotten the others', () => server.hub.size.views === 50)
})

void t.test(
  'on the wire a row is a store key and the JSON that the catalog stores; both ends share one encoding',
  async t => {
    const catalog = await catalogOf(t)
    await catalog.execute(web('n1'))
    const server = await serverOf(t, catalog)
    const rpc = createRpcClient({ clock: systemClock })
    const end = new AbortController()
    const lines: Partial<ViewUpdate>[] = []
    const wants = { add: [{ kind: 'service', name: 'web', index: 0 }], remove: [] }
    const streams = ['one', 'two'].map(stream =>
      rpc
        .stream(
          server.address,
          viewMethods.stream,
          { stream, ...wants },
          line => lines.push(line as ViewUpdate),
          end.signal,
        )
        .catch(() => undefined),
    )
    const updates = () => lines.filter(({ rows }) => rows !== undefined)
    await until('both have the view', () => updates().length === 2)
    t.same(updates()[0], updates()[1])
    const { index, rows = [], ...rest } = updates()[0] ?? {}
    t.same(rest, { kind: 'service', name: 'web' })
    t.equal(index, catalog.health.topics.instances('web').index)
    t.same(
      rows.map(([key]) => key),
      ['node/n1', 'service/n1/web', 'check/n1/serfHealth', 'check/n1/up'],
    )
    t.match(
      rows.map(([, value]) => JSON.parse(value) as unknown),
      [{ address: '192.0.2.1' }, { port: 80, meta: null }, { status: 'passing', output: '' }, { serviceName: 'web' }],
    )
    await catalog.execute(web('n1', 'critical'))
    await until('both have the change', () => updates().length === 4)
    const after = updates()[3]?.rows ?? []
    t.same(after.slice(0, 3), rows.slice(0, 3), 'what stayed is the same text')
    t.match(JSON.parse(after[3]?.[1] ?? ''), { status: 'critical' })
    end.abort()
    await Promise.all(streams)
    rpc.close()
  },
)

void t.test('a view of another version is refused', t => {
  const view = { kind: 'service', name: 'web', index: 1 }
  t.same(readUpdate({ ...view, rows: [['node/n1', '{}']] }), { ...view, rows: [['node/n1', '{}']] })
  for (const bad of [
    { nodes: [], services: [], checks: [] },
    { rows: [['node/n1']] },
    { rows: [{}] },
    { rows: [[1, '']] },
  ])
    t.throws(() => readUpdate({ ...view, ...bad }), { code: 'CLUSTER_MESSAGE' })
  t.end()
})
