import type { Clock } from '../../common/clock.js'

/** Share of those expected whose coming is enough: some callers have other things to do first. */
const enough = 0.9

/** Milliseconds without a new caller after which the wait ends. */
const quietMs = 1

/** Milliseconds after an answer after which the wait ends in any case. */
const maxHoldMs = 4

/**
 * Delays a group while more transactions are expected. Callers that were answered together mostly send their next
 * transaction within a millisecond or two. etcd takes nearly as long for a few transactions as for many, so it pays to
 * group them again. A lone caller, or one that finds the store idle, is not delayed.
 */
export class Gathering {
  readonly #clock: Clock
  readonly #over: () => void
  #expected = 0
  #answeredAt = -Infinity
  #cameAt = -Infinity
  #timer: { cancel(): void } | undefined

  /** @param over called when delayed transactions may be sent */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock
    this.#over = over
  }

  /**
   * Notes that `count` transactions were answered while `waiting` others waited: the next ones of all are expected.
   */
  answered(count: number, waiting: number): void {
    this.#expected = count + waiting
    this.#answeredAt = this.#clock.monotonic()
    this.#cameAt = this.#answeredAt
  }

  /** Notes a new transaction. */
  came(): void {
    this.#cameAt = this.#clock.monotonic()
  }

  /** Whether the waiting transactions should be delayed; if so, `over` is called later. */
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
