import t from 'tap'
import {
  createSession,
  deregister,
  drafted,
  kvAcquire,
  kvDeleteTree,
  kvPut,
  placeNode,
  register,
  removeNode,
  runTransaction,
  syncNode,
  type PlannedWrite,
} from '../../src/catalog/index.js'
import { WriteSet } from '../../src/catalog/commands/write-set.js'
import { inRange, prefixRange } from '../../src/catalog/keys.js'
import { milliseconds, seconds } from '../../src/common/duration.js'
import { revision } from '../../src/store/index.js'
import { nodeData, openCatalog, serviceData, uuid } from './samples.js'

const kv = (key: string, value = 'x') => ({ key, flags: 0n, value: Buffer.from(value) })

void t.test('the range of a prefix holds what begins so, and nothing else', async t => {
  for (const [prefix, to] of [
    ['kv/', 'kv0'],
    ['kv/a', 'kv/b'],
    ['kv/a\u{10ffff}', 'kv/b'],
    ['kv/\u{d7ff}', 'kv/\u{e000}'],
    ['kv/é', 'kv/ê'],
    ['\u{10ffff}', ''],
  ] as const) {
    t.same(prefixRange(prefix), { from: prefix, to })
    for (const end of ['', 'x', '\u{0}', '\u{10ffff}'])
      t.ok(inRange(prefixRange(prefix), prefix + end), `${prefix} and ${JSON.stringify(end)}`)
  }
  for (const [prefix, key] of [
    ['kv/a', 'kv/b'],
    ['kv/a', 'kv/'],
    ['kv/é', 'kv/ê'],
    ['lock/', 'lock-delay/x'],
  ] as const)
    t.notOk(inRange(prefixRange(prefix), key))
})

void t.test('a key is written once, and nothing of a range that goes otherwise', async t => {
  const put = (key: string): PlannedWrite => ({ kind: 'put', key, value: Buffer.from(key) })
  const del = (key: string): PlannedWrite => ({ kind: 'delete', key })
  const range = (from: string, keys: string[]): PlannedWrite => ({ kind: 'delete-range', ...prefixRange(from), keys })
  const shown = (writes: readonly PlannedWrite[]): readonly string[] =>
    writes.map(write => (write.kind === 'delete-range' ? `range ${write.from}` : `${write.kind} ${write.key}`))
  for (const [writes, expected, quiet] of [
    [[put('a/1'), del('a/1')], ['delete a/1'], 0],
    [[put('a/1'), range('a/', ['a/2'])], ['range a/'], 0],
    [[range('a/', ['a/1']), del('a/1')], ['range a/'], 0],
    [[range('a/', ['a/1', 'a/2']), put('a/1')], ['put a/1', 'delete a/2'], 1],
    [[range('a/', ['a/1', 'a/2']), put('b')], ['range a/', 'put b'], 0],
    [[range('a/b/', ['a/b/1']), range('a/', ['a/b/1', 'a/2'])], ['range a/'], 0],
    [[range('a/', ['a/b/1']), range('a/b/', ['a/b/1'])], ['range a/'], 0],
    [[range('a/', ['a/1']), put('a/2'), range('a/', ['a/1'])], ['range a/'], 1],
  ] as const) {
    const set = new WriteSet(revision(7))
    for (const write of writes) set.add(write)
    t.same([...shown(set.list())].sort(), [...expected].sort())
    t.equal([...set.conditions].length, quiet)
  }
})

