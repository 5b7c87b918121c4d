import t from 'tap'
import { milliseconds, seconds } from '../../src/common/duration.js'
import { startEtcdCluster } from '../support/etcd.js'
import { until } from '../support/until.js'
import { codeOf, following, opened, revived } from './etcd-opened.js'
import { always, put } from './suite.js'

void t.test('the leader dies: the others go on, and what was under way is settled', async t => {
  const etcds = await startEtcdCluster(t, 3)
  const stores = etcds.map(({ socket }) => opened(t, [socket]).store)
  const followers = await Promise.all(stores.map(following))
  const { members } = await until('it leads', async () => {
    const status = await stores[0]?.status()
    return status?.members.some(({ leader }) => leader) === true && status
  })
  t.match(
    members.find(({ id }) => id === 'm1'),
    { address: new URL(etcds[0]?.peerUrl ?? '').host },
  )
  const leading = etcds.findIndex(({ name }) => members.some(({ id, leader }) => leader && id === name))
  const [store, follower] =
    stores.flatMap((store, i) => (i === leading ? [] : [[store, followers[i]] as const]))[0] ?? []
  if (store === undefined || follower === undefined) throw new Error('a follower was expected')
  const results = new Map<string, string>()
  let [stop, done] = [false, 0]
  const writers = Array.from({ length: 10 }, async (_, writer) => {
    for (let i = 0; !stop; i++) {
      const key = `w/${writer}/${i}`
      try {
        const { ok } = await store.commit({ when: [{ test: 'absent', key }], then: [put(key, 'x')] })
        results.set(key, ok ? 'ok' : 'refused')
        if (ok) done++
      } catch (reason) {
        results.set(key, codeOf(reason))
      }
    }
  })
  await until('writes go through', () => done > 100)
  await etcds[leading]?.stop('SIGKILL')
  const before = done
  await until('writes go through again', () => done > before + 100)
  stop = true
  await Promise.all(writers)
  await store.barrier()
  t.ok(
    [...results].every(([key, result]) => result !== 'ok' || follower.entries.has(key)),
    'what was acknowledged is there',
  )
  t.ok(
    [...results].every(([key, result]) => result !== 'STORE_NO_LEADER' || !follower.entries.has(key)),
    'what was refused is not',
  )
  t.equal([...results.values()].filter(result => result === 'refused').length, 0, 'no write met itself')
  t.comment(`not ok: ${[...results.values()].filter(result => result !== 'ok').join(' ')}`)
})

void t.test('without a quorum writes and barriers end with No cluster leader', async t => {
  const etcds = await startEtcdCluster(t, 2)
  const { store } = opened(
    t,
    etcds.map(({ endpoint }) => endpoint),
    { holdTimeout: milliseconds(1500) },
  )
  await store.load()
  await store.commit(always(put('a')))
  await etcds[1]?.stop('SIGKILL')
  await until('the leader is lost', async () => !(await store.status()).writable)
  const expected = { code: 'STORE_NO_LEADER', status: 500, message: 'No cluster leader' }
  await Promise.all([
    t.rejects(store.commit(always(put('b'))), expected),
    t.rejects(store.barrier(), expected),
    t.rejects(store.lease(seconds(10)), expected),
  ])
  const { store: fresh } = opened(t, [etcds[0]?.endpoint ?? ''], { holdTimeout: milliseconds(300) })
  const loading = fresh.load()
  await t.rejects(fresh.commit(always(put('c'))), expected)
  if (etcds[1] !== undefined) await revived(etcds[1])
  t.same(
    (await loading).entries.map(({ key }) => key),
    ['a'],
    'load waits',
  )
  t.match(await until('it is writable again', () => store.commit(always(put('b'))).catch(() => false as const)), {
    ok: true,
  })
})
