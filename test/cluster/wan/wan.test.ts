import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { seconds } from '../../../src/common/duration.js'
import { register, type ServiceQuery } from '../../../src/catalog/index.js'
import { until } from '../../support/until.js'
import { TestDatacenter, shown, type TestServer } from './datacenters.js'

/** Datacenters on loopback addresses of their own, closed at the test's end. */
function datacenters(t: Test, ...names: readonly string[]): TestDatacenter[] {
  const made = names.map((name, i) => new TestDatacenter(name, `127.0.${i + 11}.1`))
  t.teardown(() => Promise.all(made.map(one => one.close())))
  return made
}

const alive = (...names: readonly string[]): string[] => names.map(name => `${name} alive`)

async function sees(server: TestServer, ...expected: readonly string[]): Promise<void> {
  await until(
    `${server.info().name} sees ${expected.join(', ')}`,
    () =>
      shown(server).join() === [...expected].join()
      || (() => {
        throw new Error(shown(server).join())
      })(),
  )
}

void t.test(
  'a join over the WAN makes all servers of all datacenters known to each other, and a restart remembers them',
  async t => {
    const [east, west, south] = datacenters(t, 'east', 'west', 'south') as [
      TestDatacenter,
      TestDatacenter,
      TestDatacenter,
    ]
    const [e1, e2] = [await east.start('e1'), await east.start('e2')]
    const [w1, w2] = [await west.start('w1'), await west.start('w2')]
    const s1 = await south.start('s1')
    await sees(e1, ...alive('e1.east', 'e2.east'))
    t.same(e1.wan.datacenters(), ['east'])

    t.equal(await w1.wan.join([e1.address]), 1)
    for (const server of [e1, e2, w1, w2]) await sees(server, ...alive('e1.east', 'e2.east', 'w1.west', 'w2.west'))
    t.equal(await s1.wan.join([w2.address]), 1, 'a third, through the second')
    for (const server of [e1, e2, w1, w2, s1])
      await sees(server, ...alive('e1.east', 'e2.east', 's1.south', 'w1.west', 'w2.west'))
    t.same([...e2.wan.datacenters()].sort(), ['east', 'south', 'west'])
    t.equal(e2.wan.datacenters()[0], 'east', 'the own one first')
    const member = e1.wan.members().find(({ name }) => name === 'w1.west')
    t.match(member, {
      address: '127.0.12.1',
      port: w1.rpc.ports.wan,
      tags: { role: 'consul', dc: 'west', id: w1.info().id },
    })

    await until(
      'the servers are kept',
      () => e1.catalog.wanServers.all().length === 3 && s1.catalog.wanServers.all().length === 4,
    )
    await e2.crash()
    east.servers.splice(east.servers.indexOf(e2), 1)
    const again = await east.start('e2', { id: e2.info().id })
    await sees(again, ...alive('e1.east', 'e2.east', 's1.south', 'w1.west', 'w2.west'))
    await until(
      'the others know where it is by now',
      () => w1.wan.members().find(({ name }) => name === 'e2.east')?.port === again.rpc.ports.wan,
    )
  },
)

void t.test('what cannot be joined', async t => {
  const [east, twin] = datacenters(t, 'east', 'East') as [TestDatacenter, TestDatacenter]
  const [e1, stranger] = [await east.start('e1'), await twin.start('e9')]
  await t.rejects(stranger.wan.join([e1.address]), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /is of a datacenter that is called 'East' as well/,
    hint: /two datacenters need two names/,
  })
  t.same(shown(e1), alive('e1.east'))
  t.equal(await e1.wan.join([e1.address]), 1, 'itself')
  t.equal(await e1.wan.join([e1.address.replace(/:\d+$/, '')]), 1, 'without a port: the one that it has itself')
  t.equal(await e1.wan.join([e1.address, '127.0.11.1:1']), 1, 'one of two')
  await t.rejects(e1.wan.join(['127.0.11.1:1', 'a b']), {
    message: /Failed to join 127\.0\.11\.1:1: .*ECONNREFUSED; Failed to join a b: is no host/,
  })
  await t.rejects(e1.wan.join(['nowhere:8302']), { message: /Failed to join nowhere:8302/ })
  const off = await east.start('e3', { self: () => ({ ...e1.info(), ports: { raft: 8300, lan: 1, wan: 0 } }) })
  t.same(off.wan.members(), [])
  await t.rejects(off.wan.join([e1.address]), { message: /the WAN port of this server is off/ })
})

