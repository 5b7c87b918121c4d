import t from 'tap'
import {
  createSession,
  destroySession,
  kvAcquire,
  kvPut,
  readTransaction,
  register,
  runTransaction,
} from '../../../src/catalog/index.js'
import type { Catalog, TxnOp, TxnOutcome } from '../../../src/catalog/index.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { contents, nodeData, openCatalog, uuid } from '../samples.js'

const kv = (verb: string, key: string, more: { value?: string; index?: number; session?: string } = {}): TxnOp => ({
  kind: 'kv',
  verb,
  data: { key, flags: 0n, value: Buffer.from(more.value ?? 'x') },
  index: more.index ?? 0,
  session: more.session ?? '',
})
const node = (verb: string, name: string, more: { id?: string; address?: string; index?: number } = {}): TxnOp => ({
  kind: 'node',
  verb,
  node: nodeData({ node: name, id: more.id ?? '', address: more.address ?? '192.0.2.1' }),
  index: more.index ?? 0,
})
const service = (
  verb: string,
  on: string,
  id: string,
  more: { port?: number; index?: number; name?: string } = {},
): TxnOp => ({
  kind: 'service',
  verb,
  node: on,
  service: { id, name: more.name ?? id, port: more.port ?? 0 },
  index: more.index ?? 0,
})
const check = (
  verb: string,
  on: string,
  id: string,
  more: { status?: string; serviceId?: string; index?: number } = {},
): TxnOp => ({
  kind: 'check',
  verb,
  check: {
    node: on,
    id,
    ...(more.status !== undefined && { status: more.status }),
    ...(more.serviceId !== undefined && { serviceId: more.serviceId }),
  },
  index: more.index ?? 0,
})

const session = (catalog: Catalog, digit: string, lockDelay = 0) =>
  catalog.execute(
    createSession(
      {
        id: uuid(digit),
        node: 'n1',
        name: '',
        behavior: '',
        ttl: '',
        lockDelay: milliseconds(lockDelay),
        nodeChecks: ['c'],
        serviceChecks: [],
        checks: [],
      },
      seconds(10),
    ),
  )

const errorsOf = (outcome: TxnOutcome) => ('errors' in outcome ? outcome.errors : [])
const entriesOf = (outcome: TxnOutcome) => ('results' in outcome ? outcome.results.map(({ entry }) => entry) : [])

async function prepared(t: Parameters<typeof openCatalog>[0]): Promise<Catalog> {
  const { catalog } = await openCatalog(t)
  await catalog.execute(
    register({
      node: 'n1',
      address: '192.0.2.1',
      service: { id: 'web', name: 'web' },
      checks: [{ id: 'c', status: 'passing' }],
    }),
  )
  await session(catalog, 'a')
  await session(catalog, 'b')
  await session(catalog, 'c', 60_000)
  await catalog.execute(kvPut({ key: 'k', flags: 0n, value: Buffer.from('old') }))
  await catalog.execute(kvAcquire({ key: 'held', flags: 0n, value: Buffer.from('old') }, uuid('a')))
  await catalog.execute(kvAcquire({ key: 'delayed', flags: 0n, value: Buffer.from('old') }, uuid('c')))
  await catalog.execute(destroySession(uuid('c')))
  return catalog
}

