import type { Clock } from '../common/clock.js'
import { milliseconds } from '../common/duration.js'
import type { Duration } from '../common/duration.js'
import type { Lease, Store } from '../store/index.js'

/** Shorter lives are kept to the second, so each has a lease of its own. */
const minSharedTtl = milliseconds(60_000)
/** For how long a lease is given to others who want the same, as a share of its ttl, and at most. */
const windowShare = 1 / 60
const maxWindow = milliseconds(10_000)

interface Shared {
  readonly lease: Promise<Lease>
  /** Until when, in monotonic milliseconds, it is given out. */
  readonly until: number
}

/**
 * Leases for keys that vanish after a while. Those who want the same long life within some seconds get one lease
 * together, which ends that much later, as a store of a cluster takes longer to grant one than to write what hangs on
 * it, and has to keep each in mind until it ends.
 */
export class SharedLeases {
  readonly #clock: Clock
  readonly #shared = new Map<Duration, Shared>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a lease for this life is given to several: then none of them may end it. */
  shares(ttl: Duration): boolean {
    return ttl > minSharedTtl
  }

  /**
   * The lease for this life is not given to others any more: it may have ended, as where the machine slept meanwhile.
   */
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
