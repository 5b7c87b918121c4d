import type { Clock } from '../common/clock.js'
import { keepNewest } from '../common/keep-newest.js'
import type { Logger, LogLevel } from './types.js'

/** While a reason lasts it is said again this often, in milliseconds, with how often it was met meanwhile. */
const repeatAfterMs = 60_000
/**
 * How many reasons are remembered; beyond that the oldest is forgotten, and logged again when it recurs. A loop that
 * alternates between a few servers has a few reasons.
 */
const maxReasons = 16

interface Standing {
  said: number
  times: number
}

/**
 * For what is tried again and again: a reason is logged once in full, then counted, with one line a minute while it
 * lasts. A reason that is new is said at once.
 */
export class Repeats {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #reasons = new Map<string, Standing>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** One more failure. `reason`: what makes two of them the same; numbers of attempts and times are no part of it. */
  tell(level: LogLevel, message: string, reason: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const now = this.#clock.monotonic()
    const key = `${message}\n${reason}`
    const standing = this.#reasons.get(key)
    if (standing === undefined) {
      this.#reasons.set(key, { said: now, times: 0 })
      keepNewest(this.#reasons, maxReasons)
      this.#log[level](message, fields)
      return
    }
    standing.times++
    if (now - standing.said < repeatAfterMs) return
    this.#log[level](`still: ${message}`, {
      ...fields,
      times: standing.times,
      seconds: Math.round((now - standing.said) / 1000),
    })
    standing.said = now
    standing.times = 0
  }

  /** It has gone well: whatever fails next is said in full. */
  over(): void {
    this.#reasons.clear()
  }
}
