import type { Clock } from '../../common/clock.js'
import type { Logger } from '../../telemetry/index.js'

/** Lines of one reason in a while, and the while in milliseconds. */
const maxLines = 10
const intervalMs = 10_000

/**
 * Tells of requests that failed for a reason of ours. While a store is full or a leader missing, that is every request
 * of every client: of one reason a few lines are written, and how many others there were with the first line after
 * that.
 */
export class RefusalLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #reasons = new Map<string, { began: number; lines: number; others: number }>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** @param code of the error: there are few of them */
  warn(code: string, fields: Readonly<Record<string, unknown>>): void {
    const now = this.#clock.monotonic()
    let reason = this.#reasons.get(code)
    const others = reason?.others ?? 0
    if (reason === undefined || now - reason.began >= intervalMs) {
      reason = { began: now, lines: 0, others: 0 }
      this.#reasons.set(code, reason)
    }
    if (reason.lines >= maxLines) {
      reason.others++
      return
    }
    reason.lines++
    this.#log.warn('a request was refused', { ...fields, code, ...(reason.lines === 1 && others > 0 && { others }) })
  }
}
