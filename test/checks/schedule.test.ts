import fc from 'fast-check'
import t from 'tap'
import { Schedule } from '../../src/checks/schedule.js'
import { FakeClock } from '../support/fake-clock.js'

interface Item {
  due: number
  place: number
  readonly name: number
}

const item = (name: number): Item => ({ due: 0, place: -1, name })

void t.test('items wake at their times and in order, whatever was moved or taken out before', async t => {
  const step = fc.record({ name: fc.nat(20), due: fc.integer({ min: 0, max: 1000 }), remove: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async steps => {
      const clock = new FakeClock()
      const woken: { name: number; at: number }[] = []
      const schedule = new Schedule<Item>(clock, ({ name }) => {
        woken.push({ name, at: clock.monotonic() })
      })
      const items = new Map<number, Item>()
      const expected = new Map<number, number>()
      for (const { name, due, remove } of steps) {
        const it = items.get(name) ?? item(name)
        items.set(name, it)
        if (remove) {
          schedule.remove(it)
          expected.delete(name)
        } else {
          schedule.set(it, due)
          expected.set(name, due)
        }
      }
      if (clock.pending > 1) return false
      await clock.advance(2000)
      const inOrder = woken.every((w, i) => i === 0 || (woken[i - 1]?.at ?? 0) <= w.at)
      const allThere = woken.length === expected.size && woken.every(w => expected.get(w.name) === w.at)
      return inOrder && allThere && clock.pending === 0 && schedule.size === 0
    }),
    { numRuns: 60 },
  )
  t.end()
})

void t.test('an item may set itself again, stop others, and is not woken twice in one round', async t => {
  const clock = new FakeClock()
  const a = item(1)
  const b = item(2)
  let wokenA = 0
  let wokenB = 0
  const schedule: Schedule<Item> = new Schedule<Item>(clock, it => {
    if (it === b) {
      wokenB++
      return
    }
    wokenA++
    schedule.set(b, clock.monotonic() + 50)
    if (wokenA < 3) schedule.set(a, clock.monotonic() + 10)
  })
  schedule.set(a, 10)
  schedule.set(b, 10)
  await clock.advance(100)
  t.equal(wokenA, 3)
  t.equal(wokenB, 1, 'moved away by a before its turn came')
  schedule.set(a, 500)
  schedule.close()
  t.equal(clock.pending, 0)
})

void t.test('times that are no whole milliseconds do not wake early', async t => {
  const clock = new FakeClock()
  let at = -1
  const schedule = new Schedule<Item>(clock, () => {
    at = clock.monotonic()
  })
  schedule.set(item(1), 10.4)
  await clock.advance(20)
  t.equal(at, 11)
})
