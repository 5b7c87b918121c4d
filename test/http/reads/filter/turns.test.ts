import t from 'tap'
import { Turns, type SlicedWork } from '../../../../src/http/reads/filter/index.js'
import { MusterError } from '../../../../src/common/errors.js'
import { ItemFilter, type FilterWork } from '../../../../src/http/reads/item-filter.js'

/** Turns of the event loop that come when the test says so. */
function handCranked() {
  const booked: (() => void)[] = []
  const turns = new Turns(run => {
    booked.push(run)
  })
  /** One turn of the event loop; false when nothing is left to be done. */
  const turn = async (): Promise<boolean> => {
    const run = booked.shift()
    run?.()
    await Promise.resolve()
    return run !== undefined
  }
  return {
    turns,
    turn,
    toTheEnd: async () => {
      let count = 0
      while (await turn()) count++
      return count
    },
  }
}

/** Work of so many units, which notes its name at each slice. */
function work(name: string, units: number, slices: string[]): SlicedWork {
  let left = units
  return {
    get done() {
      return left <= 0
    },
    advance: limit => {
      slices.push(name)
      const used = Math.min(limit, left)
      left -= used
      return used
    },
  }
}

t.test('short work is over at once, long work comes in turns with others', async t => {
  const { turns, toTheEnd } = handCranked()
  const slices: string[] = []
  await turns.run(work('short', 10, slices))
  const all = Promise.all([
    turns.run(work('a', 17_500, slices)),
    turns.run(work('b', 7_500, slices)),
    turns.run(work('c', 10, slices)),
  ])
  t.same(slices, ['short', 'a'], 'no more than a turn holds')
  await toTheEnd()
  await all
  t.same(
    slices,
    ['short', 'a', 'a', 'b', 'a', 'c', 'b', 'a', 'a'],
    'those that have not begun take turns with those that have',
  )
})

t.test('what fails ends alone', async t => {
  const { turns, toTheEnd } = handCranked()
  const slices: string[] = []
  const failing = turns.run({
    done: false,
    advance: () => {
      throw new Error('no')
    },
  })
  const going = turns.run(work('on', 12_500, slices))
  await t.rejects(failing, { message: 'no' })
  await toTheEnd()
  await going
  t.equal(slices.length, 3)
})

/** A clock that moves on by so many milliseconds whenever it is looked at; the processor is busy all the while. */
function ticking(step: number): Pick<FilterWork, 'now' | 'processorTime'> {
  let now = 0
  return { now: () => (now += step), processorTime: () => now * 1000 }
}

const item = (text: string) => ({ Output: text })
const hostile = 'Output matches "(a|b)*a(a|b){11}Z"'
let seed = 1
const letters = (length: number): string =>
  Array.from({ length }, () =>
    (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) > 0x3fffffff ? 'a' : 'b',
  ).join('')

t.test(
  'an expression over thousands of texts is worked off in small pieces, and no other waits for its end',
  async t => {
    const { turns, turn, toTheEnd } = handCranked()
    const items = Array.from({ length: 2000 }, (_, i) => item(`Z${letters(500)}${i === 7 ? 'Z' : ''}`))
    let [largest, before, seen] = [0, 0, 0]
    const filter = new ItemFilter(hostile, 'check', { turns, ...ticking(0.1) })
    const found = filter.keep(
      items,
      one => {
        seen++
        return one
      },
      () => true,
    )
    for (;;) {
      largest = Math.max(largest, seen - before)
      before = seen
      if (!(await turn())) break
    }
    t.equal((await found).length, 1)
    t.ok(largest >= 50 && largest <= 51, `${largest} texts in one turn, at a tenth of a millisecond each`)
    const again = filter.keep(
      items,
      one => one,
      () => true,
    )
    const short = new ItemFilter('Output == x', 'check', { turns, ...ticking(0.1) }).keep(
      [item('x'), item('y')],
      one => one,
      () => true,
    )
    await turn()
    await turn()
    t.same(await short, [item('x')], 'while the other is under way')
    await toTheEnd()
    t.equal((await again).length, 1, 'it may cost as much again when it is asked again')
  },
)

t.test('the work of one request is limited, whatever the size of the catalog', async t => {
  const { turns, toTheEnd } = handCranked()
  const outcome = async (expression: string, items: readonly object[], perItem: number): Promise<unknown> => {
    let seen = 0
    const kept = new ItemFilter(expression, 'check', { turns, ...ticking(perItem) })
      .keep(
        items,
        one => {
          seen++
          return one
        },
        () => true,
      )
      .catch((error: unknown) => (error instanceof MusterError ? [error.code, error.status, seen] : error))
    await toTheEnd()
    return await kept
  }
  const texts = Array.from({ length: 20_000 }, () => item('a'))
  const [code, status, seen] = (await outcome('Output == b', texts, 0.1)) as [string, number, number]
  t.same([code, status], ['FILTER_TOO_COSTLY', 500])
  t.ok(seen >= 10_000 && seen <= 10_100, `${seen}: a second's, and what was begun`)
  t.same(await outcome('Output == b', texts, 0.01), [], 'ten times as many')
  t.same(
    await outcome('Output matches "(a|b)*a(a|b){500}c"', [item('a'.repeat(4000))], 0),
    ['FILTER_TOO_COSTLY', 500, 1],
    'one text alone',
  )
  t.same(await outcome('Output matches "a{100}"', [item('b'.repeat(1_000_000))], 0), ['FILTER_TOO_COSTLY', 500, 1])
  t.same(
    await outcome(
      Array.from({ length: 200 }, () => 'Output matches "(a|b)*a(a|b){11}Z" or Output == x')
        .slice(0, 40)
        .join(' or '),
      [item('b'.repeat(2000))],
      0,
    ),
    ['FILTER_TOO_COSTLY', 500, 1],
    'one item alone',
  )
  t.equal(
    (
      (await outcome(
        'Output matches "HTTP GET .*: [45][0-9][0-9]" or Output matches "(a+)+$"',
        texts.slice(0, 1000),
        0.01,
      )) as unknown[]
    ).length,
    1000,
  )
})

t.test('no work is done for disconnected clients', async t => {
  const { turns, turn, toTheEnd } = handCranked()
  let wanted = true
  const outcome = new ItemFilter(hostile, 'check', { turns, ...ticking(0.1) }).keep(
    Array.from({ length: 2000 }, () => item(letters(500))),
    one => one,
    () => wanted,
  )
  const rejected = t.rejects(outcome, { code: 'HTTP_ABORTED' })
  await turn()
  wanted = false
  t.equal(await toTheEnd(), 2, 'one turn to see it, one with nothing left')
  await rejected
})
