import type { CatalogReads } from '../catalog/index.js'
import type { Clock } from '../common/clock.js'
import { errorCode, errorMessage, MusterError } from '../common/errors.js'
import { listenRemedy } from '../common/listen-remedy.js'
import type { Settings } from '../config/index.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import { Counts } from './counts.js'
import type { DnsAccess, DnsViews, PreparedQueries } from './gathering.js'
import { Recursors } from './recursors.js'
import { Responder, type Freshness } from './responder.js'
import { TcpListener } from './tcp.js'
import { UdpListener } from './udp.js'

/** What the DNS server is built on. */
export interface DnsServerDeps {
  readonly settings: Settings
  readonly catalog: CatalogReads
  /**
   * Whether the agent may answer from its state; until then everything in the zone is SERVFAIL. Asked for each query.
   */
  readonly ready: () => boolean
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  /** From 0 to below 1, for the order of answers. */
  readonly random: () => number
  /** `<name>.query`; not given: none exists. */
  readonly queries?: PreparedQueries
  /** Other datacenters by lower-case name; not given: there are none. */
  readonly remote?: (datacenter: string) => CatalogReads | undefined
  /**
   * For catalogs that hold only what was asked about: a client agent's, and those of other datacenters. Not given: all
   * of them are whole.
   */
  readonly views?: DnsViews
  /** What DNS may show; not given: everything. */
  readonly access?: DnsAccess
  /** For `allow_stale` and `max_stale`; not given: the catalog is never stale. */
  readonly freshness?: Freshness
}

/** An address that is answered on, over UDP and TCP alike. */
export interface DnsAddress {
  readonly address: string
  readonly port: number
}

/** The DNS server of an agent. */
export interface DnsServer {
  /**
   * Binds every address of `addresses.dns` to `ports.dns`, UDP and TCP on the same number; port 0 takes one that is
   * free for all of them, -1 none. Rejects with DNS_LISTEN, and then nothing is bound.
   */
  start(): Promise<void>
  /** What is bound; empty before `start`. */
  readonly addresses: readonly DnsAddress[]
  /** Takes over new settings at once; addresses and port stay as they were. */
  update(settings: Settings): void
  /** Stops answering and releases the sockets. */
  close(): Promise<void>
}

/** Makes a DNS server; it answers once it is started. */
export function createDnsServer(deps: DnsServerDeps): DnsServer {
  return new Listeners(deps)
}

interface Listener {
  readonly port: number
  close(): Promise<void>
}

/** How often a free port is looked for that is free over UDP and TCP on every address. */
const maxAttempts = 20

class Listeners implements DnsServer {
  readonly #deps: DnsServerDeps
  addresses: readonly DnsAddress[] = []
  #listeners: readonly Listener[] = []
  readonly #counts: Counts
  readonly #responder: Responder
  readonly #log: Logger

  constructor(deps: DnsServerDeps) {
    this.#deps = deps

    const { settings, catalog, remote, access, queries, views, freshness, ready, clock, random } = deps
    this.#log = deps.log.child('dns')
    this.#counts = new Counts(deps.metrics, clock)
    this.#responder = new Responder(settings, {
      sources: {
        catalog,
        ...(remote && { remote }),
        ...(access && { access }),
        ...(queries && { queries }),
        ...(views && { views }),
      },
      ...(freshness && { freshness }),
      recursors: new Recursors({ log: this.#log, clock, random }),
      counts: this.#counts,
      log: this.#log,
      ready,
      clock,
      random,
    })
  }

  async start(): Promise<void> {
    const { addresses, ports } = this.#deps.settings
    if (ports.dns < 0 || addresses.dns.length === 0) return
    for (let attempt = 1; this.#listeners.length === 0; attempt++) {
      try {
        this.#listeners = await this.#bindAll(addresses.dns, ports.dns)
      } catch (thrown) {
        if (!(thrown instanceof BindFailure)) throw thrown
        // Another process may use the port of the other transport. Try another port only if none was configured.
        if (ports.dns !== 0 || thrown.code !== 'EADDRINUSE' || attempt === maxAttempts) throw listenError(thrown)
      }
    }
    const port = this.#listeners[0]?.port ?? 0
    this.addresses = addresses.dns.map(address => ({ address, port }))
    this.#counts.start()
  }

  update(settings: Settings): void {
    this.#responder.update(settings)
  }

  async close(): Promise<void> {
    const listeners = this.#listeners
    this.#listeners = []
    this.addresses = []
    this.#counts.stop()
    await Promise.all(listeners.map(listener => listener.close()))
  }

  async #bindAll(addresses: readonly string[], port: number): Promise<Listener[]> {
    const bound: Listener[] = []
    let number = port
    for (const address of addresses) {
      for (const open of [TcpListener.open.bind(TcpListener), UdpListener.open.bind(UdpListener)]) {
        try {
          const listener: Listener = await open(address, number, this.#responder, this.#log)
          bound.push(listener)
          number = listener.port
        } catch (thrown) {
          await Promise.all(bound.map(listener => listener.close()))
          throw new BindFailure(address, number, thrown)
        }
      }
    }
    return bound
  }
}

class BindFailure extends Error {
  readonly code: string | undefined

  constructor(
    readonly address: string,
    readonly port: number,
    cause: unknown,
  ) {
    super(errorMessage(cause), { cause })
    this.code = errorCode(cause)
  }
}

function listenError({ address, port, message, cause }: BindFailure): MusterError {
  const hint = listenRemedy(cause, {
    host: address,
    addressKeys: 'addresses.dns or client_addr (-client)',
    portKey: 'ports.dns (-dns-port)',
  })
  return new MusterError('DNS_LISTEN', `DNS cannot listen on ${address} port ${port}: ${message}`, { hint, cause })
}
