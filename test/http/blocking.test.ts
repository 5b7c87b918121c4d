import t from 'tap'
import { until } from '../support/until.js'
import type { Reply } from './support/ask.js'
import { serve, type Served } from './support/serve.js'

const register = (served: Served, node: string, service: string, port = 1): Promise<Reply> =>
  served.put('/v1/catalog/register', { Node: node, Address: '192.0.2.1', Service: { Service: service, Port: port } })

const indexOf = (reply: Reply): number => Number(reply.headers['x-consul-index'])

/** Sends a query that blocks, and resolves once it really does. */
async function block(
  served: Served,
  path: string,
): Promise<{ readonly reply: Promise<Reply>; readonly done: () => boolean }> {
  const before = served.metrics.values.get('http.blocked_queries') ?? 0
  let done = false
  const reply = served.get(path).then(answer => {
    done = true
    return answer
  })
  await until(`${path} blocks`, () => (served.metrics.values.get('http.blocked_queries') ?? 0) > before)
  return { reply, done: () => done }
}

void t.test('each endpoint wakes for what it asked for', async t => {
  const served = await serve(t)
  await register(served, 'a', 'web')
  await register(served, 'b', 'other')
  const check = (status: string, node = 'a', serviceId = 'web'): Promise<Reply> =>
    served.put('/v1/catalog/register', {
      Node: node,
      Address: '192.0.2.1',
      Check: { CheckID: `c-${serviceId}`, Name: 'c', Status: status, ServiceID: serviceId },
    })
  await check('passing')
  await check('passing', 'b', 'other')
  let port = 100
  const cases: readonly [string, () => Promise<Reply>, () => Promise<Reply>][] = [
    [
      '/v1/catalog/service/web',
      () => register(served, 'b', 'other', ++port),
      () => register(served, 'a', 'web', ++port),
    ],
    ['/v1/catalog/node/a', () => register(served, 'b', 'other', ++port), () => register(served, 'a', 'web', ++port)],
    ['/v1/health/service/web?passing', () => check('critical', 'b', 'other'), () => check('critical')],
    ['/v1/health/checks/web', () => check('passing', 'b', 'other'), () => check('passing')],
    ['/v1/health/node/a', () => check('critical', 'b', 'other'), () => check('warning')],
    ['/v1/health/state/warning', () => register(served, 'b', 'other', ++port), () => check('passing')],
    ['/v1/catalog/services', () => register(served, 'b', 'other', ++port), () => register(served, 'b', 'born', ++port)],
    ['/v1/catalog/nodes', () => register(served, 'b', 'other', ++port), () => register(served, `n${++port}`, 'other')],
    ['/v1/catalog/service/unborn', () => register(served, 'b', 'other', ++port), () => register(served, 'a', 'unborn')],
    [
      '/v1/internal/ui/node/a',
      () => register(served, 'b', 'other', ++port),
      () => register(served, 'a', 'web', ++port),
    ],
    // Behind these stands everything, but their answer has to change.
    [
      '/v1/catalog/services?node-meta=none:x',
      () => register(served, 'b', 'other', ++port),
      () =>
        served.put('/v1/catalog/register', {
          Node: 'm',
          Address: '192.0.2.9',
          NodeMeta: { none: 'x' },
          Service: { Service: 'on-m' },
        }),
    ],
    [
      '/v1/health/state/any?node-meta=k:x',
      () => check('passing', 'b', 'other'),
      () =>
        served.put('/v1/catalog/register', {
          Node: 'k',
          Address: '192.0.2.9',
          NodeMeta: { k: 'x' },
          Check: { Name: 'k', Status: 'passing' },
        }),
    ],
  ]
  for (const [path, unrelated, related] of cases) {
    const before = await served.get(path)
    const query = `${path}${path.includes('?') ? '&' : '?'}index=${indexOf(before)}&wait=1m`
    const waiting = await block(served, query)
    t.equal((await unrelated()).body, 'true')
    // Wakings travel with the write, so what was woken would have answered before this.
    await served.get('/v1/status/leader')
    t.notOk(waiting.done(), `${path}: something else changed`)
    t.equal((await related()).body, 'true')
    const reply = await waiting.reply
    t.equal(reply.status, 200)
    t.ok(indexOf(reply) > indexOf(before), `${path}: the index rose`)
    t.not(reply.body, before.body, `${path}: the answer is the new one`)
    t.equal(reply.body, (await served.get(path)).body)
  }
})

