import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Catalog, fireEvent } from '../../src/catalog/index.js'
import { SharedLeases } from '../../src/catalog/shared-leases.js'
import { minutes, seconds, type Duration } from '../../src/common/duration.js'
import { openMemoryStore, type Store } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'

/** A store that notes the leases it grants. */
function counting(clock: FakeClock): { store: Store; granted: Duration[]; fail: (next: boolean) => void } {
  const inner = openMemoryStore({ clock })
  const granted: Duration[] = []
  let failing = false
  const store: Store = {
    load: () => inner.load(),
    watch: (after, on) => inner.watch(after, on),
    commit: transaction => inner.commit(transaction),
    barrier: () => inner.barrier(),
    resumeLease: (id, ttl) => inner.resumeLease(id, ttl),
    status: () => inner.status(),
    close: () => inner.close(),
    lease: ttl => {
      if (failing) return Promise.reject(new Error('no leader'))
      granted.push(ttl)
      return inner.lease(ttl)
    },
  }
  return {
    store,
    granted,
    fail: next => {
      failing = next
    },
  }
}

void t.test('a long life is had together, a short one alone', async t => {
  const clock = new FakeClock()
  const { store, granted } = counting(clock)
  const leases = new SharedLeases(clock)
  const first = await leases.get(store, minutes(10))
  await clock.advance(9999)
  t.equal((await leases.get(store, minutes(10))).id, first.id)
  await clock.advance(1)
  t.not((await leases.get(store, minutes(10))).id, first.id)
  t.same(granted, [minutes(10) + seconds(10), minutes(10) + seconds(10)], 'the last who gets it has it for its ttl')
  t.not((await leases.get(store, seconds(15))).id, (await leases.get(store, seconds(15))).id)
  t.same(granted.slice(2), [seconds(15), seconds(15)])
  t.same([leases.shares(minutes(1)), leases.shares(minutes(2))], [false, true])
  await store.close()
})

void t.test('a lease that was not granted, or may have ended, is not shared', async t => {
  const clock = new FakeClock()
  const { store, granted, fail } = counting(clock)
  const leases = new SharedLeases(clock)
  fail(true)
  await t.rejects(leases.get(store, minutes(10)), { message: 'no leader' })
  fail(false)
  await leases.get(store, minutes(10))
  leases.forget(minutes(10))
  await leases.get(store, minutes(10))
  t.equal(granted.length, 2)
  await store.close()
})

void t.test('a thousand events hang on one lease, and run out with it', async t => {
  const clock = new FakeClock()
  const { store, granted } = counting(clock)
  const catalog = await Catalog.open({ store, clock })
  await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      catalog.execute(
        fireEvent({
          id: randomUUID(),
          name: `e${i}`,
          payload: '',
          nodeFilter: '',
          serviceFilter: '',
          tagFilter: '',
        }),
      ),
    ),
  )
  t.equal(catalog.events.all().length, 1000)
  t.equal(granted.length, 1)
  await clock.advance(minutes(10))
  t.equal(catalog.events.all().length, 1000, 'none too early')
  await clock.advance(seconds(10))
  t.equal(catalog.events.all().length, 0)
  catalog.close()
  await store.close()
})

void t.test('an event fired after its lease was lost is refused, the next one is not', async t => {
  const clock = new FakeClock()
  const { store } = counting(clock)
  const catalog = await Catalog.open({ store, clock })
  const fire = (name: string): Promise<unknown> =>
    catalog.execute(
      fireEvent({ id: randomUUID(), name, payload: '', nodeFilter: '', serviceFilter: '', tagFilter: '' }),
    )
  const lost: string[] = []
  const lease = store.lease.bind(store)
  store.lease = async ttl => {
    const granted = await lease(ttl)
    if (lost.length === 0) lost.push(granted.id)
    return granted
  }
  await fire('a')
  await catalog.revoke(lost[0] as Parameters<typeof catalog.revoke>[0], minutes(10))
  await t.rejects(fire('b'), { code: 'STORE_LEASE_LOST' })
  await fire('c')
  t.same(
    catalog.events.all().map(({ name }) => name),
    ['c'],
  )
  catalog.close()
  await store.close()
})
