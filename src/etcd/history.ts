import { errorMessage } from '../common/errors.js'
import type { Clock } from '../common/clock.js'
import type { EtcdAdmin, EtcdStatus } from '../store/index.js'
import type { Counter, Metrics, Logger } from '../telemetry/index.js'
import { beginHistory, considerHistory, type HistoryState, type HistoryStep } from './consider-history.js'

/** What keeping etcd's history small takes. */
export interface HistoryParts {
  /** Asked for what may take longer than a look. */
  readonly admin: EtcdAdmin
  /** Of the database, in bytes. */
  readonly quota: number
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/**
 * Sees to it that former values do not fill the database of an etcd. Its own compaction goes by time alone, so that
 * half an hour of writes, which may be many gigabytes, would stop all further ones; what happened all the same is
 * mended as far as there is room.
 */
export class History {
  readonly #parts: HistoryParts
  readonly #compactions: Counter
  #state: HistoryState
  #busy = false

  constructor(parts: HistoryParts) {
    this.#parts = parts
    this.#state = beginHistory(parts.quota)
    this.#compactions = parts.metrics.counter(
      'etcd.compactions',
      'How often the history of the own etcd was compacted because of its size.',
    )
  }

  /** Takes a look at etcd and begins what it calls for. Looks that come while something is under way are left out. */
  look(status: EtcdStatus): void {
    if (this.#busy) return
    const { state, step } = considerHistory(this.#state, {
      ...status,
      at: this.#parts.clock.monotonic(),
      leads: status.leader === status.member,
    })
    this.#state = state
    if (step === undefined) return
    this.#busy = true
    void this.#take(step).finally(() => {
      this.#busy = false
    })
  }

  async #take(step: HistoryStep): Promise<void> {
    const { admin, log } = this.#parts
    try {
      switch (step.do) {
        case 'compact':
          await admin.compact(step.revision)
          this.#compactions.add()
          log.debug("etcd's history is compacted, as it takes much room", { revision: step.revision })
          break
        case 'defragment':
          log.warn('the database of etcd is rewritten, as it has reached its quota with room in it')
          await admin.defragment()
          break
        case 'disarm':
          await admin.disarm()
          log.warn('etcd takes writes again: there is room in its database')
      }
    } catch (error) {
      // The next look decides on it again.
      log.debug("etcd's database could not be looked after", { step: step.do, reason: errorMessage(error) })
    }
  }
}
