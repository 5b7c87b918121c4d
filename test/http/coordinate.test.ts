import t from 'tap'
import { startCoordinate } from '../../src/common/coordinate.js'
import { until } from '../support/until.js'
import type { Reply } from './support/ask.js'
import { serve, type Served } from './support/serve.js'

const coord = (x: number) => ({ Vec: [x, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0 })

const place = (served: Served, node: string, x: number): Promise<Reply> =>
  served.put('/v1/coordinate/update', { Node: node, Coord: coord(x) })

async function withNodes(served: Served, ...names: readonly string[]): Promise<void> {
  for (const node of names) {
    await served.put('/v1/catalog/register', {
      Node: node,
      Address: '192.0.2.1',
      Service: { Service: 'web', Port: 80 },
      Check: { CheckID: 'c', Name: 'c', Status: 'passing' },
    })
  }
}

const nodesOf = (reply: Reply): string[] =>
  (reply.json() as { Node: string | { Node: string } }[]).map(({ Node: node }) =>
    typeof node === 'string' ? node : node.Node,
  )

void t.test(
  'a sorted answer that is kept follows the coordinates; who waits is not woken by them, and then sees the new order',
  async t => {
    const served = await serve(t)
    await withNodes(served, 'a', 'b', 'c', 'd')
    const paths = ['/v1/catalog/nodes', '/v1/catalog/service/web', '/v1/health/service/web', '/v1/health/state/passing']
    for (const [node, x] of [
      ['a', 0],
      ['b', 2],
      ['c', 1],
    ] as const)
      await place(served, node, x)
    for (const path of paths) {
      t.same(nodesOf(await served.get(`${path}?near=A`)), ['a', 'c', 'b', 'd'], path)
      t.same(nodesOf(await served.get(`${path}?near=A`)), ['a', 'c', 'b', 'd'], `${path} again`)
    }
    const before = await served.get('/v1/health/service/web?near=a')
    let done = false
    const waiting = served
      .get(`/v1/health/service/web?near=a&index=${String(before.headers['x-consul-index'])}`)
      .then(reply => {
        done = true
        return reply
      })
    await until('it blocks', () => (served.metrics.values.get('http.blocked_queries') ?? 0) > 0)
    await place(served, 'b', 0.5)
    for (const path of paths)
      t.same(nodesOf(await served.get(`${path}?near=a`)), ['a', 'b', 'c', 'd'], `${path} after a change`)
    t.equal(done, false)
    await withNodes(served, 'e')
    t.same(nodesOf(await waiting), ['a', 'b', 'c', 'd', 'e'])
    t.same(
      nodesOf(await served.get('/v1/catalog/nodes?near=d')),
      ['d', 'a', 'b', 'c', 'e'],
      'near a node without a coordinate: that one, and the rest as it is',
    )
    t.same(nodesOf(await served.get('/v1/catalog/nodes?near=nobody')), ['a', 'b', 'c', 'd', 'e'])
  },
)

void t.test('reads of one node and of all block, each for what it asked for', async t => {
  const served = await serve(t)
  await withNodes(served, 'a', 'b')
  await place(served, 'a', 1)
  await place(served, 'b', 1)
  const one = await served.get('/v1/coordinate/node/A')
  t.same(one.json(), [{ Node: 'a', Segment: '', Coord: coord(1) }])
  let woken = false
  const waiting = served.get(`/v1/coordinate/node/a?index=${String(one.headers['x-consul-index'])}`).then(reply => {
    woken = true
    return reply
  })
  await until('it blocks', () => (served.metrics.values.get('http.blocked_queries') ?? 0) > 0)
  await place(served, 'b', 2)
  t.equal((await served.get('/v1/coordinate/nodes')).json() instanceof Array, true)
  t.equal(woken, false)
  await place(served, 'a', 3)
  t.same((await waiting).json(), [{ Node: 'a', Segment: '', Coord: coord(3) }])
  t.match(await served.get('/v1/coordinate/node/absent'), { status: 404, body: '' })
  t.match((await served.get('/v1/coordinate/node/absent')).headers, { 'x-consul-index': /^\d+$/ })
  t.same((await served.get('/v1/coordinate/nodes?segment=x')).json(), [])
  t.equal((await served.get('/v1/coordinate/node/')).status, 400)
})

void t.test('invalid coordinates are refused', async t => {
  const served = await serve(t)
  await withNodes(served, 'a')
  for (const body of [
    '{',
    '[]',
    {},
    { Node: 'a' },
    { Coord: coord(1) },
    { Node: 'a', Coord: { ...coord(1), Vec: 'x' } },
    { Node: 'a', Coord: { ...coord(1), Vec: [1, 0, 0, 0, 0, 0, 0, 'x'] } },
    { Node: 'a', Coord: { ...coord(1), Error: '1' } },
    { Node: 'a', Segment: 'x', Coord: coord(1) },
    { Node: 'a', Coord: { ...coord(1), Nope: 1 } },
  ])
    t.equal((await served.put('/v1/coordinate/update', body)).status, 400, JSON.stringify(body))
  // What can be read and is none is refused by the servers, in Consul too.
  for (const body of [
    { Node: 'a', Coord: { ...coord(1), Vec: [1, 2] } },
    '{"Node":"a","Coord":{"Vec":[1e999,0,0,0,0,0,0,0],"Error":1}}',
  ]) {
    t.equal((await served.put('/v1/coordinate/update', body)).status, 500, JSON.stringify(body))
  }
  t.same(served.catalog.coordinates.all(), [])
  t.equal((await served.put('/v1/coordinate/update', { Node: 'absent', Coord: coord(1) })).status, 200)
})

void t.test('places of servers, and of this agent', async t => {
  const alone = await serve(t)
  t.same((await alone.get('/v1/coordinate/datacenters')).json(), [
    {
      Datacenter: 'dc1',
      AreaID: 'wan',
      Coordinates: [{ Node: 'n1', Segment: '', Coord: { ...coord(0), Height: 1e-5 } }],
    },
  ])
  t.match((await alone.get('/v1/agent/self')).json(), { Coord: null })
  const measured = await serve(
    t,
    {},
    {
      places: {
        own: startCoordinate,
        ofDatacenters: () => [
          { datacenter: 'dc1', servers: [] },
          { datacenter: 'dc2', servers: [{ node: 's', coordinate: { ...startCoordinate, height: 1 } }] },
        ],
      },
    },
  )
  t.match((await measured.get('/v1/agent/self')).json(), { Coord: { Error: 1.5, Height: 1e-5 } })
  t.match((await measured.get('/v1/coordinate/datacenters')).json(), [
    { Datacenter: 'dc1', Coordinates: [] },
    { Datacenter: 'dc2', Coordinates: [{ Node: 's', Coord: { Height: 1 } }] },
  ])
})

void t.test('a prepared query that finds nothing here looks in other datacenters', async t => {
  const asked: string[] = []
  const served = await serve(
    t,
    {},
    {
      others: {
        nearest: () => ['dc2', 'dc3'],
        remote: (datacenter, query, limit) => {
          asked.push(`${datacenter} ${query.service} ${limit}`)
          return Promise.resolve(datacenter === 'dc3' ? served.catalog.health.instances('web') : undefined)
        },
      },
    },
  )
  await withNodes(served, 'a')
  await served.put(
    '/v1/query',
    { Name: 'far', Service: { Service: 'absent', Failover: { NearestN: 2 } } },
    { method: 'POST' },
  )
  t.match((await served.get('/v1/query/far/execute?limit=3')).json(), {
    Datacenter: 'dc3',
    Failovers: 2,
    Nodes: [{ Node: { Node: 'a', Datacenter: 'dc3' } }],
  })
  t.same(asked, ['dc2 absent 3', 'dc3 absent 3'])
})
