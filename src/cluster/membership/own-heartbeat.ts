import type { Clock } from '../../common/clock.js'
import type { Duration } from '../../common/duration.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import { pause } from '../../common/pause.js'
import { heartbeatInterval } from './lease-ttl.js'

/** What a server keeps itself alive with. */
export interface OwnHeartbeatParts {
  readonly beat: () => Promise<Duration>
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

/** ms after which a heartbeat that failed is tried again. */
const retryDelay = 1000

/** The heartbeats of a server itself: with it they end, and its lease lapses as anyone's. */
export class OwnHeartbeat {
  readonly #parts: OwnHeartbeatParts
  readonly #closed = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #lastFault = ''

  constructor(parts: OwnHeartbeatParts) {
    this.#parts = parts
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Resolves when no heartbeat is under way any more. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#parts
    const { signal } = this.#closed
    while (!signal.aborted) {
      const wait = await this.#beat()
      await pause(clock, wait * (0.9 + random() * 0.1), signal)
    }
  }

  /** One heartbeat; resolves with the ms to the next one. */
  async #beat(): Promise<number> {
    try {
      const ttl = await this.#parts.beat()
      this.#lastFault = ''
      return heartbeatInterval(ttl)
    } catch (error) {
      this.#complain(error)
      return retryDelay
    }
  }

  /** Logs a refusal once. A missing leader is logged elsewhere. */
  #complain(error: unknown): void {
    const fault = errorMessage(error)
    if (fault === this.#lastFault || this.#closed.signal.aborted) return
    this.#lastFault = fault
    const hint = error instanceof MusterError && error.hint !== undefined ? { hint: error.hint } : {}
    const expected = error instanceof MusterError && error.code.startsWith('STORE_')
    this.#parts.log[expected ? 'debug' : 'error'](
      'this server could not enter itself among the members, trying again',
      { error: fault, ...hint },
    )
  }
}
