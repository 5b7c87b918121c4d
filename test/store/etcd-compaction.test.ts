import t from 'tap'
import { EtcdChannel } from '../../src/store/etcd/channel.js'
import { methods } from '../../src/store/etcd/methods.js'
import { cuttableProxy } from '../support/cuttable-proxy.js'
import { startEtcd } from '../support/etcd.js'
import { following, opened, standing } from './etcd-opened.js'
import { plain } from './model.js'
import { always, put, remove } from './suite.js'

void t.test('a watch that was cut off finds out what a compaction hides, round after round', async t => {
  const etcd = await startEtcd(t)
  const { hostname: host, port } = new URL(etcd.endpoint)
  const proxy = await cuttableProxy(t, { host, port: Number(port) })
  const { store, events } = opened(t, [`http://127.0.0.1:${proxy.port}`])
  const { store: other } = opened(t, [etcd.endpoint])
  const channel = new EtcdChannel({ endpoints: [etcd.endpoint] })
  t.teardown(() => {
    channel.close()
  })
  await other.load()
  await other.commit(always(...Array.from({ length: 30 }, (_, i) => put(`k/${i}`, 'first'))))
  const follower = await following(store)
  for (let round = 0; round < 100; round++) {
    proxy.cut()
    await other.commit(always(put(`k/${round % 30}`, `${round}`), remove(`k/${(round + 7) % 30}`), put(`new/${round}`)))
    await other.commit(always(remove(`new/${round - 3}`), put('last', `${round}`)))
    await channel.call(methods.compact, { revision: await other.barrier(), physical: false }, { timeout: 5000 })
    proxy.mend()
    await store.commit(always(put('own', `${round}`)))
    const before = plain(follower.entries.values())
    const now = await standing(other)
    if (JSON.stringify(before) !== JSON.stringify(now)) t.same(before, now, `round ${round}`)
  }
  t.same(plain(follower.entries.values()), await standing(other))
  const kinds = events.map(({ kind }) => kind)
  t.ok(kinds.includes('compacted') && kinds.includes('lost') && kinds.includes('resumed'), 'it was told')
})