void t.test('names are looked up, and a datacenter that is not there yet is joined when it is', async t => {
  const [east, west] = datacenters(t, 'east', 'west') as [TestDatacenter, TestDatacenter]
  const e1 = await east.start('e1')
  const port = e1.rpc.ports.wan
  await e1.crash()
  east.servers.length = 0
  const w1 = await west.start('w1', {
    retryJoin: [`servers.example:${port}`],
    resolve: host => Promise.resolve(host === 'servers.example' ? ['127.0.11.1'] : []),
  })
  await until('it was tried in vain', () => w1.log.messages('warn').includes('other datacenters could not be joined'))
  await east.start('e1', { port })
  await sees(w1, ...alive('e1.east', 'w1.west'))

  let gaveUp: Error | undefined
  const given = await west.start('w2', {
    retryJoin: ['127.0.11.1:1'],
    retryMax: 2,
    retryInterval: seconds(1),
    gaveUp: error => {
      gaveUp = error
    },
  })
  await until('it is given up', () =>
    given.log.messages('error').includes('retry_join_wan is given up: no address answered'),
  )
  t.match(gaveUp, { code: 'CLUSTER_JOIN_EXHAUSTED', hint: /none of 127\.0\.11\.1:1 answered in 2 attempts/ })
})

/** An HTTP server whose requests go the way that is given. */
async function gateway(t: Test, server: TestServer, datacenter: string): Promise<(method?: string) => Promise<string>> {
  const front = http.createServer((request, response) => {
    const route = server.wan.route(datacenter)
    const failed = (why: unknown): void => {
      response.writeHead(500).end(String(why))
    }
    if (route === undefined) failed('not known')
    else
      void route.proxy(request, response).then(done => {
        if (!done) failed('nobody there')
      }, failed)
  })
  await new Promise<void>(resolve => {
    front.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    front.closeAllConnections()
    front.close()
  })
  const { port } = front.address() as AddressInfo
  return async (method = 'GET') =>
    (
      await fetch(`http://127.0.0.1:${port}/v1/x?dc=${datacenter}`, { method, ...(method === 'PUT' && { body: 'v' }) })
    ).text()
}

void t.test('requests find a living server of another datacenter', async t => {
  const [east, west] = datacenters(t, 'east', 'west') as [TestDatacenter, TestDatacenter]
  const [e1, w1, w2] = [await east.start('e1'), await west.start('w1'), await west.start('w2')]
  const ask = await gateway(t, e1, 'WEST')
  t.equal(await ask(), 'not known')
  await e1.wan.join([w1.address])
  await sees(e1, ...alive('e1.east', 'w1.west', 'w2.west'))
  const first = await ask()
  t.match(first, /^w[12] GET \/v1\/x\?dc=WEST$/)
  t.equal(await ask(), first, 'the same one for a while')
  t.match(await ask('PUT'), /^w[12] PUT/)
  const get = (): Promise<unknown> =>
    Promise.resolve(e1.wan.route('west')?.ask({ method: 'GET', target: '/v1/y' }, AbortSignal.timeout(5000)))
  t.match(await get(), { status: 200, index: '7', body: /^w[12] GET \/v1\/y$/ })

  const [used, other] = first.startsWith('w1') ? [w1, w2] : [w2, w1]
  await used.crash()
  for (const method of ['PUT', 'GET', 'PUT', 'GET'])
    t.match(await ask(method), new RegExp(`^${other.info().name} ${method}`), 'the loss of a server is not noticed')
  await until('it counts as failed', () => shown(e1).includes(`${used.info().name}.west failed`))
  t.match(await get(), { body: new RegExp(`^${other.info().name}`) })

  await other.crash()
  t.equal(await ask(), 'nobody there')
  t.equal(await ask('PUT'), 'nobody there')
  t.equal(await get(), undefined)
  t.same(e1.wan.datacenters(), ['east', 'west'], 'it is still known')
  t.equal(e1.wan.route('north'), undefined)
  await until('both failed', () => shown(e1).join() === 'e1.east alive,w1.west failed,w2.west failed')

  const back = await west.start(used.info().name, { id: used.info().id, port: Number(used.address.split(':')[1]) })
  west.servers.splice(0, 2)
  await until('one is back', () => shown(e1).includes(`${back.info().name}.west alive`))
  t.match(await ask(), new RegExp(`^${back.info().name} GET`))
})

