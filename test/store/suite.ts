import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { seconds } from '../../src/common/duration.js'
import { revision } from '../../src/store/index.js'
import type { Batch, Store, Transaction, Write } from '../../src/store/index.js'
import { until } from '../support/until.js'
import { Follower, StoreModel, concrete, draft, plain } from './model.js'

/** Opens an empty store. The suite closes it. */
export type OpenStore = () => Promise<Store>

export const put = (key: string, value = ''): Write => ({ kind: 'put', key, value: Buffer.from(value) })
export const remove = (key: string): Write => ({ kind: 'delete', key })
export const always = (...then: Write[]): Transaction => ({ when: [], then })

/** What an engine may do differently. */
export interface Liberties {
  /** Transactions of one tick that touch different keys may get the same revision. */
  readonly sharesRevisions?: boolean
  /** How many stories the comparison with the model tells; default 40. */
  readonly stories?: number
}

type Case = (t: Test, store: Store, liberties: Liberties) => Promise<void>

/**
 * The contract of Store as tests, one suite for every engine. `skip` maps a case's name to the reason why it does not
 * apply; a name that is not a case fails.
 */
export function storeSuite(
  name: string,
  open: OpenStore,
  skip: Readonly<Record<string, string>> = {},
  liberties: Liberties = {},
): void {
  void t.test(`${name} store`, async t => {
    t.same(
      Object.keys(skip).filter(skipped => !(skipped in cases)),
      [],
      'skips name existing cases',
    )
    for (const [title, run] of Object.entries(cases)) {
      const reason = skip[title]
      await t.test(title, reason === undefined ? {} : { skip: reason }, async t => {
        const store = await open()
        try {
          await run(t, store, liberties)
        } finally {
          await store.close()
        }
      })
    }
  })
}

