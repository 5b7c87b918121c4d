import fc from 'fast-check'
import t from 'tap'
import { AnswerCache } from '../../src/dns/answer-cache.js'
import { KeptAnswer } from '../../src/dns/kept-answer.js'
import { Orders } from '../../src/dns/orders.js'
import { unitsOf, type AnswerSet } from '../../src/dns/records.js'

const setOf = (count: number, shuffled = true): AnswerSet => ({
  rcode: 0,
  authoritative: true,
  distinct: true,
  shuffled,
  oneOf: false,
  limit: 0,
  authority: [],
  additional: [],
  sources: [],
  maxAge: Infinity,
  perClient: false,
  units: unitsOf(
    Array.from({ length: count }, (_, i) => ({ type: 'A', name: 'x', ttl: 0, address: Uint8Array.of(0, 0, 0, i) })),
  ),
})

/** Answers that say nothing but their order, as a packet of the given size. */
const keep = (count: number, size = 200): KeptAnswer =>
  new KeptAnswer(setOf(count), 0, Infinity, order => Buffer.alloc(size, Buffer.from(order.slice(0, 16))), Math.random)

void t.test('after a whole round each unit has been at each place once', async t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3 }), (count, rounds) => {
      const orders = new Orders(count, false, Math.random)
      const places = Array.from({ length: count }, () => new Map<number, number>())
      for (let turn = 0; turn < count * rounds; turn++) {
        const order = orders.next()
        t.equal(new Set(order).size, count)
        order.forEach((unit, place) => places[place]?.set(unit, (places[place]?.get(unit) ?? 0) + 1))
      }
      for (const place of places) for (let unit = 0; unit < count; unit++) t.equal(place.get(unit), rounds)
    }),
    { numRuns: 30 },
  )
})

void t.test('fixed units keep their order', async t => {
  const orders = new Orders(3, true, Math.random)
  t.same(
    [orders.next(), orders.next()],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  )
})

void t.test('kept answers are fair: over many queries each instance comes first about equally often', async t => {
  for (const [count, size] of [
    [2, 100],
    [3, 100],
    [7, 200],
    [16, 300],
    [60, 1000],
    [100, 1600],
    [100, 60_000],
  ] as const) {
    const kept = keep(count, size)
    const firsts = new Map<number, number>()
    const queries = count * 2000
    for (let i = 0; i < queries; i++) {
      const first = kept.take()[0] ?? -1
      firsts.set(first, (firsts.get(first) ?? 0) + 1)
    }
    t.equal(firsts.size, count, `all ${count} come first at some time`)
    // 2000 each on average; a variant is given out some 16 to 64 times before it changes, which widens the spread to
    // some 10%.
    for (const [unit, times] of firsts)
      t.ok(times > 1000 && times < 3000, `${unit} of ${count} (${size} bytes): ${times} times`)
  }
})

void t.test('few queries already spread over many instances', async t => {
  const kept = keep(60, 100)
  const firsts = new Set(Array.from({ length: 600 }, () => kept.take()[0]))
  t.ok(firsts.size >= 50, `${firsts.size} of 60 came first in 600 answers`)
})

void t.test('the cache stays within its limits and keeps what is in use through a flood', async t => {
  const cache = new AnswerCache({ entries: 100, bytes: 1_000_000 })
  const hot = keep(3)
  cache.put('hot', hot)
  for (let i = 0; i < 10_000; i++) {
    cache.put(`cold-${i}`, keep(1))
    if (i % 50 === 0) t.equal(cache.get('hot'), hot)
    if (cache.size > 200) t.fail(`${cache.size} entries`)
  }
  t.equal(cache.get('cold-0'), undefined)
  cache.clear()
  t.equal(cache.get('hot'), undefined)
})

void t.test('the cache counts bytes too', async t => {
  const cache = new AnswerCache({ entries: 1000, bytes: 10_000 })
  for (let i = 0; i < 100; i++) cache.put(`big-${i}`, keep(1, 1000))
  t.ok(cache.size <= 20, `${cache.size} answers of 1000 bytes`)
  cache.put('huge', keep(1, 20_000))
  t.equal(cache.get('huge'), undefined, 'what is larger than the whole is not kept')
})
