import t from 'tap'
import { openMemoryStore, revision } from '../../src/store/index.js'

t.test('memory store: put, watch, load', async t => {
  const store = openMemoryStore()
  const seen: number[] = []
  store.watch(revision(1), batch => { seen.push(batch.revision) })
  const [a, b] = await Promise.all(['a', 'b'].map(key => store.commit({ when: [{ test: 'absent', key }], then: [{ kind: 'put', key, value: Buffer.from(key) }] })))
  t.same([a, b], [{ ok: true, revision: 2 }, { ok: true, revision: 3 }])
  t.same(seen, [3])
  t.equal((await store.load()).entries.length, 2)
  await store.close()
})
