import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  Catalog,
  createSession,
  deregister,
  destroySession,
  kvAcquire,
  kvCas,
  kvDelete,
  kvDeleteTree,
  kvPut,
  kvRelease,
  register,
  runTransaction,
} from '../../../src/catalog/index.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { openCatalog } from '../samples.js'
import { laggingStore } from './lagging-store.js'

const bytes = (text: string): Buffer => Buffer.from(text)
const entry = (key: string, value = 'x') => ({ key, flags: 0n, value: bytes(value) })
const session = (id: string, nodeChecks: readonly string[] = [], behavior = 'release') => ({
  id,
  node: 'n1',
  name: '',
  behavior,
  ttl: '',
  lockDelay: milliseconds(0),
  nodeChecks,
  serviceChecks: [],
  checks: [],
})

void t.test('of a hundred concurrent lock attempts one succeeds, and the others fail', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(register({ node: 'n1', address: '192.0.2.1' }))
  const ids = Array.from({ length: 100 }, () => randomUUID())
  await Promise.all(ids.map(id => catalog.execute(createSession(session(id), seconds(10)))))
  const outcomes = await Promise.all(ids.map(id => catalog.execute(kvAcquire(entry('lock', id), id))))
  t.equal(outcomes.filter(({ result }) => result).length, 1)
  const winner = ids[outcomes.findIndex(({ result }) => result)]
  t.match(catalog.kv.get('lock'), { session: winner, lockIndex: 1 })
  t.equal(catalog.kv.get('lock')?.value.toString(), winner)
})

void t.test('a counter that many raise with cas loses nothing', async t => {
  const { catalog } = await openCatalog(t)
  const raise = async (): Promise<void> => {
    for (;;) {
      const standing = catalog.kv.get('n')
      const next = String(Number(standing?.value.toString() ?? '0') + 1)
      if ((await catalog.execute(kvCas(entry('n', next), standing?.modified ?? 0))).result) return
    }
  }
  await Promise.all(Array.from({ length: 50 }, raise))
  t.equal(catalog.kv.get('n')?.value.toString(), '50')
})

void t.test('plain writers of one key do not wait for each other, and the last one counts', async t => {
  const store = openMemoryStore()
  const { catalog } = await openCatalog(t, { store })
  const writes = Array.from({ length: 200 }, (_, i) => catalog.execute(kvPut(entry('k', `v${i}`))))
  const revisions = (await Promise.all(writes)).map(({ revision }) => revision)
  t.same(
    revisions,
    [...revisions].sort((a, b) => a - b),
    'in order of arrival',
  )
  t.equal(catalog.kv.get('k')?.value.toString(), 'v199')
})

void t.test('what a transaction that writes shows of a tree is all there was when it was committed', async t => {
  const inner = openMemoryStore()
  const [near, far] = await Promise.all(
    [inner, laggingStore(inner, () => 20)].map(store => Catalog.open({ store, clock: new FakeClock() })),
  )
  if (near === undefined || far === undefined) throw new Error('two catalogs were opened')
  const shown = async (): Promise<unknown> => {
    const outcome = await runTransaction(far, [
      { kind: 'kv', verb: 'get-tree', data: entry('tree/', ''), index: 0, session: '' },
      { kind: 'kv', verb: 'set', data: entry('seen', randomUUID()), index: 0, session: '' },
    ])
    return 'results' in outcome && outcome.results.flatMap(result => (result.kind === 'kv' ? [result.entry.key] : []))
  }
  await near.execute(kvPut(entry('tree/a')))
  await near.execute(kvPut(entry('tree/b')))
  t.same(await shown(), ['tree/a', 'tree/b', 'seen'], 'keys that came')
  await near.execute(kvDelete('tree/a'))
  t.same(await shown(), ['tree/b', 'seen'], 'a key that went')
  for (const catalog of [near, far]) catalog.close()
  await inner.close()
})

