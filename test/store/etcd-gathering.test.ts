import t from 'tap'
import { systemClock } from '../../src/common/clock.js'
import { Gathering } from '../../src/store/etcd/gathering.js'
import { startEtcd } from '../support/etcd.js'
import { FakeClock } from '../support/fake-clock.js'
import { opened } from './etcd-opened.js'
import { always, put } from './suite.js'

function gathering(): { clock: FakeClock; held: Gathering; over: () => number } {
  const clock = new FakeClock()
  let over = 0
  return {
    clock,
    held: new Gathering(clock, () => {
      over++
    }),
    over: () => over,
  }
}

void t.test('who comes to an idle store sets out at once', async t => {
  const { held } = gathering()
  held.came()
  t.equal(held.holds(1), false)
})

void t.test('a caller who is alone never waits', async t => {
  const { held } = gathering()
  held.answered(1, 0)
  held.came()
  t.equal(held.holds(1), false)
})

void t.test('callers who were answered together travel together again', async t => {
  const { clock, held, over } = gathering()
  held.answered(30, 10)
  held.came()
  t.equal(held.holds(11), true)
  t.equal(held.holds(35), true)
  t.equal(held.holds(36), false, 'nine of ten are enough')
  await clock.advance(1)
  t.equal(over(), 1)
})

void t.test('nobody is waited for when a millisecond passed in which nobody came', async t => {
  const { clock, held, over } = gathering()
  held.answered(30, 0)
  await clock.advance(0.8)
  held.came()
  t.equal(held.holds(1), true)
  await clock.advance(0.8)
  t.equal(held.holds(1), true, 'one came since')
  await clock.advance(0.4)
  t.equal(over(), 1, 'told once, however often it was asked')
  t.equal(held.holds(1), false)
})

void t.test('four milliseconds are the end of it, however many still come', async t => {
  const { clock, held } = gathering()
  held.answered(1000, 0)
  for (let came = 1; came <= 7; came++) {
    await clock.advance(0.5)
    held.came()
    t.equal(held.holds(came), true)
  }
  await clock.advance(0.5)
  held.came()
  t.equal(held.holds(8), false)
})

void t.test('the end holds nobody back', async t => {
  const { clock, held, over } = gathering()
  held.answered(30, 0)
  t.equal(held.holds(1), true)
  held.close()
  t.equal(held.holds(1), false)
  await clock.advance(10)
  t.equal(over(), 0)
})

void t.test('a writer who is alone in a store waits for etcd and for nothing else', async t => {
  const delays: number[] = []
  const clock = {
    ...systemClock,
    after: (delay: number, run: () => void) => {
      delays.push(delay)
      return systemClock.after(delay, run)
    },
  }
  const etcd = await startEtcd(t)
  const { store } = opened(t, [etcd.socket], { clock })
  await store.load()
  for (let count = 0; count < 20; count++) await store.commit(always(put(`key/${count}`)))
  t.same(
    delays.filter(delay => delay <= 4),
    [],
    'nobody is held back',
  )
  t.ok(delays.length >= 20, 'the clock that was given is the one that counts')
})
