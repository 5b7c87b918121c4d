import t from 'tap'
import { seconds } from '../../src/common/duration.js'
import { EtcdChannel } from '../../src/store/etcd/channel.js'
import { methods } from '../../src/store/etcd/methods.js'
import { startEtcd } from '../support/etcd.js'
import { following, opened } from './etcd-opened.js'
import { always, put, remove } from './suite.js'

void t.test('a full etcd refuses puts, lets deletions through, and says so', async t => {
  const etcd = await startEtcd(t, { args: [`--quota-backend-bytes=${2 * 1024 * 1024}`] })
  const { store, events } = opened(t, [etcd.socket])
  await store.load()
  const block = 'x'.repeat(200_000)
  let written = 0
  await t.rejects(
    (async () => {
      for (; written < 100; written++) await store.commit(always(put(`big/${written}`, block)))
    })(),
    { code: 'STORE_FULL', hint: /quota/ },
  )
  t.ok(written > 2)
  t.equal((await store.status()).writable, false)
  t.same(
    events.map(({ kind }) => kind),
    ['full'],
  )
  const mixed = await Promise.allSettled([
    store.commit(always(put('a'))),
    store.commit(always(remove('big/0'))),
    store.commit(always(put('b'))),
  ])
  t.match(mixed, [
    { status: 'rejected', reason: { code: 'STORE_FULL' } },
    { status: 'fulfilled', value: { ok: true } },
    { status: 'rejected' },
  ])
  t.ok((await store.barrier()) > 1, 'reads go on')
  await store.commit(always({ kind: 'delete-range', from: 'big/', to: 'big0' }))
  const channel = new EtcdChannel({ endpoints: [etcd.endpoint] })
  t.teardown(() => {
    channel.close()
  })
  await channel.call(methods.compact, { revision: await store.barrier(), physical: true }, { timeout: 5000 })
  await channel.call(methods.defragment, {}, { timeout: 5000 })
  const { alarms } = await channel.call(methods.alarm, { action: 0, memberID: '0', alarm: 0 }, { timeout: 5000 })
  for (const raised of alarms) await channel.call(methods.alarm, { action: 2, ...raised }, { timeout: 5000 })
  t.match(await store.commit(always(put('a'))), { ok: true })
  t.equal((await store.status()).writable, true)
  t.same(
    events.map(({ kind }) => kind),
    ['full', 'writable'],
  )
})

void t.test('an etcd with low limits is learned', async t => {
  const etcd = await startEtcd(t, { args: ['--max-txn-ops=40', '--max-request-bytes=300000'] })
  const { store, events } = opened(t, [etcd.socket])
  const follower = await following(store)
  const outcomes = await Promise.all(Array.from({ length: 1000 }, (_, i) => store.commit(always(put(`k/${i}`)))))
  t.ok(outcomes.every(({ ok }) => ok))
  t.match(events, [{ kind: 'limit', message: /40/, hint: /max-txn-ops/ }])
  const mixed = await Promise.allSettled([
    store.commit(always(put('x'))),
    store.commit(always(...Array.from({ length: 41 }, (_, i) => put(`y/${i}`)))),
    store.commit(always(put('z'))),
  ])
  t.match(mixed, [
    { status: 'fulfilled' },
    {
      status: 'rejected',
      reason: { code: 'STORE_TOO_LARGE', status: 413, message: /41 operations.*40/, hint: /max-txn-ops/ },
    },
    { status: 'fulfilled' },
  ])
  const large = await Promise.allSettled(
    ['100000', '90000', '120000', '400000', '110000'].map(size =>
      store.commit(always(put(`large/${size}`, 'x'.repeat(Number(size))))),
    ),
  )
  t.same(
    large.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  t.match(large[3], { reason: { code: 'STORE_TOO_LARGE', hint: /max-request-bytes/ } })
  t.equal(follower.entries.size, 1000 + 2 + 4)
})

void t.test('a lost lease among many is the only one refused', async t => {
  const etcd = await startEtcd(t)
  const { store } = opened(t, [etcd.socket])
  const follower = await following(store)
  const leases = await Promise.all(Array.from({ length: 30 }, () => store.lease(seconds(60))))
  await leases[11]?.revoke()
  await leases[23]?.revoke()
  const outcomes = await Promise.allSettled(
    leases.map(({ id }, i) =>
      store.commit(always({ kind: 'put', key: `alive/${i}`, value: Buffer.alloc(0), lease: id })),
    ),
  )
  t.same(
    outcomes.flatMap(({ status }, i) => (status === 'rejected' ? [i] : [])),
    [11, 23],
  )
  t.match(outcomes[11], { reason: { code: 'STORE_LEASE_LOST' } })
  t.equal(follower.entries.size, 28)
  await Promise.all(
    leases.map((lease, i) =>
      i === 11 || i === 23 ? t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' }) : lease.keepAlive(),
    ),
  )
})