void t.test('index and wait', async t => {
  const served = await serve(t)
  await register(served, 'a', 'web')
  const first = await served.get('/v1/catalog/service/web')
  const index = indexOf(first)
  t.ok(index >= 1)
  for (const query of ['index=0&wait=1m', `index=${index - 1}&wait=1m`]) {
    const reply = await served.get(`/v1/catalog/service/web?${query}`)
    t.same([reply.body, indexOf(reply)], [first.body, index], `${query} answers at once`)
  }
  for (const ahead of [index, 99999999, '18446744073709551615']) {
    const before = performance.now()
    const reply = await served.get(`/v1/catalog/service/web?index=${ahead}&wait=40ms`)
    t.same([reply.body, indexOf(reply)], [first.body, index], `index ${ahead} gives the present answer after the wait`)
    t.ok(performance.now() - before >= 39, 'not before')
  }
  t.ok(indexOf(await served.get('/v1/catalog/service/never-seen')) >= 1, 'never 0')
})

void t.test('writing an unchanged entry wakes no reader', async t => {
  const served = await serve(t)
  await register(served, 'a', 'web')
  const index = indexOf(await served.get('/v1/health/service/web'))
  const waiting = await block(served, `/v1/health/service/web?index=${index}&wait=1m`)
  for (let i = 0; i < 3; i++) await register(served, 'a', 'web')
  await served.get('/v1/status/leader')
  t.notOk(waiting.done())
  t.equal(indexOf(await served.get('/v1/health/service/web')), index)
  await register(served, 'a', 'web', 2)
  await waiting.reply
})

void t.test('many waiters share one answer, and those that go are forgotten', async t => {
  const served = await serve(t, { limits: { httpMaxConnsPerClient: 0, kvMaxValueSize: 1, txnMaxReqLen: 1 } })
  await register(served, 'a', 'web')
  const index = indexOf(await served.get('/v1/health/service/web'))
  const waiting = Array.from({ length: 300 }, (_, i) =>
    served.get(`/v1/health/service/web?index=${index}&wait=${60 + i}s`),
  )
  await until('all wait', () => served.metrics.values.get('http.blocked_queries') === 300)
  await register(served, 'a', 'web', 9)
  const bodies = new Set((await Promise.all(waiting)).map(reply => reply.body))
  t.same([...bodies], [(await served.get('/v1/health/service/web')).body])

  const controller = new AbortController()
  const next = indexOf(await served.get('/v1/health/service/web'))
  const leaving = served.get(`/v1/health/service/web?index=${next}&wait=1m`, { signal: controller.signal })
  await until('it waits', () => served.metrics.values.get('http.blocked_queries') === 1)
  controller.abort()
  await t.rejects(leaving)
  await until('nobody waits any more', () => served.metrics.values.get('http.blocked_queries') === 0)
})

void t.test('closing ends blocked queries with an answer, and the connection with it', async t => {
  const served = await serve(t)
  await register(served, 'a', 'web')
  const index = indexOf(await served.get('/v1/catalog/service/web'))
  const waiting = await block(served, `/v1/catalog/service/web?index=${index}&wait=5m`)
  await served.server.close()
  const reply = await waiting.reply
  t.equal(reply.status, 200)
  t.equal(reply.headers.connection, 'close')
  t.equal(indexOf(reply), index)
  await t.rejects(served.get('/v1/status/leader'), { code: 'ECONNREFUSED' })
})

void t.test('default reads pass a barrier where the store is elsewhere, stale ones do not', async t => {
  const served = await serve(t, {}, { alwaysCurrent: false })
  await register(served, 'a', 'web')
  let barriers = 0
  const barrier = served.catalog.barrier.bind(served.catalog)
  served.catalog.barrier = () => {
    barriers++
    return barrier()
  }
  for (const [query, expected] of [
    ['?stale', 0],
    ['?stale', 0],
    ['', 1],
    ['', 2],
    ['?consistent', 3],
    ['?stale&leader', 4],
    ['?max_stale=10s', 4],
  ] as const) {
    t.equal((await served.get(`/v1/catalog/service/web${query}`)).status, 200)
    t.equal(barriers, expected, `after ${query}`)
  }
})
