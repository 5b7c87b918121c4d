import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Clock, Timer } from '../../common/clock.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import { hostPort, parseHostPort } from '../servers/addresses.js'
import type { WanOptions } from './types.js'

/** Where other datacenters' servers listen unless an address says otherwise. */
const usualPort = 8302

interface JoiningParts {
  readonly options: Pick<WanOptions, 'resolve' | 'startJoin' | 'retryJoin' | 'retryInterval' | 'retryMax'>
  /** Exchanges hellos with one address. Rejects when that is nobody to join. */
  readonly greet: (address: string) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/** Joins other datacenters through the addresses of some of their servers. */
export class Joining {
  readonly #parts: JoiningParts
  #timer: Timer | undefined
  #closed = false

  constructor(parts: JoiningParts) {
    this.#parts = parts
  }

  /** Joins what the settings say. Failures are logged, those of `retry_join_wan` tried again. */
  start(): void {
    const { options: { startJoin, retryJoin }, log } = this.#parts
    if (startJoin.length > 0) {
      void this.join(startJoin).then(
        joined => { log.info('joined other datacenters', { joined }) },
        (error: unknown) => { log.error('start_join_wan failed', { error: errorMessage(error) }) },
      )
    }
    if (retryJoin.length > 0) void this.#retry(1)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  /** See {@link Wan.join}. */
  async join(addresses: readonly string[]): Promise<number> {
    const targets = await Promise.all(addresses.map(text => this.#resolve(text)))
    const outcomes = await Promise.all(targets.flat().map(async target => {
      if (target.fault !== undefined) return target.fault
      return this.#parts.greet(target.address).then(() => undefined, (error: unknown) => failure(target.address, error))
    }))
    const failures = outcomes.filter(one => one !== undefined)
    if (failures.length === outcomes.length && outcomes.length > 0) {
      const hint = failures.length === 1 ? failures[0]?.hint : undefined
      throw new MusterError('CLUSTER_JOIN_FAILED', failures.map(({ message }) => message).join('; '), hint === undefined ? {} : { hint })
    }
    for (const { message } of failures) this.#parts.log.warn('an address could not be joined over the WAN', { error: message })
    return outcomes.length - failures.length
  }

  async #retry(attempt: number): Promise<void> {
    const { clock, log, options: { retryInterval, retryJoin, retryMax } } = this.#parts
    try {
      log.info('joined other datacenters', { joined: await this.join(retryJoin), attempt })
    } catch (error) {
      if (this.#closed) return
      if (retryMax > 0 && attempt >= retryMax) {
        log.error('retry_join_wan is given up: no address answered', { attempts: attempt, error: errorMessage(error) })
        return
      }
      log.warn('other datacenters could not be joined', { attempt, again: retryInterval / 1000, error: errorMessage(error) })
      this.#timer = clock.after(retryInterval, () => { void this.#retry(attempt + 1) })
    }
  }

  /** `ip:port` of each address that a host has, or what is wrong with it. */
  async #resolve(text: string): Promise<readonly Target[]> {
    const parsed = parseHostPort(text, usualPort)
    if (parsed === undefined) return [{ fault: failure(text, new Error('an address is host, host:port or [ipv6]:port')) }]
    if (isIP(parsed.host) > 0) return [{ address: hostPort(parsed.host, parsed.port), fault: undefined }]
    try {
      const found = await (this.#parts.options.resolve ?? systemResolve)(parsed.host)
      if (found.length === 0) throw new Error('the host has no address')
      return found.map(ip => ({ address: hostPort(ip, parsed.port), fault: undefined }))
    } catch (error) {
      return [{ fault: failure(text, error) }]
    }
  }
}

type Target = { readonly address: string; readonly fault: undefined } | { readonly fault: Failure }

interface Failure { readonly message: string; readonly hint: string | undefined }

const failure = (address: string, error: unknown): Failure =>
  ({ message: `Failed to join ${address}: ${errorMessage(error)}`, hint: error instanceof MusterError ? error.hint : undefined })

const systemResolve = async (host: string): Promise<readonly string[]> => (await lookup(host, { all: true })).map(({ address }) => address)
