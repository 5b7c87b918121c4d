import t from 'tap'
import { startEtcd } from '../support/etcd.js'
import { until } from '../support/until.js'
import { following, opened } from './etcd-opened.js'
import { always, put } from './suite.js'

void t.test('two stores race on one etcd, and stores of other prefixes see nothing of it', async t => {
  const etcd = await startEtcd(t)
  const pair = [opened(t, [etcd.endpoint]).store, opened(t, [etcd.socket]).store]
  const { store: stranger } = opened(t, [etcd.socket], { prefix: 'm' })
  const { store: neighbour } = opened(t, [etcd.socket], { prefix: 'm0' })
  const seen = await following(neighbour)
  await stranger.load()
  const followers = await Promise.all(pair.map(following))
  const rounds = 30
  await Promise.all(
    pair.flatMap((store, i) =>
      Array.from({ length: 4 }, async () => {
        for (let won = 0; won < rounds;) {
          const follower = followers[i]
          const entry = follower?.entries.get('count')
          const next = Number(Buffer.from(entry?.value ?? []).toString() || 0) + 1
          const { ok, revision: at } = await store.commit({
            when: [
              entry === undefined
                ? { test: 'absent', key: 'count' }
                : { test: 'unmodified', key: 'count', modified: entry.modified },
            ],
            then: [put('count', `${next}`), put(`by/${i}`, `${next}`)],
          })
          if (ok) won++
          else await until('its reason is seen', () => (follower?.revision ?? 0) >= at)
        }
      }),
    ),
  )
  t.equal(
    Buffer.from((await pair[0]?.load())?.entries.find(({ key }) => key === 'count')?.value ?? []).toString(),
    `${2 * 4 * rounds}`,
  )
  await neighbour.barrier()
  t.same([...seen.entries.keys()], [])
  t.same((await neighbour.load()).entries, [])
  const whole = (await stranger.load()).entries.map(({ key }) => key)
  t.same(
    ['/by/0', '/by/1', '/count'].filter(key => !whole.includes(key)),
    [],
    'a prefix is one of bytes',
  )
  await neighbour.commit(always({ kind: 'delete-range', from: '', to: '' }))
  t.equal((await pair[0]?.load())?.entries.length, 3, 'deleting everything ends at the prefix')
})
