import type { Clock, Timer } from '../common/clock.js'

/** Milliseconds that outputs may be sent early, so that those due about the same time travel together. */
const togetherWithin = 1000

/**
 * New outputs of checks whose status did not change: kept here for a while, so that a check which prints the time does
 * not write to the catalog each time. From half to one and a half of the interval, as in Consul; 0 defers nothing.
 */
export class DeferredOutputs {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #interval: () => number
  readonly #send: (checkIds: readonly string[]) => void
  /** When each is due, on the monotonic clock. */
  readonly #due = new Map<string, number>()
  #timer: { readonly at: number; readonly timer: Timer } | undefined

  constructor(
    deps: { readonly clock: Clock; readonly random: () => number; readonly checkUpdateInterval: () => number },
    send: (checkIds: readonly string[]) => void,
  ) {
    this.#clock = deps.clock
    this.#random = deps.random
    this.#interval = deps.checkUpdateInterval
    this.#send = send
  }

  /** Keeps a check's new output for later; false when it is to be sent now. */
  defer(checkId: string): boolean {
    const interval = this.#interval()
    if (interval <= 0) return false
    if (this.#due.has(checkId)) return true
    const due = this.#clock.monotonic() + interval / 2 + interval * this.#random()
    this.#due.set(checkId, due)
    if (this.#timer === undefined || due < this.#timer.at) this.#schedule(due)
    return true
  }

  /** The check is being sent, or is gone. */
  forget(checkId: string): void {
    this.#due.delete(checkId)
  }

  /** Sends nothing any more. */
  close(): void {
    this.#timer?.timer.cancel()
    this.#timer = undefined
    this.#due.clear()
  }

  #schedule(at: number): void {
    this.#timer?.timer.cancel()
    this.#timer = {
      at,
      timer: this.#clock.after(at - this.#clock.monotonic(), () => {
        this.#sendDue()
      }),
    }
  }

  #sendDue(): void {
    this.#timer = undefined
    const until = this.#clock.monotonic() + togetherWithin
    const ready: string[] = []
    let nearest = Infinity
    for (const [id, due] of this.#due) {
      if (due <= until) ready.push(id)
      else nearest = Math.min(nearest, due)
    }
    for (const id of ready) this.#due.delete(id)
    if (nearest < Infinity) this.#schedule(nearest)
    if (ready.length > 0) this.#send(ready)
  }
}
