import t from 'tap'
import { revision } from '../../src/store/index.js'
import { startEtcd } from '../support/etcd.js'
import { until } from '../support/until.js'
import { codeOf, following, opened, revived, standing } from './etcd-opened.js'
import { plain } from './model.js'
import { put } from './suite.js'

void t.test(
  'etcd is killed and comes back under the store: nothing acknowledged is lost, nothing is written twice',
  async t => {
    let etcd = await startEtcd(t)
    const { store } = opened(t, [etcd.socket])
    const follower = await following(store)
    const counts = new Map<number, number>()
    const outcomes = new Map<string, number>()
    let stop = false
    // Each writer counts up its own key, from what it knows; after an unknown outcome it reads again.
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      let [known, count] = [0, 0]
      while (!stop) {
        const key = `count/${writer}`
        try {
          const { ok, revision: at } = await store.commit({
            when: [known === 0 ? { test: 'absent', key } : { test: 'unmodified', key, modified: revision(known) }],
            then: [put(key, `${count + 1}`)],
          })
          if (!ok) throw new Error(`${key} was written by someone else, or twice`)
          known = at
          count++
          outcomes.set('ok', (outcomes.get('ok') ?? 0) + 1)
        } catch (reason) {
          outcomes.set(codeOf(reason), (outcomes.get(codeOf(reason)) ?? 0) + 1)
          if (codeOf(reason) !== 'STORE_UNCERTAIN') throw reason
          await store.barrier()
          const entry = follower.entries.get(key)
          known = entry?.modified ?? 0
          count = Number(Buffer.from(entry?.value ?? []).toString() || 0)
        }
      }
      counts.set(writer, count)
    })
    for (let round = 0; round < 4; round++) {
      const seen = outcomes.get('ok') ?? 0
      await until('writes go through', () => (outcomes.get('ok') ?? 0) > seen + 200)
      etcd = await revived(etcd)
    }
    const seen = outcomes.get('ok') ?? 0
    await until('writes go through', () => (outcomes.get('ok') ?? 0) > seen + 200)
    stop = true
    await Promise.all(writers)
    for (const [writer, count] of counts)
      t.equal(Buffer.from(follower.entries.get(`count/${writer}`)?.value ?? []).toString(), `${count}`)
    t.same(plain(follower.entries.values()), await standing(store))
    t.comment([...outcomes].map(([code, count]) => `${code}: ${count}`).join(', '))
  },
)
