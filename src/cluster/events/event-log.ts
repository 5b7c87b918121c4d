import type { UserEvent } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { EndSignal } from '../../common/end-signal.js'
import { acceptsEvent } from './filters.js'

/** The events of a datacenter as they are fired, each once, from now on. */
export interface EventFeed {
  follow(on: (event: UserEvent) => void): { close(): void }
}

/** What an agent's events are judged by. */
export interface EventLogParts {
  readonly feed: EventFeed
  readonly node: () => string
  /** Services that run on this agent. */
  readonly services: () => Iterable<{ readonly id: string; readonly tags: readonly string[] }>
  readonly clock: Clock
  /** Given the events of agents among themselves, whose names begin with `_`. */
  readonly internal?: (event: UserEvent) => void
}

/** How many events an agent remembers. */
const maxKept = 256

/**
 * The events that this agent accepted, in memory: the newest 256. Those of agents among themselves are handed on and
 * never listed.
 */
export class EventLog {
  readonly #clock: Clock
  readonly #subscription: { close(): void }
  readonly #listeners = new Set<() => void>()
  #events: readonly UserEvent[] = []

  constructor({ feed, node, services, clock, internal }: EventLogParts) {
    this.#clock = clock
    this.#subscription = feed.follow(event => {
      if (!acceptsEvent(event, node(), services())) return
      if (event.name.startsWith('_')) {
        internal?.(event)
        return
      }
      this.#events = [...this.#events, event].slice(-maxKept)
      for (const listener of [...this.#listeners]) listener()
    })
  }

  /** Those of a name, or all, the oldest first. */
  list(name: string): readonly UserEvent[] {
    return name === '' ? this.#events : this.#events.filter(event => event.name === name)
  }

  /**
   * Where a list stands: the two halves of its last event's UUID, combined to one number of 64 bit; 1 for an empty one.
   * Not ordered.
   */
  static index(events: readonly UserEvent[]): bigint {
    const hex = events.at(-1)?.id.replaceAll('-', '') ?? ''
    return /^[0-9a-f]{32}$/i.test(hex) ? BigInt(`0x${hex.slice(0, 16)}`) ^ BigInt(`0x${hex.slice(16)}`) : 1n
  }

  /** The list once it no longer stands at `index`, or after `ms`, or when `signal` is aborted. */
  async wait(name: string, index: bigint, ms: number, signal: EndSignal): Promise<readonly UserEvent[]> {
    const until = this.#clock.monotonic() + ms
    for (;;) {
      const events = this.list(name)
      const left = until - this.#clock.monotonic()
      if (EventLog.index(events) !== index || left <= 0 || signal.aborted) return events
      await this.#next(left, signal)
    }
  }

  close(): void {
    this.#subscription.close()
    for (const listener of [...this.#listeners]) listener()
  }

  #next(ms: number, signal: EndSignal): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        this.#listeners.delete(done)
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#clock.after(ms, done)
      signal.addEventListener('abort', done)
      this.#listeners.add(done)
    })
  }
}
