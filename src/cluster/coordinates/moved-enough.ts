import { rawRoundTrip, type Coordinate } from '../../common/coordinate.js'

/** Seconds that no sorting by nearness would notice. */
const unnoticed = 50e-6

/**
 * Whether a coordinate differs from what was told of it by more than what measuring alone brings about: a fiftieth of
 * its distances, or 50 µs.
 */
export function movedEnough(told: Coordinate, now: Coordinate): boolean {
  const way =
    rawRoundTrip(told, now)
    - told.height
    - now.height
    + Math.abs(told.height - now.height)
    + Math.abs(told.adjustment - now.adjustment)
  const size = Math.hypot(...told.vec) + told.height
  return way > Math.max(unnoticed, size / 50) || Math.abs(told.error - now.error) > 0.05
}