void t.test('a removal of thousands is a few operations', async t => {
  const { catalog, store } = await openCatalog(t)
  const services = Array.from({ length: 5000 }, (_, i) => serviceData({ id: `s${i}`, node: 'n1' }))
  await catalog.execute(
    syncNode({
      node: nodeData({ node: 'n1', id: uuid('a') }),
      put: { services, checks: [] },
      remove: { services: [], checks: [] },
    }),
  )
  await catalog.execute(kvPut(kv('a/1')))
  const sizes: number[] = []
  const commit = store.commit.bind(store)
  store.commit = transaction => {
    sizes.push(transaction.when.length + transaction.then.length)
    return commit(transaction)
  }
  await catalog.execute(removeNode('n1'))
  for (let i = 0; i < 500; i++) void catalog.execute(kvPut(kv(`a/${i}`)))
  await catalog.execute(kvDeleteTree('a/'))
  t.equal([...catalog.nodes.all()].length + catalog.services.ofNode('n1').length, 0)
  t.same([...catalog.kv.keysBelow('')], [])
  t.ok(Math.max(...sizes) < 20, `at most ${Math.max(...sizes)} operations`)
})

void t.test('a tree goes with the locks on it; sessions stay, and hold nothing', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(register({ node: 'n1', address: '192.0.2.1' }))
  const session = {
    id: uuid('a'),
    node: 'n1',
    name: '',
    behavior: 'release',
    ttl: '',
    lockDelay: milliseconds(0),
    nodeChecks: [],
    serviceChecks: [],
    checks: [],
  }
  await catalog.execute(createSession(session, seconds(10)))
  for (const key of ['a/1', 'a/2', 'b']) await catalog.execute(kvAcquire(kv(key), uuid('a')))
  await catalog.execute(kvDeleteTree('a/'))
  t.same(catalog.locks.heldBy(uuid('a')), ['b'])
  t.equal(catalog.locks.get('a/1'), undefined)
})

void t.test('in one transaction a tree goes and something is put into it again', async t => {
  const { catalog } = await openCatalog(t)
  for (const key of ['a/1', 'a/2', 'b']) await catalog.execute(kvPut(kv(key)))
  const op = (verb: string, key: string) => ({ kind: 'kv' as const, verb, data: kv(key, 'new'), index: 0, session: '' })
  const outcome = await runTransaction(catalog, [
    op('set', 'a/0'),
    op('delete-tree', 'a/'),
    op('cas', 'a/2'),
    op('check-not-exists', 'a/1'),
  ])
  t.match(outcome, { results: [{ entry: { key: 'a/0' } }, { entry: { key: 'a/2' } }] })
  t.same(
    [...catalog.kv.below('')].map(({ key, value }) => `${key} ${value.toString()}`),
    ['a/2 new', 'b x'],
  )
})

void t.test(
  'a node that goes and comes in one transaction has what it was given, even where that is what it had',
  async t => {
    const { catalog } = await openCatalog(t)
    const service = serviceData({ id: 'web', node: 'n1' })
    const node = nodeData({ node: 'n1', id: uuid('a') })
    await catalog.execute(
      syncNode({
        node,
        put: { services: [service, serviceData({ id: 'db', node: 'n1' })], checks: [] },
        remove: { services: [], checks: [] },
      }),
    )
    await catalog.execute(
      drafted(draft => {
        const standing = draft.nodeNamed('n1')
        if (standing !== undefined) draft.deleteNode(standing)
        draft.putNode(node)
        draft.putService(service)
        return true
      }),
    )
    t.same(
      catalog.services.ofNode('n1').map(({ id }) => id),
      ['web'],
    )
    t.equal(catalog.nodes.find('n1')?.id, uuid('a'))
  },
)

void t.test('one id has one node', async t => {
  const { catalog } = await openCatalog(t)
  const place = (name: string, id: string) =>
    catalog.execute(drafted(draft => placeNode(draft, nodeData({ node: name, id }))))
  await place('n1', uuid('a'))
  await place('n2', uuid('a'))
  await catalog.execute(deregister({ node: 'n2' }))
  await place('n3', uuid('a'))
  await place('n4', uuid('b'))
  t.same(
    [...catalog.nodes.all()].map(({ node, id }) => `${node} ${id}`),
    [`n3 ${uuid('a')}`, `n4 ${uuid('b')}`],
  )
})