const keys = ['a', 'a/b', 'c']
const step = fc.record({
  /** Which of two servers is asked. */
  server: fc.nat(1),
  do: fc.constantFrom(
    'put',
    'acquire',
    'acquire',
    'acquire',
    'release',
    'delete',
    'delete-tree',
    'create',
    'create',
    'destroy',
    'fail',
    'pass',
    'remove check',
    'remove node',
    'txn',
  ),
  key: fc.constantFrom(...keys),
  session: fc.nat(4),
  behavior: fc.constantFrom('release', 'delete'),
})

void t.test(
  'two servers that hear of each other late: no lock is left to a session that is gone, no session to a check that is critical',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 8 }),
        fc.infiniteStream(fc.nat(4)),
        async (rounds, lags) => {
          const clock = new FakeClock()
          const inner = openMemoryStore({ clock })
          const store = laggingStore(inner, () => Number(lags.next().value))
          const servers = await Promise.all([Catalog.open({ store, clock }), Catalog.open({ store, clock })])
          const [first] = servers
          await first.execute(register({ node: 'n1', address: '192.0.2.1', checks: [{ id: 'c', status: 'passing' }] }))
          const made: string[] = []
          const take = async (one: typeof step extends fc.Arbitrary<infer Value> ? Value : never): Promise<unknown> => {
            const catalog = servers[one.server] ?? first
            const id = made.at(-1 - one.session) ?? randomUUID()
            switch (one.do) {
              case 'put':
                return catalog.execute(kvPut(entry(one.key, randomUUID())))
              case 'acquire':
                return catalog.execute(kvAcquire(entry(one.key, randomUUID()), id))
              case 'release':
                return catalog.execute(kvRelease(entry(one.key), id))
              case 'delete':
                return catalog.execute(kvDelete(one.key))
              case 'delete-tree':
                return catalog.execute(kvDeleteTree(one.key))
              case 'create':
                made.push(
                  (await catalog.execute(createSession(session(randomUUID(), ['c'], one.behavior), seconds(10))))
                    .result,
                )
                return
              case 'destroy':
                return catalog.execute(destroySession(id))
              case 'fail':
              case 'pass':
                return catalog.execute(
                  register({
                    node: 'n1',
                    address: '192.0.2.1',
                    checks: [{ id: 'c', status: one.do === 'fail' ? 'critical' : 'passing' }],
                  }),
                )
              case 'remove check':
                return catalog.execute(deregister({ node: 'n1', checkId: 'c' }))
              case 'remove node':
                return catalog.execute(deregister({ node: 'n1' }))
              default:
                return runTransaction(catalog, [
                  { kind: 'kv', verb: 'lock', data: entry(one.key, 'txn'), index: 0, session: id },
                  { kind: 'kv', verb: 'delete', data: entry('c'), index: 0, session: '' },
                ])
            }
          }
          try {
            for (const round of rounds) {
              const outcomes = await Promise.allSettled(round.map(take))
              for (const outcome of outcomes) {
                if (outcome.status === 'rejected')
                  assert.match(String(outcome.reason), /invalid session|Missing|critical state|met 10 other writes/)
              }
              const fresh = await Catalog.open({ store: inner, clock })
              assertSound(fresh)
              fresh.close()
            }
          } finally {
            for (const server of servers) server.close()
            await inner.close()
          }
        },
      ),
      { numRuns: 250 },
    )
  },
)

/** What must hold whatever raced with what. */
function assertSound(catalog: Catalog): void {
  for (const key of keys) {
    const lock = catalog.locks.get(key)
    if (lock === undefined) continue
    assert.ok(catalog.kv.get(key), `${key} has a lock, so it is there`)
    if (lock.session !== '') assert.ok(catalog.sessions.get(lock.session), `${key} is held by a session that lives`)
  }
  for (const { node, nodeChecks } of catalog.sessions.all()) {
    assert.ok(catalog.nodes.find(node), 'a session has a node')
    for (const check of nodeChecks)
      assert.equal(catalog.checks.get(node, check)?.status, 'passing', 'a session has checks that are not critical')
  }
}
