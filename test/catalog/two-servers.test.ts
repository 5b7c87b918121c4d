import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  Catalog,
  createSession,
  deregister,
  kvAcquire,
  kvCas,
  kvDeleteTree,
  kvPut,
  register,
  removeNode,
  runTransaction,
  type Command,
} from '../../src/catalog/index.js'
import { MusterError } from '../../src/common/errors.js'
import { milliseconds, seconds } from '../../src/common/duration.js'
import { openMemoryStore, type Store } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { laggingStore } from './kv/lagging-store.js'
import { contents, uuid } from './samples.js'

const names = ['n1', 'n2', 'N1']
const ids = ['', uuid('a'), uuid('b')]
const step = fc.record({
  server: fc.nat(1),
  do: fc.constantFrom(
    'register',
    'register',
    'service',
    'service',
    'check',
    'check',
    'remove service',
    'remove check',
    'remove node',
    'remove',
    'session',
    'lock',
    'tree',
    'put',
    'txn',
  ),
  node: fc.constantFrom(...names),
  id: fc.constantFrom(...ids),
  service: fc.constantFrom('web', 'db'),
  check: fc.constantFrom('c1', 'c2', 'serfHealth'),
  status: fc.constantFrom('passing', 'critical'),
  port: fc.nat(3),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const refusals = /reserved by node|Missing|critical state|met 10 other writes|invalid session|no such/

/** A store that several servers use, each hearing of changes in its own time. */
async function servers(inner: Store, clock: FakeClock, lag: () => number) {
  const store = laggingStore(inner, lag)
  return Promise.all([Catalog.open({ store, clock }), Catalog.open({ store, clock })])
}

void t.test(
  'two servers, whatever is asked of them at once: both end up the same, and nothing is left half there',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 8 }),
        fc.infiniteStream(fc.nat(4)),
        async (rounds, lags) => {
          const clock = new FakeClock()
          const inner = openMemoryStore({ clock })
          const pair = await servers(inner, clock, () => Number(lags.next().value))
          let made = 0
          const sessions: string[] = []
          const take = async (one: Step): Promise<unknown> => {
            const catalog = pair[one.server] ?? pair[0]
            const { node, id, service, check, status } = one
            const to = { node, address: '192.0.2.1' }
            switch (one.do) {
              case 'register':
                return catalog.execute(register({ ...to, id }))
              case 'service':
                return catalog.execute(
                  register({
                    ...to,
                    service: { id: service, port: one.port, name: service },
                    checks: [{ id: check, status, serviceId: service }],
                  }),
                )
              case 'check':
                return catalog.execute(
                  register({
                    ...to,
                    skipNodeUpdate: true,
                    checks: [{ id: check, status, ...(one.port > 1 && { serviceId: service }) }],
                  }),
                )
              case 'remove service':
                return catalog.execute(deregister({ node, serviceId: service }))
              case 'remove check':
                return catalog.execute(deregister({ node, checkId: check }))
              case 'remove node':
                return catalog.execute(removeNode(node, id === '' ? undefined : id))
              case 'remove':
                return catalog.execute(deregister({ node }))
              case 'session': {
                const session = {
                  id: `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
                  node,
                  name: '',
                  behavior: '',
                  ttl: '',
                  lockDelay: milliseconds(0),
                  nodeChecks: [check],
                  serviceChecks: [],
                  checks: [],
                }
                sessions.push((await catalog.execute(createSession(session, seconds(10)))).result)
                return
              }
              case 'lock':
                return catalog.execute(
                  kvAcquire(
                    { key: `a/${check}`, flags: 0n, value: Buffer.from(service) },
                    sessions.at(-1) ?? uuid('f'),
                  ),
                )
              case 'tree':
                return catalog.execute(kvDeleteTree('a/'))
              case 'put':
                return catalog.execute(kvPut({ key: `a/${check}`, flags: 0n, value: Buffer.from(service) }))
              default:
                return runTransaction(catalog, [
                  {
                    kind: 'node',
                    verb: 'set',
                    node: { node, id, address: '192.0.2.3', taggedAddresses: null, meta: null },
                    index: 0,
                  },
                  { kind: 'service', verb: 'delete', node, service: { id: service }, index: 0 },
                  {
                    kind: 'kv',
                    verb: 'delete-tree',
                    data: { key: 'a/', flags: 0n, value: Buffer.alloc(0) },
                    index: 0,
                    session: '',
                  },
                ])
            }
          }
          try {
            for (const round of rounds) {
              for (const outcome of await Promise.allSettled(round.map(take))) {
                if (outcome.status === 'rejected') assert.match(String(outcome.reason), refusals)
              }
              await Promise.all(pair.map(server => server.barrier()))
              const fresh = await Catalog.open({ store: inner, clock })
              for (const server of pair) assert.deepEqual(contents(server), contents(fresh))
              assertSound(fresh)
              fresh.close()
            }
          } finally {
            for (const server of pair) server.close()
            await inner.close()
          }
        },
      ),
      { numRuns: 1500 },
    )
  },
)

function assertSound(catalog: Catalog): void {
  const nodes = [...catalog.nodes.all()]
  const taken = nodes.map(({ id }) => id).filter(id => id !== '')
  assert.equal(new Set(taken).size, taken.length, 'a node id has one node')
  for (const { name } of catalog.services.names()) {
    assert.ok(catalog.health.instances(name).length > 0, `no instance of ${name} has a node`)
  }
  for (const check of catalog.checks.inState('any')) {
    assert.ok(catalog.nodes.find(check.node), `check ${check.id} is on node ${check.node}, which is not there`)
    if (check.serviceId !== '')
      assert.ok(
        catalog.services.get(check.node, check.serviceId),
        `check ${check.id} is of service ${check.serviceId}, which is not there`,
      )
  }
  for (const { node, nodeChecks } of catalog.sessions.all()) {
    assert.ok(catalog.nodes.find(node), 'a session has a node')
    for (const check of nodeChecks)
      assert.equal(catalog.checks.get(node, check)?.status, 'passing', 'a session has checks that are not critical')
  }
  for (const key of catalog.kv.keysBelow('')) {
    const holder = catalog.locks.get(key)?.session ?? ''
    if (holder !== '') assert.ok(catalog.sessions.get(holder), `${key} is held by a session that lives`)
  }
}

void t.test('no acknowledged write is lost: counters, and entries of one node', async () => {
  const clock = new FakeClock()
  const inner = openMemoryStore({ clock })
  let turn = 0
  const pair = await servers(inner, clock, () => turn++ % 5)
  const persist = async <Result>(server: Catalog, command: () => Command<Result>): Promise<Result> => {
    for (;;) {
      try {
        return (await server.execute(command())).result
      } catch (error) {
        if (!(error instanceof MusterError) || error.code !== 'CATALOG_CONFLICT') throw error
      }
    }
  }
  const raise = async (server: Catalog): Promise<void> => {
    for (;;) {
      const standing = server.kv.get('n')
      const value = Buffer.from(String(Number(standing?.value.toString() ?? '0') + 1))
      if (await persist(server, () => kvCas({ key: 'n', flags: 0n, value }, standing?.modified ?? 0))) return
      await server.barrier()
    }
  }
  await Promise.all(pair.flatMap(server => Array.from({ length: 20 }, () => raise(server))))
  await Promise.all(pair.map(server => server.barrier()))
  assert.deepEqual(
    pair.map(server => server.kv.get('n')?.value.toString()),
    ['40', '40'],
  )
  await Promise.all(
    pair.flatMap((server, which) =>
      Array.from({ length: 40 }, (_, i) =>
        persist(server, () =>
          register({
            node: 'n1',
            id: uuid('a'),
            address: '192.0.2.1',
            service: { id: `s${which}-${i}`, name: 'web' },
            checks: [{ id: `c${which}-${i}`, serviceId: `s${which}-${i}`, status: 'passing' }],
          }),
        ),
      ),
    ),
  )
  await Promise.all(pair.map(server => server.barrier()))
  for (const server of pair) {
    assert.equal(server.health.instances('web').length, 80)
    assert.equal(server.checks.ofNode('n1').length, 80)
  }
  for (const server of pair) server.close()
  await inner.close()
})
