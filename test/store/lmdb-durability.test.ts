import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { seconds } from '../../src/common/duration.js'
import { openLmdbStore } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { always, put, remove } from './suite.js'
import { plain } from './model.js'

const temporary = (t: Test): string => {
  const directory = mkdtempSync(join(tmpdir(), 'muster.store-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

void t.test('entries, revisions and long keys are there after a restart', async t => {
  const directory = join(temporary(t), 'made/when.missing')
  const long = 'long'.repeat(1000)
  let store = await openLmdbStore({ directory })
  await store.commit(always(put('a', '1'), put(long, 'x'), put('gone')))
  await store.commit(always(put('a', '2'), remove('gone')))
  const before = await store.load()
  await store.close()
  store = await openLmdbStore({ directory })
  const after = await store.load()
  t.same(plain(after.entries), plain(before.entries))
  t.equal(after.revision, before.revision)
  t.same(
    await store.commit({ when: [{ test: 'unmodified', key: 'a', modified: before.revision }], then: [put('a', '3')] }),
    { ok: true, revision: before.revision + 1 },
  )
  t.match((await store.load()).entries[0], { key: 'a', created: 2, modified: 4 })
  await store.commit(always(put(long, 'y'), remove('a')))
  t.match((await store.load()).entries, [{ key: long, created: 2, modified: 5 }])
  await store.close()
})

void t.test('a lease starts its ttl anew at open, and its keys go when it lapses', async t => {
  const directory = temporary(t)
  const earlier = new FakeClock()
  let store = await openLmdbStore({ directory, clock: earlier })
  const lease = await store.lease(seconds(10))
  await store.commit(always({ kind: 'put', key: 'leased', value: Buffer.from('x'), lease: lease.id }, put('free')))
  await earlier.advance(9000)
  await store.close()
  await t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' })
  t.equal(earlier.pending, 0, 'nothing left running')

  const clock = new FakeClock()
  store = await openLmdbStore({ directory, clock })
  await clock.advance(9000)
  t.equal((await store.load()).entries.length, 2)
  await store.commit(always({ kind: 'put', key: 'second', value: Buffer.from('x'), lease: lease.id }))
  await clock.advance(1001)
  t.same(
    (await store.load()).entries.map(({ key }) => key),
    ['free'],
  )
  await t.rejects(store.commit(always({ kind: 'put', key: 'late', value: Buffer.from('x'), lease: lease.id })), {
    code: 'STORE_LEASE_LOST',
  })
  await store.close()

  store = await openLmdbStore({ directory, clock })
  t.equal(clock.pending, 1, 'an ended lease does not come back: only the next look at the data file is planned')
  await store.close()
})

void t.test('a watch from before the restart is refused where deletions may be unknown', async t => {
  const directory = temporary(t)
  let store = await openLmdbStore({ directory })
  const { revision: early } = await store.commit(always(put('a')))
  await store.commit(always(remove('a'), put('b')))
  await store.close()
  store = await openLmdbStore({ directory })
  t.throws(() => store.watch(early, () => undefined), { code: 'STORE_COMPACTED', hint: /load/ })
  const keys: string[] = []
  const { revision } = await store.load()
  store.watch(revision, ({ changes }) => {
    for (const change of changes) if (change.kind === 'put') keys.push(change.entry.key)
  })
  await store.commit(always(put('c')))
  t.same(keys, ['c'])
  await store.close()
})
