/**
 * A place in a space whose distances are round-trip times: Vivaldi network coordinates as Consul and Serf write them.
 * All numbers are seconds. `vec` has {@link dimensions} numbers; `height` is the way from the machine to the network,
 * which every round trip takes; `adjustment` corrects what the space cannot express; `error` (no unit, at most 1.5)
 * tells how little it is to be trusted.
 */
export interface Coordinate {
  readonly vec: readonly number[]
  readonly error: number
  readonly adjustment: number
  readonly height: number
}

/** How many numbers a coordinate's vector has. */
export const dimensions = 8

/** The error of a coordinate that nothing has been measured for, and the greatest there is. */
export const greatestError = 1.5

/** The smallest height in seconds: no two machines are at no distance. */
export const leastHeight = 10e-6

/** Where every machine begins. */
export const startCoordinate: Coordinate = {
  vec: Array.from({ length: dimensions }, () => 0),
  error: greatestError,
  adjustment: 0,
  height: leastHeight,
}

/** What is wrong with a coordinate that came from elsewhere, in Consul's words; undefined when it can be used. */
export function coordinateFault({ vec, error, adjustment, height }: Coordinate): string | undefined {
  if (![...vec, error, adjustment, height].every(Number.isFinite)) return 'invalid coordinate'
  return vec.length === dimensions ? undefined : 'incompatible coordinate'
}

/** A coordinate from a value that came from elsewhere; undefined when it is none that can be used. */
export function readCoordinate(value: unknown): Coordinate | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { vec, error, adjustment, height } = value as Readonly<Record<string, unknown>>
  if (
    !Array.isArray(vec)
    || vec.length !== dimensions
    || !vec.every(isNumber)
    || !isNumber(error)
    || !isNumber(adjustment)
    || !isNumber(height)
  )
    return undefined
  return { vec: vec.slice(), error, adjustment, height }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** Whether two coordinates are the same, number by number. */
export const sameCoordinate = (a: Coordinate, b: Coordinate): boolean =>
  a.error === b.error
  && a.adjustment === b.adjustment
  && a.height === b.height
  && a.vec.length === b.vec.length
  && a.vec.every((one, i) => one === b.vec[i])

/** Seconds between two coordinates without their adjustments. */
export const rawRoundTrip = (a: Coordinate, b: Coordinate): number =>
  Math.hypot(...a.vec.map((one, i) => one - (b.vec[i] ?? 0))) + a.height + b.height

/** The estimated round trip in seconds. Adjustments that would make it negative are left out. */
export function roundTrip(a: Coordinate, b: Coordinate): number {
  const raw = rawRoundTrip(a, b)
  const adjusted = raw + a.adjustment + b.adjustment
  return adjusted > 0 ? adjusted : raw
}
