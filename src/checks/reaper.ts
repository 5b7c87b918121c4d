import type { Clock, Timer } from '../common/clock.js'
import type { CheckStatus } from '../common/health.js'
import type { CheckDefinition } from '../config/index.js'

/**
 * How often the clocks are looked at. Consul's interval: a service goes up to this much later than its setting says.
 */
const lookEvery = 30_000

interface Watched {
  readonly serviceId: string
  readonly after: number
  since: number | undefined
}

/**
 * Finds services whose check has been critical for longer than its deregister_critical_service_after. The clock starts
 * with the first critical status that is reported (one a check was registered with does not count) and any other status
 * stops it. A service is named at each look until its checks are gone, so that a removal that failed is tried again.
 */
export class Reaper {
  readonly #clock: Clock
  readonly #reap: (serviceId: string, checkId: string) => void
  readonly #watched = new Map<string, Watched>()
  #timer: Timer | undefined

  constructor(clock: Clock, reap: (serviceId: string, checkId: string) => void) {
    this.#clock = clock
    this.#reap = reap
  }

  /** Starts afresh with a check. Checks of the node and those without the setting are left alone. */
  watch(definition: CheckDefinition): void {
    this.forget(definition.id)
    const { id, serviceId, deregisterCriticalServiceAfter: after } = definition
    if (after === undefined || after <= 0 || serviceId === '') return
    this.#watched.set(id, { serviceId, after, since: undefined })
    this.#plan()
  }

  forget(id: string): void {
    if (this.#watched.delete(id) && this.#watched.size === 0) this.close()
  }

  observed(id: string, status: CheckStatus): void {
    const watched = this.#watched.get(id)
    if (watched === undefined) return
    if (status !== 'critical') watched.since = undefined
    else watched.since ??= this.#clock.monotonic()
  }

  close(): void {
    this.#watched.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #plan(): void {
    this.#timer ??= this.#clock.after(lookEvery, () => {
      this.#timer = undefined
      this.#look()
      if (this.#watched.size > 0) this.#plan()
    })
  }

  #look(): void {
    const now = this.#clock.monotonic()
    for (const [id, watched] of [...this.#watched]) {
      if (this.#watched.get(id) !== watched || watched.since === undefined) continue
      if (now - watched.since > watched.after) this.#reap(watched.serviceId, id)
    }
  }
}
