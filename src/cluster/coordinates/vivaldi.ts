import {
  coordinateFault,
  dimensions,
  greatestError,
  leastHeight,
  rawRoundTrip,
  startCoordinate,
  type Coordinate,
} from '../../common/coordinate.js'

/** A machine's place and what corrects it: the newest errors of its estimates in seconds, the oldest first. */
export interface Placement {
  readonly coordinate: Coordinate
  readonly residues: readonly number[]
}

/** Where a machine begins. */
export const startPlacement: Placement = { coordinate: startCoordinate, residues: [] }

/**
 * How fast errors and places follow what is measured (the constants c_e and c_c of Vivaldi's paper, as Serf sets them).
 */
const errorGain = 0.25
const forceGain = 0.25
/** How many residues the adjustment is made from. */
const window = 20
/** Pulls all places slowly towards the origin, so that the whole does not drift away. Seconds; larger pulls less. */
const gravity = 150
/** Round trips above this are no measure of distance. Seconds. */
const maxRoundTripSeconds = 10
/** Differences below this are ignored. Seconds. */
const tiny = 1e-6

/** Whether seconds can be a round trip. */
export const isRoundTrip = (seconds: number): boolean =>
  Number.isFinite(seconds) && seconds >= 0 && seconds <= maxRoundTripSeconds

/**
 * The place after one measured round trip (seconds) to a machine at `other`: it moves along the line between the two by
 * as much as the estimate was wrong, the more the less it is sure of itself. Undefined when the measure is none: not a
 * number, negative, above 10 s, or a bad coordinate.
 * @param random from 0 to below 1: the direction in which two machines at one place part
 */
export function moved(
  placement: Placement,
  other: Coordinate,
  roundTrip: number,
  random: () => number,
): Placement | undefined {
  if (!isRoundTrip(roundTrip) || coordinateFault(other) !== undefined) return undefined
  const measured = Math.max(roundTrip, tiny)
  const pulled = withForce(placement.coordinate, other, measured, random)
  const residues = [...placement.residues, measured - rawRoundTrip(pulled, other)].slice(-window)
  const adjustment = residues.reduce((sum, one) => sum + one, 0) / (2 * window)
  const coordinate = towardsOrigin({ ...pulled, adjustment }, random)
  // Hostile peers can cause invalid numbers. Start again from the origin rather than keep them.
  return coordinateFault(coordinate) === undefined ? { coordinate, residues } : startPlacement
}

function withForce(own: Coordinate, other: Coordinate, measured: number, random: () => number): Coordinate {
  const estimate = rawRoundTrip(own, other)
  const trust = own.error / Math.max(own.error + other.error, tiny)
  const wrongness = Math.abs(estimate - measured) / measured
  const error = Math.min(errorGain * trust * wrongness + own.error * (1 - errorGain * trust), greatestError)
  return pushed({ ...own, error }, other, forceGain * trust * (measured - estimate), random)
}

function towardsOrigin(own: Coordinate, random: () => number): Coordinate {
  const distance = rawRoundTrip(own, startCoordinate)
  return pushed(own, startCoordinate, -((distance / gravity) ** 2), random)
}

/** Moves a place by `force` seconds away from `from` (towards it when negative); its height takes its share. */
function pushed(own: Coordinate, from: Coordinate, force: number, random: () => number): Coordinate {
  const { direction, distance } = away(own.vec, from.vec, random)
  const vec = own.vec.map((one, i) => one + (direction[i] ?? 0) * force)
  const height =
    distance > tiny ? Math.max(((own.height + from.height) * force) / distance + own.height, leastHeight) : own.height
  return { ...own, vec, height }
}

/** The direction from `b` to `a`, of length 1, any one when both are at one place; and how far they are apart. */
function away(
  a: readonly number[],
  b: readonly number[],
  random: () => number,
): { readonly direction: readonly number[]; readonly distance: number } {
  const difference = a.map((one, i) => one - (b[i] ?? 0))
  const distance = Math.hypot(...difference)
  if (distance > tiny) return { direction: difference.map(one => one / distance), distance }
  const any = Array.from({ length: dimensions }, () => random() - 0.5)
  const length = Math.hypot(...any)
  return { direction: length > tiny ? any.map(one => one / length) : any.map((_, i) => (i === 0 ? 1 : 0)), distance: 0 }
}
