import t from 'tap'
import {
  Catalog,
  createSession,
  deregister,
  destroySession,
  kvAcquire,
  kvPut,
  pushNode,
  register,
  removeNode,
  startSessionReaper,
} from '../../../src/catalog/index.js'
import type { SessionRequest } from '../../../src/catalog/index.js'
import { MusterError } from '../../../src/common/errors.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { openLmdbStore, openMemoryStore } from '../../../src/store/index.js'
import type { Store } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../support/recording-log.js'
import { temporaryDirectory } from '../../support/temporary-directory.js'
import { until } from '../../support/until.js'
import { checkData, nodeData, openCatalog, serviceData, uuid } from '../samples.js'

const entry = (key: string) => ({ key, flags: 0n, value: Buffer.from('x') })

const request = (given: Partial<SessionRequest> & { readonly id: string }): SessionRequest => ({
  node: 'n1',
  name: '',
  behavior: '',
  ttl: '',
  lockDelay: milliseconds(0),
  nodeChecks: [],
  serviceChecks: [],
  checks: [],
  ...given,
})

const create = (catalog: Catalog, given: Partial<SessionRequest> & { readonly id: string }) =>
  catalog.execute(createSession(request(given), seconds(10)))

/** Node n1 with a check of its own and a service with one. */
async function prepare(catalog: Catalog): Promise<void> {
  await catalog.execute(
    register({
      node: 'n1',
      address: '192.0.2.1',
      service: { name: 'web' },
      checks: [
        { id: 'node', status: 'passing' },
        { id: 'web', status: 'passing', serviceId: 'web' },
      ],
    }),
  )
}

const failWeb = (catalog: Catalog) =>
  catalog.execute(
    register({ node: 'n1', address: '192.0.2.1', checks: [{ id: 'web', status: 'critical', serviceId: 'web' }] }),
  )

void t.test('a session ends in the same transaction as what it depends on', async t => {
  const sync =
    (remove: { services: string[]; checks: string[] }, status = 'passing') =>
    (catalog: Catalog) =>
      pushNode(catalog, {
        node: nodeData({ node: 'n1' }),
        put: { services: [], checks: status === 'passing' ? [] : [checkData({ id: 'node', status })] },
        remove,
      })
  const nothing = { services: [], checks: [] }
  const causes: readonly [string, Partial<SessionRequest>, (catalog: Catalog) => Promise<unknown>][] = [
    ['destroyed', {}, catalog => catalog.execute(destroySession(uuid('a')))],
    [
      'its check turns critical',
      { nodeChecks: ['node'] },
      catalog =>
        catalog.execute(register({ node: 'N1', address: '192.0.2.1', checks: [{ id: 'node', status: 'critical' }] })),
    ],
    ['its check turns critical in a sync', { checks: ['node'] }, sync(nothing, 'critical')],
    ['its service check turns critical', { serviceChecks: ['web'] }, failWeb],
    [
      'its check is removed',
      { nodeChecks: ['node'] },
      catalog => catalog.execute(deregister({ node: 'n1', checkId: 'node' })),
    ],
    ['its check is removed in a sync', { nodeChecks: ['node'] }, sync({ services: [], checks: ['node'] })],
    [
      'its service is removed',
      { serviceChecks: ['web'] },
      catalog => catalog.execute(deregister({ node: 'n1', serviceId: 'web' })),
    ],
    ['its service is removed in a sync', { serviceChecks: ['web'] }, sync({ services: ['web'], checks: [] })],
    ['its node is removed', {}, catalog => catalog.execute(removeNode('n1'))],
    ['its node is deregistered', {}, catalog => catalog.execute(deregister({ node: 'n1' }))],
  ]
  for (const [what, depends, cause] of causes) {
    await t.test(what, async t => {
      const { catalog } = await openCatalog(t)
      await prepare(catalog)
      await create(catalog, { id: uuid('a'), ...depends })
      await create(catalog, { id: uuid('b'), ...depends, behavior: 'delete' })
      await catalog.execute(kvAcquire(entry('kept'), uuid('a')))
      await catalog.execute(kvAcquire(entry('gone'), uuid('b')))
      const before = catalog.revision
      const topics = [
        catalog.sessions.topics.all(),
        catalog.sessions.topics.one(uuid('a')),
        catalog.sessions.topics.ofNode('n1'),
        catalog.kv.topics.one('kept'),
      ]
      await cause(catalog)
      t.equal(catalog.revision, before + 1, 'one transaction')
      t.equal(catalog.sessions.get(uuid('a')), undefined)
      for (const topic of topics) t.equal(topic.index, before + 1, topic.name)
      t.match(catalog.kv.get('kept'), { session: '', lockIndex: 1, modified: before + 1 })
      if (what === 'destroyed') return
      t.equal(catalog.sessions.get(uuid('b')), undefined)
      t.equal(catalog.kv.get('gone'), undefined)
    })
  }
})

