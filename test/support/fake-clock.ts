import type { Clock, Timer } from '../../src/common/clock.js'

/** A clock that stands still until the test moves it. Begins at 1,000,000 s after 1970, its monotonic side at 0. */
export class FakeClock implements Clock {
  #elapsed = 0
  #number = 0
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>()

  now(): number {
    return 1_000_000_000 + this.#elapsed
  }
  monotonic(): number {
    return this.#elapsed
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.size
  }

  after(delay: number, run: () => void): Timer {
    const number = ++this.#number
    this.#timers.set(number, { at: this.#elapsed + Math.max(0, delay), run })
    return {
      cancel: () => {
        this.#timers.delete(number)
      },
    }
  }

  /**
   * Lets `ms` pass: timers run in order, each at its own time, and what they set going gets its turn before time goes
   * on.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    await turn()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next.number)
      this.#elapsed = Math.max(this.#elapsed, next.at)
      next.run()
      await turn()
    }
    this.#elapsed = end
  }

  #next(end: number): { number: number; at: number; run: () => void } | undefined {
    let best: { number: number; at: number; run: () => void } | undefined
    for (const [number, { at, run }] of this.#timers) {
      if (at <= end && (best === undefined || at < best.at)) best = { number, at, run }
    }
    return best
  }
}

const turn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })
