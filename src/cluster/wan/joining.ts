import type { Clock, Timer } from '../../common/clock.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { Repeats, type Logger } from '../../telemetry/index.js'
import { joinAddresses } from '../join.js'
import type { WanOptions } from './types.js'

interface JoiningParts {
  readonly options: Pick<
    WanOptions,
    'self' | 'resolve' | 'startJoin' | 'retryJoin' | 'retryInterval' | 'retryMax' | 'gaveUp'
  >
  /** Exchanges hellos with one address. Rejects when that is nobody to join. */
  readonly greet: (address: string) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/** Joins other datacenters through the addresses of some of their servers. */
export class Joining {
  readonly #parts: JoiningParts
  readonly #failures: Repeats
  #timer: Timer | undefined
  #closed = false

  constructor(parts: JoiningParts) {
    this.#parts = parts
    this.#failures = new Repeats(parts.log, parts.clock)
  }

  /** Joins what the settings say. Failures are logged, those of `retry_join_wan` tried again. */
  start(): void {
    const {
      options: { startJoin, retryJoin },
      log,
    } = this.#parts
    if (startJoin.length > 0) {
      void this.join(startJoin).then(
        joined => {
          log.info('joined other datacenters', { joined })
        },
        (error: unknown) => {
          log.error('start_join_wan failed', { error: errorMessage(error) })
        },
      )
    }
    if (retryJoin.length > 0) void this.#retry(1)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  /** See {@link Wan.join}. */
  join(addresses: readonly string[]): Promise<number> {
    const {
      greet,
      options: { self, resolve },
    } = this.#parts
    // An address without a port means the port that this server has itself, as on the LAN.
    return joinAddresses(addresses, { port: self().ports.wan, greet, ...(resolve !== undefined && { resolve }) })
  }

  async #retry(attempt: number): Promise<void> {
    const {
      clock,
      log,
      options: { retryInterval, retryJoin, retryMax },
    } = this.#parts
    try {
      log.info('joined other datacenters', { joined: await this.join(retryJoin), attempt })
    } catch (error) {
      if (this.#closed) return
      if (retryMax > 0 && attempt >= retryMax) {
        this.#giveUp(error, attempt)
        return
      }
      this.#failures.tell('warn', 'other datacenters could not be joined', errorMessage(error), {
        attempt,
        again: retryInterval / 1000,
        error: errorMessage(error),
      })
      this.#timer = clock.after(retryInterval, () => {
        void this.#retry(attempt + 1)
      })
    }
  }

  #giveUp(cause: unknown, attempts: number): void {
    const {
      log,
      options: { gaveUp, retryJoin },
    } = this.#parts
    log.error('retry_join_wan is given up: no address answered', { attempts, error: errorMessage(cause) })
    gaveUp?.(
      new MusterError('CLUSTER_JOIN_EXHAUSTED', 'agent: max join WAN retry exhausted, exiting', {
        hint: `none of ${retryJoin.join(', ')} answered in ${attempts} attempts; the last failure: ${errorMessage(cause)}`,
        cause,
      }),
    )
  }
}
