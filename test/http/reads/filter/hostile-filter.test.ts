import t from 'tap'
import { register } from '../../../../src/catalog/index.js'
import { serve, type Served } from '../../support/serve.js'

t.setTimeout(120_000)

let seed = 1
/** Letters in no order, so that an expression meets ever new ways to match. */
const text = (): string =>
  `Z${Array.from({ length: 499 }, () => ((seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) > 0x3fffffff ? 'a' : 'b')).join('')}`

/** Two thousand instances of a service, each with a long text in its metadata. */
async function populated(served: Served): Promise<void> {
  for (let i = 0; i < 2000; i++)
    await served.catalog.execute(
      register({
        node: `n${i % 40}`,
        address: '192.0.2.1',
        service: { id: `web-${i}`, name: 'web', meta: { k: text() } },
      }),
    )
}

const filtered = (expression: string): string => `/v1/health/service/web?filter=${encodeURIComponent(expression)}`

t.test('a hostile filter is answered, and what is asked meanwhile is answered before it', async t => {
  const served = await serve(t)
  await populated(served)
  const order: string[] = []
  const hostile = served.get(filtered('Service.Meta.k matches "(a|b)*a(a|b){11}Z"')).then(reply => {
    order.push('hostile')
    return reply
  })
  for (let i = 0; i < 20; i++) {
    t.equal((await served.get('/v1/status/leader')).status, 200)
    order.push('other')
  }
  t.same((await hostile).json(), [])
  t.ok(order.indexOf('hostile') >= 3, `${order.indexOf('hostile')} others were answered first`)
  t.equal(
    ((await served.get(filtered('Service.Meta.k matches "^Z(a|b)*$"'))).json() as unknown[]).length,
    2000,
    'an ordinary one on as many',
  )
})

t.test('a filter that takes too much work is refused with what to do, and the same for as many at once', async t => {
  const served = await serve(t)
  await populated(served)
  const costly = filtered('Service.Meta.k matches "(a|b)*a(a|b){500}Z"')
  for (const reply of await Promise.all(Array.from({ length: 9 }, () => served.get(costly)))) {
    t.match(reply, {
      status: 500,
      body: 'the filter takes too much work',
      headers: { 'x-muster-hint': /ask for less at once/ },
    })
  }
})

t.test('sixty that wait with filters of their own are woken in turns, and writes are answered meanwhile', async t => {
  const served = await serve(t)
  await populated(served)
  const { revision } = served.catalog
  const order: string[] = []
  const waiting = Array.from({ length: 60 }, (_, i) =>
    served.get(`${filtered(`Service.Meta.k matches "(a|b)*a(a|b){9}${i}"`)}&index=${revision}&wait=60s`).then(reply => {
      order.push('woken')
      return reply
    }),
  )
  while (served.metrics.values.get('http.blocked_queries') !== 60) await served.get('/v1/status/leader')
  for (let i = 0; i < 3; i++) {
    await served.put('/v1/catalog/register', {
      Node: 'n0',
      Address: '192.0.2.1',
      Service: { ID: `new-${i}`, Service: 'web' },
    })
    order.push('write')
  }
  for (const reply of await Promise.all(waiting)) {
    t.equal(reply.status, 200)
    t.ok(Number(reply.headers['x-consul-index']) > revision)
  }
  t.ok(order.indexOf('write') < 10 && order.lastIndexOf('write') < 40, order.join(' '))
})

t.test('those who ask for the same at once share one evaluation, and an answer is of one moment', async t => {
  const served = await serve(t)
  await populated(served)
  const path = filtered('Service.Meta.k matches "(a|b)*a(a|b){11}Z" or Service.ID matches "^(web|new)-"')
  const asked = Array.from({ length: 5 }, () => served.get(path))
  await served.get('/v1/status/leader')
  await served.put('/v1/catalog/register', {
    Node: 'n0',
    Address: '192.0.2.1',
    Service: { ID: 'new-1', Service: 'web' },
  })
  await served.put('/v1/catalog/deregister', { Node: 'n0', ServiceID: 'web-0' })
  const replies = await Promise.all(asked)
  t.equal(new Set(replies.map(({ body }) => body)).size, 1)
  const [first] = replies
  const ids = (first?.json() as { Service: { ID: string } }[]).map(({ Service }) => Service.ID)
  t.same([ids.includes('web-0'), ids.includes('new-1'), ids.length], [true, false, 2000])
  const after = await served.get(path)
  t.ok(Number(after.headers['x-consul-index']) > Number(first?.headers['x-consul-index']))
  t.equal((after.json() as unknown[]).length, 2000)
  t.match(after.body, '"new-1"')
})
