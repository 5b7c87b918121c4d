/** A running timer; `cancel` is safe to call more than once and after it fired. */
export interface Timer {
  cancel(): void
}

/**
 * Time as the parts of muster see it, passed in so that tests decide what time it is.
 * `now` is wall-clock milliseconds since 1970 (for what people read and what is kept on disk), `monotonic` is
 * milliseconds that never go back (for measuring). Timers do not keep the process alive on their own.
 */
export interface Clock {
  now(): number
  monotonic(): number
  after(delay: number, run: () => void): Timer
}

/** The machine's clock. Delays beyond what setTimeout can hold (24.8 days) are cut to it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delay, run) => {
    const timer = setTimeout(run, Math.min(Math.max(delay, 0), 0x7fffffff))
    timer.unref()
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  },
}
