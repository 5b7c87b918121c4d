import type { Coordinate } from '../../common/coordinate.js'
import { isRoundTrip, moved, startPlacement } from './vivaldi.js'

/**
 * How many round trips to one machine are looked at together: their median leaves out a single one that met a busy
 * moment.
 */
const filterSize = 3

/** This agent's place among others, from the round trips that it measures to them. */
export class Place {
  readonly #random: () => number
  readonly #recent = new Map<string, readonly number[]>()
  #placement = startPlacement

  /** @param random from 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random
  }

  get coordinate(): Coordinate {
    return this.#placement.coordinate
  }

  /**
   * Takes in one measured round trip (seconds) to a machine that says it is at `other`. Invalid measurements are
   * ignored.
   */
  measured(peer: string, roundTrip: number, other: Coordinate): void {
    if (!isRoundTrip(roundTrip)) return
    const recent = [...(this.#recent.get(peer) ?? []), roundTrip].slice(-filterSize)
    const next = moved(this.#placement, other, median(recent), this.#random)
    if (next === undefined) return
    this.#recent.set(peer, recent)
    this.#placement = next
  }

  /** Seconds to a machine as measured recently; undefined when nothing was. */
  roundTripTo(peer: string): number | undefined {
    const recent = this.#recent.get(peer)
    return recent === undefined ? undefined : median(recent)
  }

  /** Measures to this machine count no longer. */
  forget(peer: string): void {
    this.#recent.delete(peer)
  }
}

/** The number in the middle; the lower one of two. Not a number where there is none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}