const cases: Readonly<Record<string, Case>> = {
  'is empty at a revision above 0': async (t, store) => {
    const { revision, entries } = await store.load()
    t.ok(revision >= 1)
    t.same(entries, [])
    t.equal(await store.barrier(), revision)
    t.equal((await store.status()).revision, revision)
    t.equal((await store.status()).writable, true)
  },

  'counts every effective transaction by one and keeps created and modified': async (t, store) => {
    const start = (await store.load()).revision
    t.same(await store.commit(always(put('b', '1'), put('a', '1'))), { ok: true, revision: start + 1 })
    t.same(await store.commit(always(put('b', '2'))), { ok: true, revision: start + 2 })
    t.same(
      await store.commit(always(put('b', '2'))),
      { ok: true, revision: start + 3 },
      'an equal value is a write all the same',
    )
    t.same(
      plain((await store.load()).entries),
      plain([
        { key: 'a', value: Buffer.from('1'), created: revision(start + 1), modified: revision(start + 1) },
        { key: 'b', value: Buffer.from('2'), created: revision(start + 1), modified: revision(start + 3) },
      ]),
    )
    await store.commit(always(remove('b')))
    await store.commit(always(put('b', '3')))
    t.match(
      (await store.load()).entries[1],
      { key: 'b', created: start + 5, modified: start + 5 },
      'created anew after a deletion',
    )
  },

  'counts nothing for what has no effect': async (t, store) => {
    const start = (await store.load()).revision
    t.same(await store.commit(always()), { ok: true, revision: start })
    t.same(await store.commit(always(remove('absent'))), { ok: true, revision: start })
    t.same(await store.commit({ when: [{ test: 'present', key: 'x' }], then: [put('x')] }), {
      ok: false,
      revision: start,
    })
    t.equal(await store.barrier(), start)
    t.same(await store.commit(always(remove('absent'), put('x'))), { ok: true, revision: start + 1 })
  },

  'decides each condition against the state before the transaction': async (t, store) => {
    const { revision: made } = await store.commit(always(put('k', '1')))
    const attempt = async (...when: Transaction['when']): Promise<boolean> =>
      (await store.commit({ when, then: [] })).ok
    t.equal(await attempt({ test: 'present', key: 'k' }), true)
    t.equal(await attempt({ test: 'absent', key: 'k' }), false)
    t.equal(await attempt({ test: 'absent', key: 'other' }), true)
    t.equal(await attempt({ test: 'present', key: 'other' }), false)
    t.equal(await attempt({ test: 'unmodified', key: 'k', modified: made }), true)
    t.equal(await attempt({ test: 'unmodified', key: 'k', modified: revision(made - 1) }), false)
    t.equal(
      await attempt({ test: 'unmodified', key: 'other', modified: made }),
      false,
      'an absent key was never modified at a revision',
    )
    t.equal(await attempt({ test: 'present', key: 'k' }, { test: 'present', key: 'other' }), false, 'all must hold')
    const swap = { when: [{ test: 'unmodified', key: 'k', modified: made }], then: [put('k', '2'), put('l')] } as const
    t.equal((await store.commit(swap)).ok, true)
    const again = await store.commit(swap)
    t.equal(again.ok, false)
    t.ok(again.revision > made, 'a revision at which the condition did not hold')
  },

  'decides the calls of one tick one by one, in call order': async (t, store, { sharesRevisions = false }) => {
    const start = (await store.load()).revision
    const takers = await Promise.all(
      ['first', 'second', 'third'].map(value =>
        store.commit({ when: [{ test: 'absent', key: 'lock' }], then: [put('lock', value)] }),
      ),
    )
    t.same(
      takers.map(({ ok }) => ok),
      [true, false, false],
    )
    t.equal(takers[0]?.revision, start + 1)
    t.ok(takers.slice(1).every(({ revision }) => revision >= start + 1))
    const puts = await Promise.all(
      Array.from({ length: 100 }, (_, i) => store.commit(always(put(`k${i % 7}`, `${i}`)))),
    )
    if (!sharesRevisions)
      t.same(
        puts.map(({ revision }) => revision),
        Array.from({ length: 100 }, (_, i) => start + 2 + i),
      )
    t.ok(
      puts.every(({ revision }, i) => revision > (puts[i - 7]?.revision ?? start + 1)),
      'writes of one key never share a revision',
    )
    t.equal(Buffer.from((await store.load()).entries.find(({ key }) => key === 'k1')?.value ?? []).toString(), '99')
  },

  'holds a range to be quiet until a key in it is put': async (t, store) => {
    const { revision: since } = await store.commit(always(put('b/1'), put('b/2')))
    const quiet = async (from: string, to: string, after = since): Promise<boolean> =>
      (await store.commit({ when: [{ test: 'quiet', from, to, since: after }], then: [] })).ok
    t.equal(await quiet('b/', 'b0'), true)
    t.equal(await quiet('b/', 'b0', revision(since - 1)), false)
    t.equal(await quiet('b/2', 'b/2', revision(since - 1)), true, 'an empty range')
    t.equal(await quiet('c', '', revision(since - 1)), true, 'nothing there')
    await store.commit(always(put('c')))
    t.equal(await quiet('b/', 'b0'), true, 'it ends before c')
    t.equal(await quiet('b/', ''), false, 'no end')
    t.equal(await quiet('', 'c'), true, 'no beginning')
    await store.commit(always(remove('b/1')))
    t.equal(await quiet('b/', 'b0'), true, 'a deletion is not asked for')
    const both = { when: [{ test: 'quiet', from: 'b/', to: 'b0', since }], then: [put('b/3')] } as const
    t.same(
      (await Promise.all([store.commit(both), store.commit(both), store.commit(both)])).map(({ ok }) => ok),
      [true, false, false],
    )
  },

  'deletes a range in one go, each key a change of its own': async (t, store) => {
    const keys = ['a', 'b', 'b/', 'b/1', 'b/\u{1f600}', 'b/\uffee', 'b0', 'c']
    await store.commit(always(...keys.map(key => put(key))))
    const follower = new Follower(await store.load())
    const gone: Batch[] = []
    store.watch(revision(follower.revision), batch => {
      follower.on(batch)
      gone.push(batch)
    })
    const { revision: at } = await store.commit(
      always({ kind: 'delete-range', from: 'b/', to: 'b0' }, put('b'), put('z')),
    )
    t.equal(at, follower.revision)
    t.same(
      gone
        .flatMap(({ changes }) =>
          changes.flatMap(change => (change.kind === 'delete' ? [[change.key, change.revision]] : [])),
        )
        .sort(),
      ['b/', 'b/1', 'b/\u{1f600}', 'b/\uffee'].map(key => [key, at]).sort(),
    )
    t.same([...follower.entries.keys()].sort(), ['a', 'b', 'b0', 'c', 'z'])
    t.same(
      await store.commit(always({ kind: 'delete-range', from: 'b/', to: 'b0' })),
      { ok: true, revision: at },
      'nothing left: no effect',
    )
    const tick = await Promise.all([
      store.commit(always(put('y/1'))),
      store.commit(always({ kind: 'delete-range', from: 'y', to: '' })),
      store.commit(always(put('y/2'))),
    ])
    t.ok(tick.every(({ ok }) => ok))
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['a', 'b', 'b0', 'c', 'y/2'],
      'decided in call order',
    )
    await store.commit(always({ kind: 'delete-range', from: '', to: '' }))
    t.same((await store.load()).entries, [])
    t.same(plain(follower.entries.values()), [])
  },

  'refuses ranges that are no text, and two writes of a key by way of one': async (t, store) => {
    await store.commit(always(put('b')))
    const range = (from: string, to: string): Write => ({ kind: 'delete-range', from, to })
    const wrong: Transaction[] = [
      always(range('a', 'c'), put('b')),
      always(remove('b'), range('a', '')),
      always(range('a', 'c'), range('b', 'd')),
      always(range('b', ''), range('a', 'c')),
      always(range('\ud800', '')),
      always(range('a', '\ud800')),
      { when: [{ test: 'quiet', from: 'a', to: '\udc00', since: revision(1) }], then: [put('b')] },
      always(put('\0b')),
    ]
    for (const outcome of await Promise.allSettled(wrong.map(transaction => store.commit(transaction)))) {
      t.match(outcome, { status: 'rejected', reason: { code: 'STORE_INVALID' } })
    }
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['b'],
    )
  },

  'refuses a broken transaction without touching its neighbours': async (t, store) => {
    const outcomes = await Promise.allSettled([
      store.commit(always(put('a'))),
      store.commit(always(put('b'), put('c'), remove('b'))),
      store.commit(always(put(''))),
      store.commit(always(put('half a pair \ud800'))),
      store.commit({ when: [{ test: 'absent', key: '' }], then: [put('z')] }),
      store.commit(always(put('d'))),
    ])
    t.same(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected', 'fulfilled'],
    )
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'STORE_INVALID' })
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['a', 'd'],
    )
  },

  'keeps bytes as they are, of every length': async (t, store) => {
    const values = [
      Buffer.alloc(0),
      Buffer.from([0, 255, 254, 10, 13, 0]),
      Buffer.alloc(5000, 7),
      Buffer.alloc(600_000, 9),
    ]
    await Promise.all(
      values.map((value, i) => store.commit({ when: [], then: [{ kind: 'put', key: `v${i}`, value }] })),
    )
    const { entries } = await store.load()
    values.forEach((value, i) => t.ok(value.equals(entries[i]?.value ?? Buffer.from('missing')), `value ${i}`))
  },

  'lists keys in the byte order of UTF-8, long ones too': async (t, store) => {
    const long = 'm'.repeat(3000)
    const keys = [
      'a',
      'a/',
      'a/b',
      'aa',
      'b\u0000',
      'b\u0000c',
      'é',
      '\uffee',
      '\u{1f600}',
      '\u{10ffff}',
      'ａ',
      ' ',
      '\u0001',
      `${long}x`,
      `${long}y`,
      'm',
      'n',
      'é'.repeat(1200),
    ]
    await Promise.all(keys.map(key => store.commit(always(put(key, key)))))
    const wanted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const { entries } = await store.load()
    t.same(
      entries.map(({ key }) => key),
      wanted,
    )
    t.ok(entries.every(({ key, value }) => Buffer.from(value).toString() === key))
    await store.commit(always(...keys.map(remove)))
    t.same((await store.load()).entries, [])
  },

  'shows a commit to watchers before it is acknowledged': async (t, store) => {
    const seen: number[] = []
    const from = await store.barrier()
    const subscription = store.watch(from, batch => {
      seen.push(batch.revision)
    })
    for (let i = 0; i < 20; i++) {
      const { revision } = await store.commit(always(put('k', `${i}`)))
      t.ok((seen.at(-1) ?? 0) >= revision)
    }
    subscription.close()
    subscription.close()
    const before = seen.length
    await store.commit(always(put('k', 'last')))
    t.equal(seen.length, before, 'nothing after close')
  },

  'gives what was missed to a watch that begins in the past': async (t, store) => {
    const start = (await store.load()).revision
    await store.commit(always(put('a', '1'), put('b', '1')))
    await store.commit(always(remove('a')))
    const middle = await store.barrier()
    await store.commit(always(put('a', '2')))
    const whole = new Follower({ revision: start, entries: [] })
    const half: Batch[] = []
    store.watch(start, whole.on)
    store.watch(middle, batch => {
      half.push(batch)
    })
    await until('both watches have caught up', () => half.length > 0 && whole.revision === middle + 1)
    t.same(plain(whole.entries.values()), plain((await store.load()).entries))
    t.same(
      half.flatMap(({ changes }) => changes.map(({ kind }) => kind)),
      ['put'],
    )
  },

  'gives a watch from the middle of a group only what came after': async (t, store) => {
    const start = (await store.load()).revision
    await Promise.all(['a', 'b', 'c'].map(value => store.commit(always(put('k', value)))))
    const values: string[] = []
    store.watch(revision(start + 2), ({ changes }) => {
      for (const change of changes) if (change.kind === 'put') values.push(Buffer.from(change.entry.value).toString())
    })
    await until('the watch has caught up', () => values.length > 0)
    t.same(values, ['c'])
  },

  'gives the difference to a watch older than the history': async (t, store) => {
    const keys = Array.from({ length: 300 }, (_, i) => `k/${i}`)
    await Promise.all(keys.map(key => store.commit(always(put(key, 'old')))))
    const follower = new Follower(await store.load())
    const from = revision(follower.revision)
    for (let round = 0; round < 20; round++) {
      await Promise.all(keys.slice(100).map(key => store.commit(always(put(key, `${round}`)))))
    }
    await Promise.all(keys.slice(0, 50).map(key => store.commit(always(remove(key)))))
    await Promise.all(keys.slice(40, 50).map(key => store.commit(always(put(key, 'again')))))
    // Enough after the deletions to drop them from a history of a few thousand changes.
    for (let round = 0; round < 20; round++) {
      await Promise.all(keys.slice(60).map(key => store.commit(always(put(key, `later ${round}`)))))
    }
    const now = await store.barrier()
    store.watch(from, follower.on)
    await until('the watch has caught up', () => follower.revision >= now)
    t.same(plain(follower.entries.values()), plain((await store.load()).entries))
    await store.commit(always(put('k/0', 'after')))
    t.same(plain(follower.entries.values()), plain((await store.load()).entries), 'and goes on from there')
  },

  'lets a watcher commit and watch from within its call': async (t, store) => {
    const from = await store.barrier()
    const inner: string[] = []
    let followUp: Promise<unknown> | undefined
    store.watch(from, batch => {
      followUp ??= store.commit(always(put('second')))
      if (inner.length === 0) {
        inner.push('begun')
        store.watch(batch.revision, ({ changes }) => {
          for (const change of changes) if (change.kind === 'put') inner.push(change.entry.key)
        })
      }
    })
    await store.commit(always(put('first')))
    await followUp
    t.same(inner, ['begun', 'second'])
  },

  'keeps a leased key as long as the lease, and no longer': async (t, store) => {
    const lease = await store.lease(seconds(60))
    const from = await store.barrier()
    const follower = new Follower(await store.load())
    store.watch(from, follower.on)
    await store.commit(always({ kind: 'put', key: 'leased', value: Buffer.from('x'), lease: lease.id }, put('free')))
    await store.commit(always({ kind: 'put', key: 'moved', value: Buffer.from('x'), lease: lease.id }))
    await store.commit(always(put('moved', 'without the lease')))
    await lease.keepAlive()
    const before = await store.barrier()
    await lease.revoke()
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['free', 'moved'],
    )
    t.same([...follower.entries.keys()].sort(), ['free', 'moved'], 'watchers were told')
    t.equal(await store.barrier(), before + 1, 'its keys go in one commit')
    await t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' })
    await t.rejects(store.commit(always({ kind: 'put', key: 'late', value: Buffer.from('x'), lease: lease.id })), {
      code: 'STORE_LEASE_LOST',
    })
    await lease.revoke()
  },

  'lets whoever knows a lease keep it alive and revoke it': async (t, store) => {
    const lease = await store.lease(seconds(60))
    await store.commit(always({ kind: 'put', key: 'leased', value: Buffer.from('x'), lease: lease.id }))
    const same = store.resumeLease(lease.id, lease.ttl)
    t.equal(same.id, lease.id)
    t.equal(same.ttl, lease.ttl)
    await Promise.all([same.keepAlive(), lease.keepAlive(), same.keepAlive()])
    await same.revoke()
    t.same((await store.load()).entries, [])
    await t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' })
    await t.rejects(same.keepAlive(), { code: 'STORE_LEASE_LOST' })
    const again = store.resumeLease(lease.id, lease.ttl)
    await t.rejects(again.keepAlive(), { code: 'STORE_LEASE_LOST' })
    await again.revoke()
  },

  'deletes the keys of a lease that nobody keeps alive': async (t, store) => {
    const lease = await store.lease(seconds(1))
    await store.commit(always({ kind: 'put', key: 'leased', value: Buffer.from('x'), lease: lease.id }))
    const gone: string[] = []
    store.watch(await store.barrier(), ({ changes }) => {
      for (const change of changes) if (change.kind === 'delete') gone.push(change.key)
    })
    await until('the lease has lapsed', () => gone.length > 0)
    t.same(gone, ['leased'])
    await t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' })
  },

  'answers what was asked before close, and nothing after': async (t, store) => {
    const last = store.commit(always(put('last')))
    const closing = store.close()
    t.match(await last, { ok: true })
    await closing
    await t.rejects(store.commit(always(put('x'))), { code: 'STORE_CLOSED' })
    await t.rejects(store.load(), { code: 'STORE_CLOSED' })
    await t.rejects(store.barrier(), { code: 'STORE_CLOSED' })
    await t.rejects(store.lease(seconds(1)), { code: 'STORE_CLOSED' })
    await t.rejects(store.status(), { code: 'STORE_CLOSED' })
    t.throws(() => store.watch(revision(1), () => undefined), { code: 'STORE_CLOSED' })
    await store.close()
  },

  'does what the model does, and watches without a gap': async (
    t,
    store,
    { sharesRevisions = false, stories = 40 },
  ) => {
    const model = new StoreModel((await store.load()).revision)
    for (const entry of (await store.load()).entries) model.entries.set(entry.key, entry)
    const first = new Follower(await store.load())
    store.watch(revision(first.revision), first.on)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(draft, { maxLength: 6 }), { maxLength: 6 }), async ticks => {
        const late = new Follower(await store.load())
        const from = revision(late.revision)
        for (const tick of ticks) {
          const transactions = tick.map(draft => concrete(draft, model.present))
          const outcomes = await Promise.all(transactions.map(transaction => store.commit(transaction)))
          const wanted = transactions.map((transaction, i) =>
            model.commit(transaction, sharesRevisions ? outcomes[i]?.revision : undefined),
          )
          t.same(
            outcomes.map(({ ok }) => ok),
            wanted.map(({ ok }) => ok),
          )
        }
        const now = await store.barrier()
        store.watch(from, late.on)
        await until('the late watch has caught up', () => late.revision >= now)
        const loaded = plain((await store.load()).entries)
        t.same(loaded, plain(model.entries.values()), 'the store holds what the model holds')
        t.same(plain(first.entries.values()), loaded, 'the first watch has seen it all')
        t.same(plain(late.entries.values()), loaded, 'a late watch has seen it all')
        t.equal(now, model.present)
      }),
      { numRuns: stories },
    )
  },
}
