import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { Catalog, fireEvent, type EventData, type UserEvent } from '../../../src/catalog/index.js'
import { EventLog, catalogFeed, newEvent, serveEvents, serverFeed, type EventFeed } from '../../../src/cluster/index.js'
import { createRpcClient, createRpcServer } from '../../../src/rpc/index.js'
import { acceptsEvent } from '../../../src/cluster/events/filters.js'
import { systemClock } from '../../../src/common/clock.js'
import { openMemoryStore, revision, type Store } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { until } from '../../support/until.js'

const event = (name: string, more: Partial<EventData> = {}): EventData => ({
  id: randomUUID(),
  name,
  payload: '',
  nodeFilter: '',
  serviceFilter: '',
  tagFilter: '',
  ...more,
})

/** Events that come one after the other, by name. */
function gathered(t: Test, feed: EventFeed): string[] {
  const names: string[] = []
  const subscription = feed.follow(({ name }) => {
    names.push(name)
  })
  t.teardown(() => {
    subscription.close()
  })
  return names
}

async function opened(t: Test, store: Store = openMemoryStore()): Promise<Catalog> {
  const catalog = await Catalog.open({ store, clock: systemClock })
  t.teardown(async () => {
    catalog.close()
    await store.close()
  })
  return catalog
}

void t.test("refusals, in Consul's words", t => {
  const request = { name: 'n', payload: Buffer.from('p'), nodeFilter: '', serviceFilter: '', tagFilter: '' }
  t.match(newEvent(request), { name: 'n', payload: 'cA==', id: /^[0-9a-f-]{36}$/ })
  t.ok(newEvent({ ...request, payload: Buffer.alloc(511) }))
  for (const [more, message] of [
    [{ name: '' }, 'Missing name'],
    [{ tagFilter: 'x' }, 'Cannot provide tag filter without service filter'],
    [{ nodeFilter: '((' }, /^Invalid node filter: /],
    [{ serviceFilter: '[' }, /^Invalid service filter: /],
    [{ serviceFilter: 'a', tagFilter: '*' }, /^Invalid tag filter: /],
    [{ payload: Buffer.alloc(512) }, /exceeds configured limit of 512 bytes before encoding$/],
    [{ payload: Buffer.alloc(500), nodeFilter: 'x'.repeat(12) }, /512 bytes/],
  ] as const)
    t.throws(() => newEvent({ ...request, ...more }), {
      code: 'EVENT_INVALID',
      status: message === 'Missing name' ? 400 : 500,
      message,
    })
  t.end()
})

void t.test('whom an event is for', t => {
  const services = [
    { id: 'web-1', tags: ['blue', 'v2'] },
    { id: 'db', tags: [] },
  ]
  const cases: readonly [Partial<EventData>, boolean][] = [
    [{}, true],
    [{ nodeFilter: 'n[0-9]' }, true],
    [{ nodeFilter: '^1' }, false],
    [{ nodeFilter: 'N1' }, false],
    [{ serviceFilter: 'web' }, true],
    [{ serviceFilter: '^eb' }, false],
    [{ serviceFilter: 'web', tagFilter: 'bl.e' }, true],
    [{ serviceFilter: 'db', tagFilter: 'blue' }, false],
    [{ serviceFilter: '.', tagFilter: '^v2$' }, true],
    [{ nodeFilter: 'other', serviceFilter: 'web' }, false],
    [{ nodeFilter: '((' }, false],
    [{ serviceFilter: '(a*)*$', tagFilter: '(x+x+)+y' }, false],
  ]
  for (const [more, expected] of cases)
    t.equal(acceptsEvent(event('e', more), 'n1', services), expected, JSON.stringify(more))
  t.equal(acceptsEvent(event('e', { serviceFilter: 'web' }), 'n1', []), false)
  const many = Array.from({ length: 50_000 }, (_, i) => ({ id: `service${i}`, tags: ['x'.repeat(200)] }))
  t.equal(
    acceptsEvent(event('e', { serviceFilter: '.', tagFilter: '(x|xx|xxx)*(x|xx|xxx)*(x|xx|xxx)*y' }), 'n1', many),
    false,
    'what costs too much is for nobody',
  )
  t.end()
})

void t.test('on a server: what is fired from now on, in order; old ones give way', async t => {
  const catalog = await opened(t)
  await catalog.execute(fireEvent(event('before')))
  const names = gathered(t, catalogFeed(catalog, systemClock))
  for (let i = 0; i < 20; i++) await catalog.execute(fireEvent(event(`e${i}`)))
  await until('all came', () => names.length === 20)
  t.same(
    names,
    Array.from({ length: 20 }, (_, i) => `e${i}`),
  )
  t.same(
    catalog.events.since(catalog.events.all()[18]?.created ?? catalog.revision).map(({ name }) => name),
    ['e18', 'e19'],
  )
  t.same(catalog.events.since(catalog.revision), [])
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => catalog.execute(fireEvent(event(`f${round}-${i}`)))))
  }
  await catalog.execute(fireEvent(event('last')))
  t.ok(
    catalog.events.all().length >= 1024 && catalog.events.all().length <= 2048 + 100,
    `${catalog.events.all().length} wait`,
  )
  t.equal(catalog.events.all().at(-1)?.name, 'last')
  await until('none was missed', () => names.length === 3021)
})

