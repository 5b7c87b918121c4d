import type { Clock, Timer } from '../common/clock.js'
import type { Duration } from '../common/duration.js'
import { invalid, leaseLost } from './errors.js'
import type { Lease, LeaseId } from './store.js'

/**
 * How long after a failed deletion of a lapsed lease's keys it is tried again: as long as a full disk may take to be
 * noticed.
 */
const retryDelay = 1000

interface Held {
  readonly ttl: Duration
  readonly keys: Set<string>
  deadline: number
  timer: Timer
}

/**
 * The leases of an embedded store: who is alive until when, and which keys hang on whom. Kept in memory only; the store
 * says which keys are attached, and `end` must delete a lease's keys in one commit and then call {@link ended}.
 * A lease that is kept alive often costs one timer per ttl, not one per keep-alive.
 */
export class Leases {
  readonly #held = new Map<LeaseId, Held>()
  readonly #clock: Clock
  readonly #newId: () => string
  readonly #end: (lease: LeaseId) => Promise<unknown>
  #closed = false

  constructor(deps: {
    readonly clock: Clock
    readonly newId: () => string
    readonly end: (lease: LeaseId) => Promise<unknown>
  }) {
    this.#clock = deps.clock
    this.#newId = deps.newId
    this.#end = deps.end
  }

  /** A new lease that lapses `ttl` from now. @throws MusterError STORE_INVALID unless the ttl is above 0. */
  grant(ttl: Duration): Lease {
    if (!(ttl > 0)) throw invalid(`a lease's ttl must be above 0, not ${ttl}ms`)
    const id = this.#newId() as LeaseId
    this.resume(id, ttl)
    return this.handle(id, ttl)
  }

  /** Operations on a lease, for its holder or anyone who knows its id. */
  handle(id: LeaseId, ttl: Duration): Lease {
    return {
      id,
      ttl,
      keepAlive: () => (this.#keepAlive(id) ? Promise.resolve() : Promise.reject(leaseLost(id))),
      revoke: async () => {
        if (this.#held.has(id)) await this.#end(id)
      },
    }
  }

  /** Starts the ttl of a lease that is known from before (from disk, at open). */
  resume(id: LeaseId, ttl: Duration): void {
    if (this.#held.has(id)) return
    const deadline = this.#clock.monotonic() + ttl
    this.#held.set(id, { ttl, deadline, keys: new Set(), timer: this.#arm(id, ttl) })
  }

  lives(id: LeaseId): boolean {
    return this.#held.has(id)
  }

  /** The ttl a living lease was granted with. */
  ttl(id: LeaseId): Duration | undefined {
    return this.#held.get(id)?.ttl
  }

  keys(id: LeaseId): Iterable<string> {
    return this.#held.get(id)?.keys ?? []
  }

  /** Moves a key from one lease to another; undefined for none. */
  move(key: string, from: LeaseId | undefined, to: LeaseId | undefined): void {
    if (from === to) return
    if (from !== undefined) this.#held.get(from)?.keys.delete(key)
    if (to !== undefined) this.#held.get(to)?.keys.add(key)
  }

  /** The lease's keys are gone: forget it. */
  ended(id: LeaseId): void {
    this.#held.get(id)?.timer.cancel()
    this.#held.delete(id)
  }

  /** Stops all timers; nothing lapses any more. */
  close(): void {
    this.#closed = true
    for (const { timer } of this.#held.values()) timer.cancel()
  }

  #keepAlive(id: LeaseId): boolean {
    const held = this.#held.get(id)
    if (held === undefined || this.#closed || held.deadline <= this.#clock.monotonic()) return false
    held.deadline = this.#clock.monotonic() + held.ttl
    return true
  }

  #arm(id: LeaseId, delay: number): Timer {
    return this.#clock.after(delay, () => {
      void this.#due(id)
    })
  }

  async #due(id: LeaseId): Promise<void> {
    const held = this.#held.get(id)
    if (held === undefined || this.#closed) return
    const left = held.deadline - this.#clock.monotonic()
    if (left > 0) {
      held.timer = this.#arm(id, left)
      return
    }
    try {
      await this.#end(id)
    } catch {
      // The lease has ended, but its keys could not be deleted. Try again until the disk accepts writes.
      held.timer = this.#arm(id, retryDelay)
    }
  }
}
