import t from 'tap'
import { revision } from '../../src/store/index.js'
import type { Batch, Change, Entry } from '../../src/store/index.js'
import { WatchHub } from '../../src/store/watch-hub.js'

/** A hub over a map, which is told of changes a revision at a time. */
function hubOver(limits: { changes: number; bytes: number; deletions: number }) {
  const entries = new Map<string, Entry>()
  let present = 1
  let differences = 0
  const hub = new WatchHub(
    revision(present),
    after => {
      differences++
      return [...entries.values()].filter(({ modified }) => modified > after)
    },
    limits,
  )
  const publish = (change: Change): void => {
    hub.publish({ revision: revision(present), changes: [change] })
  }
  return {
    hub,
    differences: () => differences,
    put: (key: string, size = 1) => {
      const at = revision(++present)
      const entry = { key, value: Buffer.alloc(size), created: entries.get(key)?.created ?? at, modified: at }
      entries.set(key, entry)
      publish({ kind: 'put', entry })
    },
    remove: (key: string) => {
      entries.delete(key)
      publish({ kind: 'delete', key, revision: revision(++present) })
    },
  }
}

const told = (batches: readonly Batch[]): string[] =>
  batches.flatMap(({ changes }) =>
    changes.map(change => (change.kind === 'put' ? `+${change.entry.key}` : `-${change.key}`)),
  )

void t.test('what the history holds is replayed as it was, what it dropped as the difference', t => {
  for (const limits of [
    { changes: 3, bytes: 1e6, deletions: 100 },
    { changes: 100, bytes: 2, deletions: 100 },
  ]) {
    const { hub, put, remove, differences } = hubOver(limits)
    put('a')
    put('b')
    remove('a')
    put('b')
    put('c')
    const late: Batch[] = []
    hub
      .add(revision(4), batch => {
        late.push(batch)
      })
      .catchUp()
    t.same(told(late), ['+b', '+c'])
    t.equal(differences(), 0)
    const later: Batch[] = []
    const watcher = hub.add(revision(2), batch => {
      later.push(batch)
    })
    t.equal(watcher.behind, true)
    watcher.catchUp()
    watcher.catchUp()
    t.same(told(later), ['-a', '+b', '+c'])
    t.equal(later.length, 1)
    t.equal(differences(), 1)
    put('d')
    t.same(told(later).at(-1), '+d')
  }
  t.end()
})

void t.test('a watch from before forgotten deletions is refused, except from the empty store', t => {
  const { hub, put, remove } = hubOver({ changes: 1, bytes: 1e6, deletions: 2 })
  for (const key of ['a', 'b', 'c']) put(key)
  for (const key of ['a', 'b', 'c']) remove(key)
  put('d')
  t.throws(() => hub.add(revision(3), () => undefined), {
    code: 'STORE_COMPACTED',
    message: /after revision 3 .* after 5/,
  })
  const known: Batch[] = []
  hub
    .add(revision(5), batch => {
      known.push(batch)
    })
    .catchUp()
  t.same(told(known), ['-b', '-c', '+d'])
  const whole: Batch[] = []
  hub
    .add(revision(1), batch => {
      whole.push(batch)
    })
    .catchUp()
  t.same(told(whole).at(-1), '+d')
  t.end()
})

void t.test('a key that came back is not told as deleted', t => {
  const { hub, put, remove } = hubOver({ changes: 1, bytes: 1e6, deletions: 10 })
  put('a')
  remove('a')
  put('a')
  put('b')
  const batches: Batch[] = []
  hub
    .add(revision(2), batch => {
      batches.push(batch)
    })
    .catchUp()
  t.same(told(batches), ['+a', '+b'])
  t.end()
})

void t.test('a watcher that throws does not take the others with it', async t => {
  const { hub, put } = hubOver({ changes: 10, bytes: 1e6, deletions: 10 })
  const surfaced = new Promise(resolve => {
    process.once('uncaughtException', resolve)
  })
  const seen: Batch[] = []
  hub.add(revision(1), () => {
    throw new Error('a defect above')
  })
  hub.add(revision(1), batch => {
    seen.push(batch)
  })
  put('a')
  t.same(told(seen), ['+a'])
  t.match(await surfaced, { message: 'a defect above' })
})

void t.test('a watcher that closes another, or itself, within a delivery', t => {
  const { hub, put } = hubOver({ changes: 10, bytes: 1e6, deletions: 10 })
  const seen: string[] = []
  const first = hub.add(revision(1), () => {
    seen.push('first')
    first.close()
    second.close()
  })
  const second = hub.add(revision(1), () => {
    seen.push('second')
  })
  put('a')
  put('b')
  t.same(seen, ['first'])
  t.end()
})
