/** A running timer; `cancel` is safe to call more than once and after it fired. */
export interface Timer {
  cancel(): void
}

/**
 * Time as the parts of muster see it, passed in so that tests decide what time it is.
 * `now` is wall-clock milliseconds since 1970 (for what people read and what is kept on disk), `monotonic` is
 * milliseconds that never go back (for measuring). Timers do not keep the process alive on their own
 * (those of {@link commandClock} do).
 */
export interface Clock {
  now(): number
  monotonic(): number
  after(delay: number, run: () => void): Timer
}

/** The machine's clock. Delays beyond what setTimeout can hold (24.8 days) are cut to it. */
export const systemClock: Clock = machineClock(timer => {
  timer.unref()
})

/** The same for commands, which have nothing else that keeps the process alive while they wait: here timers do. */
export const commandClock: Clock = machineClock(() => undefined)

function machineClock(begun: (timer: NodeJS.Timeout) => void): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (delay, run) => {
      const timer = setTimeout(run, Math.min(Math.max(delay, 0), 0x7fffffff))
      begun(timer)
      return {
        cancel: () => {
          clearTimeout(timer)
        },
      }
    },
  }
}
