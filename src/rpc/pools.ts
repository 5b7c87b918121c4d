import type * as Undici from 'undici'
import type { Dispatcher, Pool } from 'undici'
import type { Clock, Timer } from '../common/clock.js'
import { MusterError } from '../common/errors.js'
import { headers, pingPath, protocolRange } from './protocol.js'

/**
 * Short calls and those that may take long have connections of their own: a hundred blocked queries hold up no
 * heartbeat.
 */
export type Lane = 'short' | 'long'

const max = { addresses: 4096, connections: { short: 16, long: 1024 }, underWay: 4096 }
/**
 * Milliseconds. An address is asked whether it lives after `quiet`, and given up when it has not answered within
 * `ping`.
 */
const timingMs = { connect: 3000, idle: 30_000, quiet: 3000, ping: 4000, forget: 120_000 }

interface Peer {
  readonly lanes: Map<Lane, Pool>
  underWay: number
  heard: number
  used: number
  pinging: boolean
}

/** A request to be sent. Its body is asked for nothing before there is a connection. */
export interface OutgoingRequest {
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly body: string | Buffer | AsyncIterable<Buffer> | null
}

/**
 * Callbacks on the progress of a request. `sent` of a failure: the request may have been sent, so its outcome is
 * unknown.
 */
export interface Exchange {
  head?(status: number, rawHeaders: readonly string[], control: Dispatcher.DispatchController): void
  data(chunk: Buffer, control: Dispatcher.DispatchController): void
  end(): void
  failed(error: Error, sent: boolean): void
}

/** A pending request; `cut` aborts it without calling its exchange. */
export interface UnderWay {
  cut(): void
  /** Whether it has been given a connection. */
  readonly started: boolean
}

/**
 * Connections to other agents by address, opened when they are needed and closed when idle. While requests wait for an
 * address that has been silent for a while, it is asked whether it lives: a machine that went away without a word would
 * keep them waiting for a quarter of an hour.
 */
export class Pools {
  readonly #clock: Clock
  readonly #peers = new Map<string, Peer>()
  #undici: Promise<typeof Undici> | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sends one request. A full or closed pool fails it as not sent. */
  async send(address: string, lane: Lane, request: OutgoingRequest, exchange: Exchange): Promise<UnderWay> {
    const handler = new Handler(
      exchange,
      () => {
        this.#heard(address)
      },
      () => {
        this.#settled(address)
      },
    )
    try {
      const { Pool } = await this.#library()
      const peer = this.#peer(address)
      if (this.#closed) throw new MusterError('CLUSTER_CLOSED', 'the agent is closing')
      if (peer.underWay >= max.underWay)
        throw new MusterError('CLUSTER_BUSY', `${peer.underWay} requests are under way to ${address}`)
      peer.underWay++
      peer.used = this.#clock.monotonic()
      if (peer.underWay === 1) peer.heard = peer.used
      handler.counted = true
      let pool = peer.lanes.get(lane)
      if (pool === undefined) {
        pool = new Pool(`http://${address}`, {
          connections: max.connections[lane],
          pipelining: 1,
          keepAliveTimeout: timingMs.idle,
          keepAliveMaxTimeout: timingMs.idle,
          headersTimeout: 0,
          bodyTimeout: 0,
          connect: { timeout: timingMs.connect, noDelay: true },
        })
        peer.lanes.set(lane, pool)
      }
      // undici accepts async iterables as bodies, but its types do not say so.
      pool.dispatch(request as Dispatcher.DispatchOptions, handler)
      this.#watch()
    } catch (error) {
      handler.fail(error instanceof Error ? error : new Error(String(error)))
    }
    return handler
  }

  /** Cuts every connection to an address: what is under way fails. */
  drop(address: string): void {
    const peer = this.#peers.get(address)
    if (peer === undefined) return
    this.#peers.delete(address)
    destroy(peer, new MusterError('CLUSTER_GONE', `${address} does not answer any more`))
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const peer of this.#peers.values()) destroy(peer, new MusterError('CLUSTER_CLOSED', 'the agent is closing'))
    this.#peers.clear()
  }

  /**
   * Loaded with the first call: an agent on its own never needs it. What could not be loaded, as without a free
   * descriptor, is tried again.
   */
  #library(): Promise<typeof Undici> {
    return (this.#undici ??= import('undici').catch((error: unknown) => {
      this.#undici = undefined
      throw error
    }))
  }

  #peer(address: string): Peer {
    const known = this.#peers.get(address)
    if (known !== undefined) return known
    if (this.#peers.size >= max.addresses)
      throw new MusterError('CLUSTER_BUSY', `connections to ${max.addresses} addresses are open`)
    const peer: Peer = { lanes: new Map(), underWay: 0, heard: 0, used: 0, pinging: false }
    this.#peers.set(address, peer)
    return peer
  }

  #heard(address: string): void {
    const peer = this.#peers.get(address)
    if (peer !== undefined) peer.heard = this.#clock.monotonic()
  }

  #settled(address: string): void {
    const peer = this.#peers.get(address)
    if (peer !== undefined) peer.underWay = Math.max(0, peer.underWay - 1)
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = this.#clock.after(1000, () => {
      this.#timer = undefined
      this.#look()
      if (this.#peers.size > 0) this.#watch()
    })
  }

  #look(): void {
    const now = this.#clock.monotonic()
    for (const [address, peer] of this.#peers) {
      if (peer.underWay > 0 && now - peer.heard >= timingMs.quiet && !peer.pinging) void this.#ping(address, peer)
      if (peer.underWay === 0 && now - peer.used >= timingMs.forget) this.drop(address)
    }
  }

  async #ping(address: string, peer: Peer): Promise<void> {
    peer.pinging = true
    const gaveUp = new AbortController()
    const timer = this.#clock.after(timingMs.ping, () => {
      gaveUp.abort()
    })
    try {
      const { request } = await this.#library()
      const pool = peer.lanes.get('short')
      const { body } = await request(`http://${address}${pingPath}`, {
        headers: { [headers.protocol]: protocolRange },
        signal: gaveUp.signal,
        headersTimeout: 0,
        ...(pool === undefined ? {} : { dispatcher: pool }),
      })
      await body.dump()
      peer.heard = this.#clock.monotonic()
    } catch {
      if (this.#peers.get(address) === peer) this.drop(address)
    } finally {
      timer.cancel()
      peer.pinging = false
    }
  }
}

