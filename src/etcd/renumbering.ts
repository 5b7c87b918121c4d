import type { Logger } from '../telemetry/index.js'
import { listenable } from './can-listen.js'
import { PeerProxy } from './peer-proxy.js'
import type { KnownPeer } from './types.js'

/** Of the own member: where it listens, what it tells others, and its name. */
export interface OwnAddress {
  readonly name: string
  readonly listenUrl: string
  readonly peerUrl: string
}

/** What a start needs so that members meet whose stored addresses are former ones. */
export interface Bridge {
  readonly formerUrls: readonly string[]
  readonly proxyPort: number | undefined
}

/**
 * Helps members to a quorum that were all moved to other addresses: the stored ones are former ones, and only a quorum
 * can write the new ones. Each one listens on its former address as well, where the machine still has it, and calls its
 * peers through a proxy that knows where they are now. Two ways, as Go takes no proxy to loopback addresses, and other
 * addresses are hardly ever kept.
 */
export class Renumbering {
  readonly #own: OwnAddress
  readonly #log: Logger
  /** Peer URLs as they are, by name. */
  readonly #present = new Map<string, string>()
  #stored: readonly KnownPeer[] = []
  #proxy: PeerProxy | undefined

  constructor(own: OwnAddress, log: Logger) {
    this.#own = own
    this.#log = log
    this.#present.set(own.name, own.peerUrl)
  }

  /** Whether some stored address is known not to be right. */
  get isNeeded(): boolean {
    return this.#stored.some(({ name, peerUrls }) => {
      const present = this.#present.get(name)
      return present !== undefined && !peerUrls.includes(present)
    })
  }

  /** Whether help is needed that the etcd that was started last does not have. */
  get lacksBridge(): boolean {
    return this.#proxy === undefined && this.isNeeded
  }

  /** Takes over the members as the cluster has them. */
  know(members: readonly KnownPeer[]): void {
    this.#stored = members
    this.#route()
  }

  /** A member is at this address now. */
  move(name: string, peerUrl: string): void {
    this.#present.set(name, peerUrl)
    this.#route()
  }

  /** Prepares a start. */
  async prepare(): Promise<Bridge> {
    this.close()
    if (!this.isNeeded) return { formerUrls: [], proxyPort: undefined }
    const { peerUrls = [], formerUrls: earlier = [] } = this.#stored.find(({ name }) => name === this.#own.name) ?? {}
    const own = [...earlier, ...peerUrls]
    const formerUrls = await listenable(
      this.#own.listenUrl,
      own.filter(url => url !== this.#own.peerUrl && url !== this.#own.listenUrl),
    )
    this.#proxy = await PeerProxy.open(0)
    this.#route()
    this.#log.info(
      'addresses of servers have changed: they meet through their former ones until the cluster knows the new ones',
      { former: own.join(','), listening: formerUrls.join(',') },
    )
    return { formerUrls, proxyPort: this.#proxy.port }
  }

  /** Goes on for an etcd that an agent before started. False when its proxy's port is taken. */
  async adopt(proxyPort: number | undefined): Promise<boolean> {
    if (proxyPort === undefined) return true
    try {
      this.#proxy = await PeerProxy.open(proxyPort)
      this.#route()
      return true
    } catch {
      return false
    }
  }

  close(): void {
    this.#proxy?.close()
    this.#proxy = undefined
  }

  #route(): void {
    const routes = new Map<string, string>()
    // Former addresses first, so that present ones overwrite them in the map.
    for (const { name, formerUrls = [] } of this.#stored)
      for (const url of formerUrls) routes.set(new URL(url).host, new URL(this.#present.get(name) ?? url).host)
    for (const { name, peerUrls } of this.#stored) {
      for (const url of peerUrls) routes.set(new URL(url).host, new URL(this.#present.get(name) ?? url).host)
    }
    // A present address routes to itself, unless it is the stored address of another member.
    for (const url of this.#present.values())
      if (!routes.has(new URL(url).host)) routes.set(new URL(url).host, new URL(url).host)
    this.#proxy?.route(routes)
  }
}