void t.test('why operations fail, word for word', async t => {
  const catalog = await prepared(t)
  const at = catalog.kv.get('k')?.modified ?? 0
  const cases: readonly [TxnOp, string][] = [
    [kv('frobnicate', 'k'), 'unknown KV verb "frobnicate"'],
    [kv('', 'k'), 'unknown KV verb ""'],
    [kv('set', ''), 'Must provide key'],
    [kv('get', 'none'), 'key "none" doesn\'t exist'],
    [kv('cas', 'k', { index: 1 }), 'failed to set key "k", index is stale'],
    [kv('cas', 'k'), 'failed to set key "k", index is stale'],
    [kv('cas', 'none', { index: 5 }), 'failed to set key "none", index is stale'],
    [kv('check-not-exists', 'k'), 'key "k" exists'],
    [kv('lock', 'held', { session: uuid('b') }), 'failed to lock key "held", lock is already held'],
    [kv('lock', 'delayed', { session: uuid('b') }), 'failed to lock key "delayed" due to lock delay'],
    [kv('lock', 'k'), 'missing session'],
    [kv('lock', 'k', { session: 'x' }), 'failed session lookup: index error: UUID must be 36 characters'],
    [kv('lock', 'k', { session: uuid('9') }), `invalid session "${uuid('9')}"`],
    [
      kv('unlock', 'held', { session: uuid('b') }),
      'failed to unlock key "held", lock isn\'t held, or is held by another session',
    ],
    [
      kv('unlock', 'none', { session: uuid('b') }),
      'failed to unlock key "none", lock isn\'t held, or is held by another session',
    ],
    [kv('unlock', 'held'), 'missing session'],
    [kv('delete-cas', 'k', { index: 1 }), 'failed to delete key "k", index is stale'],
    [kv('check-index', 'k', { index: 1 }), `failed index check for key "k", current modify index ${at} != 1`],
    [kv('check-index', 'none', { index: 1 }), 'failed to check index, key "none" doesn\'t exist'],
    [
      kv('check-session', 'held', { session: uuid('b') }),
      `failed session check for key "held", current session "${uuid('a')}" != "${uuid('b')}"`,
    ],
    [kv('check-session', 'none', { session: uuid('b') }), 'failed to check session, key "none" doesn\'t exist'],
    [node('frobnicate', 'n1'), 'unknown Node verb "frobnicate"'],
    [node('get', 'none'), 'node "none" doesn\'t exist'],
    [node('set', ''), 'Must provide node'],
    [node('set', 'n2', { id: 'x' }), 'Bad node ID: uuid string is wrong length'],
    [node('cas', 'n1', { index: 1 }), 'failed to set node "n1", index is stale'],
    [node('cas', 'n1'), 'failed to set node "n1", index is stale'],
    [node('delete-cas', 'n1', { index: 1 }), 'failed to delete node "n1", index is stale'],
    [node('delete-cas', 'none', { index: 1 }), 'failed to delete node "none", index is stale'],
    [service('frobnicate', 'n1', 'web'), 'unknown Service verb "frobnicate"'],
    [service('get', 'n1', 'none'), 'service "none" on node "n1" doesn\'t exist'],
    [service('set', 'none', 'web'), 'Missing node registration'],
    [service('set', 'n1', 'web', { name: '' }), 'Must provide service name with ID'],
    [service('cas', 'n1', 'web', { index: 1 }), 'failed to set service "web" on node "n1", index is stale'],
    [service('delete-cas', 'n1', 'web', { index: 1 }), 'failed to delete service "web" on node "n1", index is stale'],
    [check('frobnicate', 'n1', 'c'), 'unknown Check verb "frobnicate"'],
    [check('get', 'n1', 'none'), 'check "none" on node "n1" doesn\'t exist'],
    [check('set', 'none', 'c'), 'Missing node registration'],
    [check('set', 'n1', 'd', { serviceId: 'none' }), 'Missing service registration'],
    [check('cas', 'n1', 'c', { index: 1 }), 'failed to set check "c" on node "n1", index is stale'],
    [check('delete-cas', 'n1', 'c', { index: 1 }), 'failed to delete check "c" on node "n1", index is stale'],
  ]
  const before = contents(catalog)
  const revision = catalog.revision
  for (const [op, what] of cases) {
    const outcome = await runTransaction(catalog, [kv('set', 'first'), op, node('set', 'n9'), op])
    t.same(
      errorsOf(outcome),
      [
        { opIndex: 1, what },
        { opIndex: 3, what },
      ],
      what,
    )
  }
  t.same(contents(catalog), before)
  t.equal(catalog.kv.get('first'), undefined)
  t.equal(catalog.revision, revision, 'nothing of a failed transaction is kept')
})

void t.test('each operation sees what those before it did, all of it at one revision', async t => {
  const catalog = await prepared(t)
  const revision = catalog.revision
  const outcome = await runTransaction(catalog, [
    node('set', 'New', { id: uuid('1') }),
    service('set', 'new', 'api', { port: 1 }),
    check('set', 'NEW', 'c1', { serviceId: 'api' }),
    service('set', 'new', 'api', { port: 2 }),
    check('get', 'new', 'c1'),
    service('get', 'new', 'api'),
    node('get', '', { id: uuid('1') }),
    kv('set', 'dir/b', { value: '1' }),
    kv('set', 'dir/a', { value: '2' }),
    kv('get-tree', 'dir/'),
    kv('lock', 'dir/a', { session: uuid('A') }),
    kv('check-session', 'dir/a', { session: uuid('a') }),
    kv('delete', 'dir/b'),
    kv('get-tree', 'dir/'),
    kv('check-not-exists', 'dir/b'),
  ])
  t.same(errorsOf(outcome), [])
  t.equal(catalog.revision, revision + 1)
  const summary =
    'results' in outcome
      ? outcome.results.map(one =>
          one.kind === 'kv'
            ? `${one.entry.key} ${one.withValue ? one.entry.value.toString() : '-'} ${one.entry.lockIndex}`
            : one.kind,
        )
      : []
  t.same(summary, [
    'node',
    'service',
    'check',
    'service',
    'check',
    'service',
    'node',
    'dir/b - 0',
    'dir/a - 0',
    'dir/a 2 0',
    'dir/b 1 0',
    'dir/a - 1',
    'dir/a - 1',
    'dir/a x 1',
  ])
  for (const entry of entriesOf(outcome)) t.match(entry, { created: revision + 1, modified: revision + 1 })
  t.match(entriesOf(outcome)[2], { node: 'New', status: 'critical', serviceName: 'api', type: '' })
  t.match(entriesOf(outcome)[5], { port: 2 })
  t.match(catalog.services.get('new', 'api'), { node: 'New', port: 2 })
  t.match(catalog.kv.get('dir/a'), { session: uuid('a'), lockIndex: 1, modified: revision + 1 })
})

