import t from 'tap'
import { milliseconds, seconds } from '../../src/common/duration.js'
import { openMemoryStore } from '../../src/store/index.js'
import type { LeaseId } from '../../src/store/index.js'
import { Leases } from '../../src/store/leases.js'
import { FakeClock } from '../support/fake-clock.js'
import { always, put } from './suite.js'

void t.test('a lease lives as long as it is kept alive', async t => {
  const clock = new FakeClock()
  const store = openMemoryStore({ clock })
  const lease = await store.lease(seconds(10))
  const keys = async (): Promise<string[]> => (await store.load()).entries.map(({ key }) => key)
  await store.commit(always({ kind: 'put', key: 'leased', value: Buffer.from('x'), lease: lease.id }))
  for (let i = 0; i < 5; i++) {
    await clock.advance(9000)
    await lease.keepAlive()
  }
  t.equal(clock.pending, 1, 'one timer a lease, however often it is kept alive')
  await clock.advance(9999)
  t.same(await keys(), ['leased'])
  await clock.advance(1)
  t.same(await keys(), [])
  t.equal(clock.pending, 0)
  await t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' })
  await t.rejects(store.lease(milliseconds(0)), { code: 'STORE_INVALID' })
  await store.close()
})

void t.test('a lease that ends within a group takes the keys written to it in that group', async t => {
  const store = openMemoryStore()
  const lease = await store.lease(seconds(10))
  const leased = (key: string): ReturnType<typeof put> => ({
    kind: 'put',
    key,
    value: Buffer.from('x'),
    lease: lease.id,
  })
  await store.commit(always(leased('before'), leased('freed')))
  const outcomes = await Promise.allSettled([
    store.commit(always(leased('within'))),
    store.commit(always(put('freed'))),
    lease.revoke(),
    store.commit(always(leased('late'))),
    store.commit(always(put('within', 'anew'))),
  ])
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  t.same(
    (await store.load()).entries.map(({ key, created }) => [key, created]),
    [
      ['freed', 2],
      ['within', 6],
    ],
  )
  await store.close()
})

void t.test('keys that cannot be deleted yet are deleted later', async t => {
  const clock = new FakeClock()
  const attempts: LeaseId[] = []
  const leases = new Leases({
    clock,
    newId: () => 'the-lease',
    end: lease => {
      attempts.push(lease)
      if (attempts.length < 3) return Promise.reject(new Error('no room'))
      leases.ended(lease)
      return Promise.resolve()
    },
  })
  const lease = leases.grant(seconds(2))
  await clock.advance(2000)
  t.equal(attempts.length, 1)
  await t.rejects(lease.keepAlive(), { code: 'STORE_LEASE_LOST' }, 'it is over all the same')
  await clock.advance(5000)
  t.same(attempts, ['the-lease', 'the-lease', 'the-lease'])
  t.equal(clock.pending, 0)
  leases.close()
})