void t.test('what it does not depend on leaves a session alone', async t => {
  const { catalog } = await openCatalog(t)
  await prepare(catalog)
  await create(catalog, { id: uuid('a'), nodeChecks: ['node'] })
  await failWeb(catalog)
  await catalog.execute(register({ node: 'n2', address: '192.0.2.2', checks: [{ id: 'node', status: 'critical' }] }))
  await catalog.execute(
    register({
      node: 'n1',
      address: '192.0.2.9',
      service: serviceData({ id: 'web', port: 5 }),
      checks: [{ id: 'node', status: 'warning' }],
    }),
  )
  await catalog.execute(removeNode('n2'))
  t.ok(catalog.sessions.get(uuid('A')), 'ids match in any case')
})

void t.test('refusals, in the words that clients know', async t => {
  const { catalog } = await openCatalog(t)
  await prepare(catalog)
  await failWeb(catalog)
  const cases: readonly [Partial<SessionRequest>, string][] = [
    [{ node: '' }, 'Must provide Node'],
    [{ node: 'absent' }, 'apply failed: Missing node registration'],
    [{ behavior: 'keep' }, "Invalid Behavior setting 'keep'"],
    [{ ttl: 'soon' }, 'Session TTL \'soon\' invalid: time: invalid duration "soon"'],
    [{ ttl: '9.5s' }, "Invalid Session TTL '9500000000', must be between [10s=24h0m0s]"],
    [{ ttl: '24h1s' }, "Invalid Session TTL '86401000000000', must be between [10s=24h0m0s]"],
    [{ serviceChecks: ['absent'] }, "apply failed: Missing check 'absent' registration"],
    [{ serviceChecks: ['web'] }, "apply failed: Check 'web' is in critical state"],
  ]
  for (const [given, message] of cases) {
    await t.rejects(create(catalog, { id: uuid('a'), ...given }), { code: 'SESSION_INVALID', status: 500, message })
  }
  t.same(catalog.sessions.all(), [])
})

void t.test('lock-delay: the key cannot be locked for a while, plain writes succeed', async t => {
  const clock = new FakeClock()
  const { catalog } = await openCatalog(t, { clock, store: openMemoryStore({ clock }) })
  await prepare(catalog)
  for (const digit of ['a', 'b', 'c'])
    await create(catalog, { id: uuid(digit), lockDelay: digit === 'a' ? seconds(5) : seconds(600) })
  const acquire = async (key: string): Promise<boolean> =>
    (await catalog.execute(kvAcquire(entry(key), uuid('c')))).result
  await catalog.execute(kvAcquire(entry('a'), uuid('a')))
  await catalog.execute(kvAcquire(entry('b'), uuid('b')))
  await catalog.execute(destroySession(uuid('a')))
  await catalog.execute(destroySession(uuid('b')))
  t.equal(await acquire('a'), false)
  t.equal((await catalog.execute(kvPut({ ...entry('a'), value: Buffer.from('plain') }))).result, true)
  await clock.advance(4999)
  t.equal(await acquire('a'), false)
  await clock.advance(1)
  t.equal(await acquire('a'), true)
  t.equal(await acquire('b'), false, 'a session may ask for more')
  await clock.advance(55_000)
  t.equal(await acquire('b'), true, 'but a minute is the most')
})