function destroy(peer: Peer, why: MusterError): void {
  // Ignore the result of `destroy`: each pending request is rejected on its own.
  for (const pool of peer.lanes.values()) pool.destroy(why).catch(() => undefined)
}

/** One request as the pool sees it. */
class Handler implements Dispatcher.DispatchHandler, UnderWay {
  readonly #exchange: Exchange
  readonly #heard: () => void
  readonly #settled: () => void
  #control: Dispatcher.DispatchController | undefined
  #over = false
  #cut = false
  counted = false

  get started(): boolean {
    return this.#control !== undefined
  }

  constructor(exchange: Exchange, heard: () => void, settled: () => void) {
    this.#exchange = exchange
    this.#heard = heard
    this.#settled = settled
  }

  cut(): void {
    if (this.#over) return
    this.#cut = true
    this.#control?.abort(new MusterError('CLUSTER_ABORTED', 'the caller went away'))
  }

  fail(error: Error): void {
    if (this.#over) return
    this.#finish()
    if (!this.#cut) this.#exchange.failed(error, this.#control !== undefined)
  }

  onRequestStart(control: Dispatcher.DispatchController): void {
    this.#control = control
    if (this.#cut) control.abort(new MusterError('CLUSTER_ABORTED', 'the caller went away'))
  }

  onResponseStart(control: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return
    this.#heard()
    if (!this.#cut) this.#exchange.head?.(status, rawOf(control.rawHeaders), control)
  }

  onResponseData(control: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#heard()
    if (!this.#cut) this.#exchange.data(chunk, control)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#finish()
    if (!this.#cut) this.#exchange.end()
  }

  onResponseError(_control: Dispatcher.DispatchController, error: Error): void {
    this.fail(error)
  }

  #finish(): void {
    this.#over = true
    if (this.counted) this.#settled()
  }
}

const rawOf = (raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] =>
  Array.isArray(raw) ? raw.map(part => (typeof part === 'string' ? part : part.toString('latin1'))) : []
