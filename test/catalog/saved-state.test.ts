import fc from 'fast-check'
import t from 'tap'
import { Catalog, createSession, kvPut, register } from '../../src/catalog/index.js'
import { encodeNode, decodeNode } from '../../src/catalog/entry-codec.js'
import { nodeKey } from '../../src/catalog/keys.js'
import { forMembers, isSaved, restoreSteps } from '../../src/catalog/saved-state.js'
import { systemClock } from '../../src/common/clock.js'
import { milliseconds, seconds } from '../../src/common/duration.js'
import { openMemoryStore, revision, type Entry } from '../../src/store/index.js'

const tables = ['node', 'service', 'kv', 'session', 'alive', 'member', 'lock-delay']
const entries = fc
  .uniqueArray(
    fc.record({ table: fc.constantFrom(...tables), name: fc.nat(30), value: fc.uint8Array({ maxLength: 4 }) }),
    { selector: ({ table, name }) => `${table}/${name}` },
  )
  .map(list =>
    list.map(({ table, name, value }): Entry => ({
      key: `${table}/${name}`,
      value,
      created: revision(2),
      modified: revision(3),
    })),
  )

void t.test('the steps turn the saved part of any state into any other, and touch nothing else', t => {
  fc.assert(
    fc.property(entries, entries, (present, saved) => {
      const state = new Map(present.map(({ key, value }) => [key, value]))
      const untouched = present.filter(({ key }) => !isSaved(key))
      for (const { when, then } of restoreSteps(present, saved)) {
        t.equal(when.length, 0)
        for (const write of then) {
          if (write.kind === 'put') {
            if (Buffer.compare(write.value, state.get(write.key) ?? Buffer.from('none')) === 0)
              t.fail(`${write.key} is written though it is equal`)
            state.set(write.key, write.value)
          } else if (write.kind === 'delete') state.delete(write.key)
        }
      }
      const wanted = [...untouched, ...saved.filter(({ key }) => isSaved(key))]
        .map(({ key, value }) => `${key}=${Buffer.from(value).toString('hex')}`)
        .sort()
      t.same([...state].map(([key, value]) => `${key}=${Buffer.from(value).toString('hex')}`).sort(), wanted)
    }),
    { numRuns: 100 },
  )
  t.end()
})

void t.test('what others refer to comes before what refers to it, and goes after it', t => {
  const entry = (key: string): Entry => ({ key, value: Buffer.from('x'), created: revision(2), modified: revision(2) })
  const some = ['session/s', 'check/n/c', 'service/n/s', 'node/n'].map(entry)
  const keys = (present: readonly Entry[], saved: readonly Entry[]): readonly string[] =>
    restoreSteps(present, saved).flatMap(({ then }) =>
      then.map(write => (write.kind === 'delete-range' ? '' : write.key)),
    )
  t.same(keys([], some), ['node/n', 'service/n/s', 'check/n/c', 'session/s'])
  t.same(keys(some, []), ['session/s', 'check/n/c', 'service/n/s', 'node/n'])
  t.end()
})

void t.test('a large state is written in several transactions, an entry larger than one alone', t => {
  const large = (i: number, bytes: number): Entry => ({
    key: `kv/${i}`,
    value: Buffer.alloc(bytes, 1),
    created: revision(2),
    modified: revision(2),
  })
  t.same(
    restoreSteps([], [large(1, 600_000), large(2, 600_000), large(3, 3_000_000), large(4, 10)]).map(
      ({ then }) => then.length,
    ),
    [1, 1, 1, 1],
  )
  t.same(
    restoreSteps(
      [],
      Array.from({ length: 230 }, (_, i) => large(i, 1)),
    ).map(({ then }) => then.length),
    [100, 100, 30],
  )
  t.end()
})

void t.test('a node that is called as a member is that member; its id belongs to no other', t => {
  const nodes = { n1: 'a', N2: 'b', old: 'c', ext: '', other: 'd' }
  const saved = Object.entries(nodes).map(([node, id]) => ({
    key: nodeKey(node),
    value: encodeNode({ node, id, address: '192.0.2.1', taggedAddresses: null, meta: null }),
  }))
  const members: Readonly<Record<string, string>> = { n1: 'x', n2: 'C', other: 'D' }
  const rest = [
    { key: 'kv/a', value: Buffer.from('x') },
    { key: 'node/odd', value: Buffer.from('{') },
  ]
  const adopted = forMembers([...saved, ...rest], node => members[node.toLowerCase()])
  const ids = adopted
    .slice(0, saved.length)
    .map(entry => decodeNode({ ...entry, created: revision(1), modified: revision(1) }))
    .map(({ node, id }) => [node, id])
  t.same(Object.fromEntries(ids), { n1: 'x', N2: 'C', old: '', ext: '', other: 'd' })
  t.same(adopted.slice(saved.length), rest)
  t.equal(adopted.at(4), saved[4], 'what fits stays as it is')
  t.end()
})

void t.test('a catalog is saved and restored, into itself and into another', async t => {
  const open = async (): Promise<Catalog> => {
    const catalog = await Catalog.open({ store: openMemoryStore(), clock: systemClock })
    t.teardown(() => {
      catalog.close()
    })
    return catalog
  }
  const catalog = await open()
  await catalog.execute(kvPut({ key: 'a', value: Buffer.from('before'), flags: 0n }))
  await catalog.execute(register({ node: 'ext', address: '192.0.2.1' }))
  const { result: session } = await catalog.execute(
    createSession(
      {
        id: '0e2dd7a6-e32e-4cf1-a7ee-0d1a2c3d4e5f',
        name: 'kept',
        node: 'ext',
        lockDelay: milliseconds(0),
        behavior: 'release',
        ttl: '',
        nodeChecks: [],
        serviceChecks: [],
        checks: [],
      },
      seconds(10),
    ),
  )
  t.ok(session)
  const saved = await catalog.save()
  const shown = (of: Catalog): unknown => [
    [...of.kv.below('')].map(({ key, value }) => [key, value.toString()]),
    of.nodes.all().map(({ node }) => node),
    of.sessions.all().map(({ name }) => name),
  ]
  const before = shown(catalog)
  await catalog.execute(kvPut({ key: 'a', value: Buffer.from('after'), flags: 0n }))
  await catalog.execute(kvPut({ key: 'b', value: Buffer.from('new'), flags: 0n }))
  t.not(JSON.stringify(shown(catalog)), JSON.stringify(before))
  const at = catalog.revision
  t.ok((await catalog.restore(saved.entries)) > at)
  t.same(shown(catalog), before)
  t.equal(await catalog.restore(saved.entries), catalog.revision, 'again: nothing to write')
  const other = await open()
  await other.restore(saved.entries)
  t.same(shown(other), before)
})