void t.test('a restart keeps sessions, locks and lock-delays', async t => {
  const directory = temporaryDirectory(t)
  const open = async (): Promise<{ catalog: Catalog; store: Store; clock: FakeClock }> => {
    const clock = new FakeClock()
    const store = await openLmdbStore({ directory, clock })
    return { catalog: await Catalog.open({ store, clock }), store, clock }
  }
  const before = await open()
  await prepare(before.catalog)
  for (const digit of ['a', 'b'])
    await create(before.catalog, { id: uuid(digit), lockDelay: seconds(5), ttl: digit === 'b' ? '10s' : '' })
  await before.catalog.execute(kvAcquire(entry('delayed'), uuid('a')))
  await before.catalog.execute(kvAcquire(entry('held'), uuid('b')))
  await before.catalog.execute(kvPut({ key: 'binary', flags: 0xffff_ffff_ffff_ffffn, value: Buffer.from([0, 255, 1]) }))
  await before.catalog.execute(destroySession(uuid('a')))
  const [held, binary, session] = [
    before.catalog.kv.get('held'),
    before.catalog.kv.get('binary'),
    before.catalog.sessions.get(uuid('b')),
  ]
  before.catalog.close()
  await before.store.close()

  const after = await open()
  t.teardown(async () => {
    after.catalog.close()
    await after.store.close()
  })
  t.same(after.catalog.kv.get('held'), held)
  t.same(after.catalog.kv.get('binary'), binary)
  t.same(after.catalog.sessions.get(uuid('b')), session)
  t.same(after.catalog.locks.heldBy(uuid('b')), ['held'])
  t.equal((await after.catalog.execute(kvAcquire(entry('delayed'), uuid('b')))).result, false)
  await after.clock.advance(5000)
  await until('the lock-delay is over', () => !after.catalog.lockDelays.has('delayed'))
  t.equal((await after.catalog.execute(kvAcquire(entry('delayed'), uuid('b')))).result, true)
})

void t.test('the reaper ends sessions at twice their TTL, renewal starts it anew', async t => {
  const clock = new FakeClock()
  const { catalog } = await openCatalog(t, { clock, store: openMemoryStore({ clock }) })
  await prepare(catalog)
  await create(catalog, { id: uuid('a'), ttl: '10s' })
  const reaper = startSessionReaper({ catalog, clock })
  t.teardown(() => {
    reaper.close()
  })
  await create(catalog, { id: uuid('b'), ttl: '20s' })
  await create(catalog, { id: uuid('c') })
  await create(catalog, { id: uuid('d'), ttl: '0s' })
  await catalog.execute(kvAcquire(entry('k'), uuid('a')))
  await clock.advance(15_000)
  t.match(await catalog.renewSession(uuid('a')), { id: uuid('a') })
  t.equal(await catalog.renewSession(uuid('9')), undefined)
  await clock.advance(19_999)
  t.ok(catalog.sessions.get(uuid('a')))
  await clock.advance(1)
  t.equal(catalog.sessions.get(uuid('a')), undefined)
  t.match(catalog.kv.get('k'), { session: '', lockIndex: 1 })
  t.ok(catalog.sessions.get(uuid('b')))
  await clock.advance(5000)
  t.same(
    catalog.sessions.all().map(({ id }) => id),
    [uuid('c'), uuid('d')],
    'without a TTL a session stays',
  )
  await clock.advance(1_000_000)
  t.equal(catalog.sessions.all().length, 2)
})

void t.test(
  'a session that cannot be ended is tried again, and said to be; a closed reaper leaves nothing running',
  async t => {
    const clock = new FakeClock()
    const store = openMemoryStore({ clock })
    const { catalog } = await openCatalog(t, { clock, store })
    await prepare(catalog)
    await create(catalog, { id: uuid('a'), ttl: '10s' })
    let refusals = 2
    const log = new RecordingLog()
    const reaper = startSessionReaper({
      catalog: {
        followSessions: follower => catalog.followSessions(follower),
        execute: command =>
          refusals-- > 0 ? Promise.reject(new MusterError('STORE_FULL', 'the disk is full')) : catalog.execute(command),
      },
      clock,
      log,
    })
    await clock.advance(21_000)
    t.ok(catalog.sessions.get(uuid('a')))
    t.equal(log.messages('warn').length, 2)
    t.match(log.lines[0]?.fields, { session: uuid('a'), error: 'the disk is full' })
    await clock.advance(1000)
    t.equal(catalog.sessions.get(uuid('a')), undefined)
    await create(catalog, { id: uuid('b'), ttl: '10s' })
    reaper.close()
    t.equal(clock.pending, 0)
    await create(catalog, { id: uuid('c'), ttl: '10s' })
    t.equal(clock.pending, 0)
  },
)
