import fc from 'fast-check'
import t from 'tap'
import { dimensions, roundTrip, startCoordinate, type Coordinate } from '../../../src/common/coordinate.js'
import { Place, median } from '../../../src/cluster/coordinates/place.js'
import { moved, startPlacement, type Placement } from '../../../src/cluster/coordinates/vivaldi.js'

/** Numbers from 0 to below 1 that are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 0x1_0000_0000
  }
}

/** Lets machines measure each other for some rounds, each one random other a round. */
function settle(
  machines: number,
  rounds: number,
  measure: (a: number, b: number) => number,
  random: () => number,
): readonly Placement[] {
  const places = Array.from({ length: machines }, () => startPlacement)
  for (let round = 0; round < rounds; round++) {
    for (let one = 0; one < machines; one++) {
      const other = (one + 1 + Math.floor(random() * (machines - 1))) % machines
      const [own, theirs] = [places[one], places[other]]
      if (own === undefined || theirs === undefined) continue
      places[one] = moved(own, theirs.coordinate, measure(one, other), random) ?? own
    }
  }
  return places
}

/** The mean of how wrong the estimates are, as a part of what is measured. */
function wrongness(places: readonly Placement[], measure: (a: number, b: number) => number): number {
  let sum = 0
  let count = 0
  for (const [a, one] of places.entries())
    for (const [b, other] of places.entries()) {
      if (a === b) continue
      sum += Math.abs(roundTrip(one.coordinate, other.coordinate) - measure(a, b)) / measure(a, b)
      count++
    }
  return sum / count
}

const matrices: readonly {
  readonly name: string
  readonly machines: number
  readonly measure: (a: number, b: number) => number
  readonly most: number
}[] = [
  { name: 'two', machines: 2, measure: () => 0.02, most: 0.1 },
  { name: 'a line', machines: 8, measure: (a, b) => 0.01 * Math.abs(a - b), most: 0.1 },
  {
    name: 'a grid',
    machines: 25,
    measure: (a, b) => 0.01 * Math.hypot((a % 5) - (b % 5), Math.floor(a / 5) - Math.floor(b / 5)),
    most: 0.1,
  },
  { name: 'two datacenters', machines: 16, measure: (a, b) => (a < 8 === b < 8 ? 0.001 : 0.1), most: 0.3 },
  {
    name: 'a circle',
    machines: 16,
    measure: (a, b) => 0.2 * Math.abs(Math.sin((Math.PI * (a - b)) / 16)) + 0.001,
    most: 0.15,
  },
  {
    name: 'each its own way to the network',
    machines: 12,
    measure: (a, b) => 0.002 * (a + 1) + 0.002 * (b + 1) + 0.01,
    most: 0.15,
  },
]

void t.test('the estimates come near what is measured', t => {
  for (const { name, machines, measure, most } of matrices) {
    const before = wrongness(
      Array.from({ length: machines }, () => startPlacement),
      measure,
    )
    const places = settle(machines, 1000, measure, seeded(7))
    const after = wrongness(places, measure)
    t.ok(after < most, `${name}: ${after.toFixed(3)} wrong, ${before.toFixed(3)} at the start`)
    t.ok(
      places.every(({ coordinate }) => coordinate.error < 1),
      `${name}: they know that they are`,
    )
  }
  t.end()
})

void t.test('from any machine those of its own datacenter are nearer, though measures scatter', t => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), seed => {
      const random = seeded(seed)
      const places = settle(12, 300, (a, b) => (a % 3 === b % 3 ? 0.002 : 0.05) * (0.8 + random() * 0.4), random)
      return places.every((one, a) => {
        const to = (same: boolean): readonly number[] =>
          places.flatMap((other, b) =>
            a !== b && (a % 3 === b % 3) === same ? [roundTrip(one.coordinate, other.coordinate)] : [],
          )
        return Math.max(...to(true)) < Math.min(...to(false))
      })
    }),
    { numRuns: 30 },
  )
  t.pass('for thirty beginnings')
  t.end()
})

const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 1e308),
)
const anyCoordinate = fc.record({
  vec: fc.array(anyNumber, { minLength: 0, maxLength: 10 }),
  error: anyNumber,
  adjustment: anyNumber,
  height: anyNumber,
})

void t.test('no measure and no neighbour, however hostile, makes a place that is none', t => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyCoordinate, anyNumber), { maxLength: 30 }), fc.integer(), (measures, seed) => {
      const random = seeded(seed)
      const place = new Place(random)
      for (const [other, took] of measures) place.measured('x', took, other)
      const { vec, error, adjustment, height } = place.coordinate
      return (
        vec.length === dimensions
        && [...vec, error, adjustment, height].every(Number.isFinite)
        && height > 0
        && Number.isFinite(roundTrip(place.coordinate, startCoordinate))
      )
    }),
    { numRuns: 500 },
  )
  t.pass()
  t.end()
})

void t.test('what is no measure is refused', t => {
  const far: Coordinate = { ...startCoordinate, vec: startCoordinate.vec.map(() => 0.1) }
  const random = seeded(1)
  for (const took of [Number.NaN, Number.POSITIVE_INFINITY, -0.001, 10.001, 1e9])
    t.equal(moved(startPlacement, far, took, random), undefined, String(took))
  t.equal(moved(startPlacement, { ...far, vec: [1, 2] }, 0.1, random), undefined, 'another number of dimensions')
  t.equal(moved(startPlacement, { ...far, height: Number.NaN }, 0.1, random), undefined)
  t.ok(moved(startPlacement, far, 0, random), 'none at all is a short one')
  t.ok(moved(startPlacement, far, 10, random))
  t.end()
})

void t.test('one bad moment among three counts for nothing', t => {
  const place = new Place(seeded(3))
  for (let i = 0; i < 50; i++) place.measured('a', 0.01, startCoordinate)
  const before = roundTrip(place.coordinate, startCoordinate)
  place.measured('a', 5, startCoordinate)
  t.ok(Math.abs(roundTrip(place.coordinate, startCoordinate) - before) < 0.002)
  t.equal(place.roundTripTo('a'), 0.01)
  place.forget('a')
  t.equal(place.roundTripTo('a'), undefined)
  t.end()
})

void t.test('the middle one', t => {
  for (const [numbers, middle] of [
    [[3], 3],
    [[1, 9], 1],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2],
  ] as const)
    t.equal(median(numbers), middle)
  t.ok(Number.isNaN(median([])))
  t.end()
})