void t.test(
  'on a client agent: from any server, each once, also those that were fired while no server was there',
  async t => {
    const store = openMemoryStore()
    const catalog = await opened(t, store)
    const start = async (port = 0) => {
      const server = createRpcServer({
        lan: { bind: '127.0.0.1', port, allowed: [] },
        wan: { bind: '127.0.0.1', port: -1, allowed: [] },
        connectionsPerClient: 0,
        log: new RecordingLog(),
        metrics: new RecordingMetrics(),
        clock: systemClock,
      })
      serveEvents(server, catalog)
      await server.start()
      t.teardown(() => server.close())
      return server
    }
    const first = await start()
    const { lan: port } = first.ports
    const client = createRpcClient({ clock: systemClock })
    t.teardown(() => {
      client.close()
    })
    const asked: unknown[] = []
    await catalog.execute(fireEvent(event('before')))
    const names = gathered(
      t,
      serverFeed({
        call: (method, body, options) => {
          asked.push(body)
          return client.call(`127.0.0.1:${port}`, method, body, options)
        },
        clock: systemClock,
        log: new RecordingLog(),
      }),
    )
    await until('it waits at the server', () => asked.length === 2)
    await catalog.execute(fireEvent(event('one')))
    await until('it came', () => names.length === 1)
    await first.close()
    await catalog.execute(fireEvent(event('two')))
    await catalog.execute(fireEvent(event('three')))
    await start(port)
    await until('they came', () => names.length === 3)
    t.same(names, ['one', 'two', 'three'])
  },
)

void t.test('a server that is behind the last one, or another store, repeats nothing and loses nothing', async t => {
  const at = (id: string, created: number): UserEvent => ({
    ...event(id),
    id,
    created: revision(created),
    modified: revision(created),
  })
  const answers: unknown[] = [
    { revision: 100, events: [] },
    { revision: 105, events: [at('a', 101), at('b', 105)] },
    // The next server is behind: it says where it is.
    { revision: 90, events: [] },
    { revision: 106, events: [at('a', 101), at('b', 105), at('c', 106)] },
    'nonsense',
    { revision: 107, events: [{ id: 1 }, null, at('d', 107)] },
  ]
  const asked: unknown[] = []
  const hurried = { ...systemClock, after: (delay: number, run: () => void) => systemClock.after(delay / 100, run) }
  const names = gathered(
    t,
    serverFeed({
      call: (_method, body, { signal }) => {
        asked.push((body as { since?: number }).since)
        return answers.length > 0
          ? Promise.resolve(answers.shift())
          : new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reject(new Error('aborted'))
              })
            })
      },
      clock: hurried,
      log: new RecordingLog(),
    }),
  )
  await until('all came', () => asked.length === 7)
  t.same(names, ['a', 'b', 'c', 'd'])
  t.same(asked, [undefined, 100, 105, 90, 106, 106, 107])
})

void t.test('an agent keeps the newest 256, and a list has an index of its last event', async t => {
  let fire: (event: UserEvent) => void = () => undefined
  const clock = new FakeClock()
  const internal: string[] = []
  const log = new EventLog({
    feed: {
      follow: on => {
        fire = on
        return { close: () => undefined }
      },
    },
    node: () => 'n1',
    services: () => [],
    clock,
    internal: ({ name }) => {
      internal.push(name)
    },
  })
  const stored = (data: EventData): UserEvent => ({ ...data, created: revision(5), modified: revision(5) })
  t.equal(EventLog.index(log.list('')), 1n)
  fire(stored(event('a', { id: '00000000-0000-0003-0000-000000000001' })))
  t.equal(EventLog.index(log.list('')), 2n)
  fire(stored(event('b', { id: 'ffffffff-ffff-ffff-0000-000000000000' })))
  t.equal(EventLog.index(log.list('')), 2n ** 64n - 1n)
  t.equal(EventLog.index(log.list('a')), 2n, 'of this name')
  fire(stored(event('c', { nodeFilter: 'other' })))
  fire(stored(event('_internal')))
  fire(stored(event('_internal', { nodeFilter: 'other' })))
  t.same(internal, ['_internal'])
  t.same(log.list('_internal'), [])
  t.same(
    log.list('').map(({ name }) => name),
    ['a', 'b'],
  )
  const { signal } = new AbortController()
  const waiting = log.wait('a', 2n, 60_000, signal)
  fire(stored(event('b')))
  fire(stored(event('a')))
  t.equal((await waiting).length, 2, 'events of other names do not wake')
  t.equal((await log.wait('a', 7n, 60_000, signal)).length, 2, 'any other index is answered at once')
  const inVain = log.wait('none', 1n, 60_000, signal)
  await clock.advance(60_000)
  t.equal((await inVain).length, 0, 'after the wait')
  t.equal((await log.wait('none', 1n, 60_000, AbortSignal.abort())).length, 0)
  for (let i = 0; i < 300; i++) fire(stored(event(`e${i}`)))
  t.same([log.list('').length, log.list('')[0]?.name, log.list('').at(-1)?.name], [256, 'e44', 'e299'])
})
