import type { Clock } from '../common/clock.js'
import { milliseconds } from '../common/duration.js'
import type { Duration } from '../common/duration.js'
import type { Lease, Store } from '../store/index.js'

/** TTLs up to this are exact, so their leases are not shared. */
const minSharedTtl = milliseconds(60_000)
/** For how long a lease is shared with later callers: a fraction of its ttl, and at most `maxWindow`. */
const windowShare = 1 / 60
const maxWindow = milliseconds(10_000)

interface Shared {
  readonly lease: Promise<Lease>
  /** Monotonic milliseconds until which the lease is shared with new callers. */
  readonly until: number
}

/**
 * Leases for keys that expire. Callers that want the same long ttl within some seconds share one lease, which ends that
 * much later. A cluster takes longer to grant a lease than to write a key, and keeps each lease in memory until it
 * ends.
 */
export class SharedLeases {
  readonly #clock: Clock
  readonly #shared = new Map<Duration, Shared>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether leases of this ttl are shared; then no holder may end them. */
  shares(ttl: Duration): boolean {
    return ttl > minSharedTtl
  }

  /** Stops sharing the lease of this ttl. It may have ended, for example while the machine was suspended. */
  forget(ttl: Duration): void {
    this.#shared.delete(ttl)
  }

  /** A lease that ends no sooner than `ttl` after this call. Rejects with what the store's rejects with. */
  async get(store: Store, ttl: Duration): Promise<Lease> {
    if (!this.shares(ttl)) return store.lease(ttl)
    const now = this.#clock.monotonic()
    const known = this.#shared.get(ttl)
    if (known !== undefined && now < known.until) return known.lease
    const window = Math.min(ttl * windowShare, maxWindow)
    const lease = store.lease(milliseconds(ttl + window))
    this.#shared.set(ttl, { lease, until: now + window })
    // Do not share a lease that could not be granted.
    lease.catch(() => {
      if (this.#shared.get(ttl)?.lease === lease) this.#shared.delete(ttl)
    })
    return lease
  }
}