void t.test('leaving, forced leaving, and being forgotten', async t => {
  const [east, west] = datacenters(t, 'east', 'west') as [TestDatacenter, TestDatacenter]
  const [e1, e2] = [
    await east.start('e1', { reconnectTimeout: seconds(60) }),
    await east.start('e2', { reconnectTimeout: seconds(60) }),
  ]
  const [w1, w2, w3] = [await west.start('w1'), await west.start('w2'), await west.start('w3')]
  await w1.wan.join([e1.address])
  for (const server of [e1, e2]) await sees(server, ...alive('e1.east', 'e2.east', 'w1.west', 'w2.west', 'w3.west'))
  await until('all are kept', () => e1.catalog.wanServers.all().length === 3)

  await w2.leave()
  for (const server of [e1, e2]) await until('it left', () => shown(server).includes('w2.west left'))
  await until('it is not kept', () => e1.catalog.wanServers.all().length === 2)
  for (const server of [e1, e2])
    await until('it is forgotten', () => !shown(server).some(line => line.startsWith('w2')))

  t.equal(await e1.wan.forceLeave('w3.west', false), true, 'of a living one')
  t.ok(shown(e1).includes('w3.west alive'))
  t.equal(await e1.wan.forceLeave('w9.west', false), false)
  west.servers.splice(west.servers.indexOf(w3), 1)
  await w3.crash()
  await until('it failed', () => shown(e1).includes('w3.west failed'))
  t.equal(await e1.wan.forceLeave('W3.west', true), true)
  t.notOk(shown(e1).some(line => line.startsWith('w3')))
  await until('it is not kept', () => e1.catalog.wanServers.all().length === 1)
  await until('the other server does not list it', () => !shown(e2).some(line => line.startsWith('w3')))
  t.ok(shown(e2).includes('w1.west alive'))
})

void t.test('a record that runs out while the server lives is written again', async t => {
  const [east, west] = datacenters(t, 'east', 'west') as [TestDatacenter, TestDatacenter]
  const [e1, w1] = [await east.start('e1'), await west.start('w1')]
  await e1.wan.join([w1.address])
  await until('it is kept', () => e1.catalog.wanServers.all().length === 1)
  await east.store.commit({ when: [], then: [{ kind: 'delete', key: `wan/west/${w1.info().id}` }] })
  t.same(e1.catalog.wanServers.all(), [])
  await until('it is kept again', () => e1.catalog.wanServers.all().length === 1)
  t.same(shown(e1), alive('e1.east', 'w1.west'))
})

const plain: ServiceQuery = {
  service: 'db',
  failover: { nearestN: 1, datacenters: null },
  onlyPassing: true,
  ignoreCheckIds: null,
  near: '',
  tags: null,
  nodeMeta: null,
  serviceMeta: null,
  connect: false,
}