void t.test(
  'what is set as it stands keeps its revisions; check-and-set with the right index goes through',
  async t => {
    const catalog = await prepared(t)
    const revision = catalog.revision
    const standing = {
      kv: catalog.kv.get('k'),
      service: catalog.services.get('n1', 'web'),
      check: catalog.checks.get('n1', 'c'),
      node: catalog.nodes.find('n1'),
    }
    const same = await runTransaction(catalog, [
      kv('set', 'k', { value: 'old' }),
      service('set', 'n1', 'web'),
      check('set', 'n1', 'c', { status: 'passing' }),
    ])
    t.equal(catalog.revision, revision)
    t.match(entriesOf(same)[0], { modified: standing.kv?.modified })
    const changed = await runTransaction(catalog, [
      kv('check-index', 'k', { index: standing.kv?.modified ?? 0 }),
      kv('cas', 'k', { index: standing.kv?.modified ?? 0 }),
      node('cas', 'n1', { address: '192.0.2.7', index: standing.node?.modified ?? 0 }),
      service('cas', 'n1', 'web', { port: 7, index: standing.service?.modified ?? 0 }),
      check('cas', 'n1', 'c', { status: 'warning', index: standing.check?.modified ?? 0 }),
      kv('cas', 'k', { index: standing.kv?.modified ?? 0 }),
    ])
    t.same(
      errorsOf(changed).map(({ opIndex }) => opIndex),
      [5],
      'an index that this very transaction moved is stale',
    )
    const done = await runTransaction(catalog, [
      kv('cas', 'k', { index: standing.kv?.modified ?? 0 }),
      node('cas', 'n1', { address: '192.0.2.7', index: standing.node?.modified ?? 0 }),
      service('delete-cas', 'n1', 'web', { index: standing.service?.modified ?? 0 }),
      kv('cas', 'fresh'),
      node('cas', 'n2'),
    ])
    t.match(entriesOf(done)[0], { created: standing.kv?.created, modified: revision + 1 })
    t.match(entriesOf(done)[1], { created: standing.node?.created, address: '192.0.2.7', modified: revision + 1 })
    t.same(catalog.services.ofNode('n1'), [])
  },
)

void t.test('removing catalog entries in a transaction ends the sessions on them', async t => {
  for (const [what, ops] of [
    ['check critical', [check('set', 'n1', 'c', { status: 'critical' })]],
    ['check deleted', [check('delete', 'n1', 'c'), check('set', 'n1', 'c', { status: 'passing' })]],
    ['node deleted', [service('set', 'n1', 'late'), node('delete', 'N1'), kv('get', 'held')]],
    ['node renamed', [node('set', 'n1', { id: uuid('1') }), node('set', 'n2', { id: uuid('1') })]],
  ] as const) {
    const catalog = await prepared(t)
    const revision = catalog.revision
    const outcome = await runTransaction(catalog, ops)
    t.same(errorsOf(outcome), [], what)
    t.equal(catalog.revision, revision + 1, what)
    t.same(catalog.sessions.all(), [], what)
    t.match(catalog.kv.get('held'), { session: '', lockIndex: 1, modified: revision + 1 }, what)
    if (what === 'node deleted') {
      t.match(entriesOf(outcome).at(-1), { session: '', lockIndex: 1 }, 'operations after it see that')
      t.same(catalog.services.ofNode('n1'), [])
    }
  }
})

void t.test('reads alone are answered from the state', async t => {
  const catalog = await prepared(t)
  t.match(entriesOf(readTransaction(catalog, [kv('get', 'k'), kv('get-tree', 'h')]))[0], { key: 'k' })
  t.same(
    errorsOf(readTransaction(catalog, [kv('get', 'none'), kv('frobnicate', 'k')])).map(({ opIndex }) => opIndex),
    [0, 1],
  )
  t.throws(() => readTransaction(catalog, [kv('set', 'k')]), TypeError)
})
