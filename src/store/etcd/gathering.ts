import type { Clock } from '../../common/clock.js'

/** Share of those expected whose coming is enough: some callers have other things to do first. */
const enough = 0.9

/** Milliseconds in which somebody must have come, or nobody is waited for any more. */
const quietMs = 1

/** Milliseconds after an answer at which those who came set out in any case. */
const maxHoldMs = 4

/**
 * Holds back those who wait while others are expected. Callers who were answered together mostly have their next
 * transaction ready within a millisecond or two. Etcd takes nearly as long for a few transactions as for many, so it
 * pays to let them travel together again, and a caller who is alone, or comes to an idle store, waits for nobody.
 */
export class Gathering {
  readonly #clock: Clock
  readonly #over: () => void
  #expected = 0
  #answeredAt = -Infinity
  #cameAt = -Infinity
  #timer: { cancel(): void } | undefined

  /** @param over called when those who were held back may set out */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock
    this.#over = over
  }

  /** So many were answered just now while so many others waited: all of them are expected. */
  answered(count: number, waiting: number): void {
    this.#expected = count + waiting
    this.#answeredAt = this.#clock.monotonic()
    this.#cameAt = this.#answeredAt
  }

  /** Somebody came. */
  came(): void {
    this.#cameAt = this.#clock.monotonic()
  }

  /** Whether those who wait are to wait a little longer; then it is told when that is over. */
  holds(waiting: number): boolean {
    if (waiting >= enough * this.#expected) return false
    const now = this.#clock.monotonic()
    const until = Math.min(this.#answeredAt + maxHoldMs, this.#cameAt + quietMs)
    if (now >= until) return false
    this.#timer ??= this.#clock.after(until - now, () => {
      this.#timer = undefined
      this.#over()
    })
    return true
  }

  /** Nobody is held back any more. */
  close(): void {
    this.#expected = 0
    this.#timer?.cancel()
  }
}