void t.test('a prepared query is asked in another datacenter', async t => {
  const [east, west] = datacenters(t, 'east', 'west') as [TestDatacenter, TestDatacenter]
  const [e1, w1] = [await east.start('e1'), await west.start('w1')]
  await e1.wan.join([w1.address])
  await sees(e1, ...alive('e1.east', 'w1.west'))
  for (const [node, status] of [
    ['a', 'passing'],
    ['b', 'warning'],
    ['c', 'passing'],
  ] as const) {
    await w1.catalog.execute(
      register({
        node,
        address: '192.0.2.1',
        service: { name: 'db', port: 5432, tags: ['x'] },
        checks: [{ node, name: 'up', status }],
      }),
    )
  }
  t.same(e1.wan.remote.nearest(), ['west'])
  const found = await e1.wan.remote.remote('west', plain, 0)
  t.same(found?.map(({ node }) => node.node).sort(), ['a', 'c'], 'those that pass')
  const sent = w1.catalog.health.instances('db').find(({ node }) => node.node === 'a')
  t.same(
    found?.find(({ node }) => node.node === 'a'),
    sent,
    'whole',
  )
  t.equal((await e1.wan.remote.remote('west', plain, 1))?.length, 1)
  t.same(await e1.wan.remote.remote('west', { ...plain, service: 'none' }, 0), [])
  t.equal(await e1.wan.remote.remote('north', plain, 0), undefined)
  await w1.crash()
  t.equal(await e1.wan.remote.remote('west', plain, 0), undefined)
})

void t.test('servers measure how far they are', async t => {
  const [east, west] = datacenters(t, 'east', 'west') as [TestDatacenter, TestDatacenter]
  const [e1, e2, w1] = [await east.start('e1'), await east.start('e2'), await west.start('w1')]
  t.match(e1.wan.coordinates()[0], { datacenter: 'east', servers: [{ node: 'e1', coordinate: { error: 1.5 } }] })
  await e1.wan.join([w1.address])
  const coordinates = await until('all coordinates are known and some are measured', () => {
    const all = e2.wan.coordinates()
    return all.flatMap(({ servers }) => servers).filter(({ coordinate }) => coordinate.error < 1.4).length === 3 && all
  })
  t.same(
    coordinates.map(({ datacenter, servers }) => [datacenter, servers.map(({ node }) => node)]),
    [
      ['east', ['e1', 'e2']],
      ['west', ['w1']],
    ],
  )
})

void t.test('malformed calls are refused, and leave nothing behind', async t => {
  const [east] = datacenters(t, 'east') as [TestDatacenter]
  const e1 = await east.start('e1')
  const { self, good } = { self: e1.info(), good: { ...e1.info(), id: 'other', name: 'x', datacenter: 'west' } }
  for (const method of ['wan/hello', 'wan/ping', 'wan/leave']) {
    for (const body of [
      undefined,
      null,
      1,
      [],
      {},
      { self: 'x' },
      { self: { ...self, id: 1 } },
      { self: { ...self, name: 'n'.repeat(513) } },
    ]) {
      await t.rejects(
        e1.client.call(e1.address, method, body),
        { code: 'CLUSTER_MESSAGE' },
        `${method} ${JSON.stringify(body)?.slice(0, 40)}`,
      )
    }
  }
  await t.rejects(e1.client.call(e1.address, 'wan/hello', { self: good, servers: [{ id: 'x' }] }), {
    code: 'CLUSTER_MESSAGE',
  })
  t.same(shown(e1), alive('e1.east'))
  const many = Array.from({ length: 1500 }, (_, i) => ({
    ...good,
    id: `id${i}`,
    name: `n${i}`,
    wanAddress: '127.0.77.1',
  }))
  await e1.client.call(e1.address, 'wan/hello', { self: good, servers: many })
  t.ok(e1.wan.members().length <= 1025, 'no more than are good for anything')
})
