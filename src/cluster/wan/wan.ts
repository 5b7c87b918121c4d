import type { Timer } from '../../common/clock.js'
import { roundTrip, type Coordinate } from '../../common/coordinate.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { sameName } from '../../common/same-name.js'
import type { DatacenterCoordinates } from '../coordinates/types.js'
import { Place, median } from '../coordinates/place.js'
import type { Member, MemberStatus, ServerInfo } from '../types.js'
import { DirectorySync } from './directory-sync.js'
import { Joining } from './joining.js'
import { KnownServers, wanAddress, wanName, type KnownServer } from './known-servers.js'
import { wanMember } from './member-view.js'
import { helloLimit, methods, readSelf, readWanHello, type WanHello, type WanPong } from './wan-messages.js'
import { Pings } from './pings.js'
import { remoteQueries } from './remote-queries.js'
import { Routes, infoOf } from './routes.js'
import type { RequestRoute } from '../../rpc/index.js'
import type { Wan, WanOptions } from './types.js'

/**
 * Milliseconds: how often what is known is compared with one server of each datacenter, how long a leaving server waits
 * for the others.
 */
const pace = { compare: 30_000, look: 1000, leave: 2000 }

/** The WAN of a server; its calls are answered from now on, it asks nobody before {@link Wan.start}. */
export const createWan = (options: WanOptions): Wan => new WanNode(options)

class WanNode implements Wan {
  readonly #options: WanOptions
  readonly #known = new KnownServers()
  readonly #place: Place
  readonly #pings: Pings
  readonly #directory: DirectorySync
  readonly #joining: Joining
  readonly #routes: Routes
  readonly remote: Wan['remote']
  #timer: Timer | undefined
  #compared = -Infinity
  #leaving = false

  constructor(options: WanOptions) {
    const { catalog, client, clock, directory, log, random, reconnectTimeout, self, server } = options
    const known = this.#known
    this.#options = options
    this.#place = new Place(random)
    this.#pings = new Pings({
      self,
      known,
      place: this.#place,
      client,
      clock,
      random,
      log,
      heard: info => {
        this.#heard(info)
      },
    })
    this.#directory = new DirectorySync({
      directory,
      known,
      clock,
      random,
      log,
      isForeign: info => this.#isForeign(info),
      confirm: one => this.#confirm(one),
      renewEvery: reconnectTimeout / 4,
    })
    this.#joining = new Joining({ options, clock, log, greet: address => this.#greet(address) })
    this.#routes = new Routes({
      known,
      client,
      clock,
      random,
      log,
      suspect: one => {
        void this.#pings.ask(one)
      },
    })
    this.remote = remoteQueries({
      server,
      client,
      routes: this.#routes,
      catalog,
      random,
      log,
      nearest: () => this.datacenters().slice(1),
    })
    server.handle(methods.hello, body => Promise.resolve(this.#answerHello(body)), { wan: true, bodyLimit: helloLimit })
    server.handle(methods.ping, body => Promise.resolve(this.#answerPing(body)), { wan: true, bodyLimit: 16 * 1024 })
    server.handle(methods.leave, body => Promise.resolve(this.#answerLeave(body)), { wan: true, bodyLimit: 16 * 1024 })
  }

  get own(): Coordinate {
    return this.#place.coordinate
  }

  start(): void {
    if (this.#options.self().ports.wan === 0) return
    this.#directory.start()
    this.#lookAround()
    this.#pings.start()
    this.#joining.start()
    this.#watch()
  }

  members(): readonly Member[] {
    const self = this.#options.self()
    if (self.ports.wan === 0) return []
    const lan = new Map(this.#options.lanServers().map(({ id, status }) => [id, status]))
    const others = this.#known.all().map(({ info, status }) => wanMember(info, lan.get(info.id) ?? status))
    return [wanMember(self, this.#leaving ? 'leaving' : 'alive'), ...others].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  datacenters(): readonly string[] {
    const own = this.#options.self().datacenter
    const names = new Map<string, string>()
    for (const { info, status } of this.#known.all())
      if (status !== 'left' && this.#isForeign(info)) names.set(info.datacenter.toLowerCase(), info.datacenter)
    const measured = [...names.values()].map(name => ({ name, distance: this.#distance(name) }))
    const sorted = measured.sort((a, b) =>
      a.distance === b.distance ? (a.name < b.name ? -1 : 1) : a.distance - b.distance,
    )
    return [own, ...sorted.map(({ name }) => name)]
  }

  coordinates(): readonly DatacenterCoordinates[] {
    const self = this.#options.self()
    return this.datacenters().map(datacenter => ({
      datacenter,
      servers: [
        ...(sameName(datacenter, self.datacenter) ? [{ node: self.name, coordinate: this.own }] : []),
        ...this.#known
          .of(datacenter)
          .flatMap(({ info, status, coordinate }) =>
            status === 'left' || coordinate === undefined ? [] : [{ node: info.name, coordinate }],
          ),
      ].sort((a, b) => (a.node < b.node ? -1 : 1)),
    }))
  }

  async join(addresses: readonly string[]): Promise<number> {
    if (this.#options.self().ports.wan === 0) {
      throw new MusterError(
        'CLUSTER_JOIN_FAILED',
        'the WAN port of this server is off: it cannot join other datacenters',
        { hint: 'set ports.serf_wan to a port, 8302 by default, and restart' },
      )
    }
    return this.#joining.join(addresses)
  }

  route(datacenter: string): RequestRoute | undefined {
    return this.#routes.route(datacenter)
  }
  servers(datacenter: string): readonly ServerInfo[] {
    return this.#routes.servers(datacenter).map(infoOf)
  }

  forceLeave(name: string, prune: boolean): Promise<boolean> {
    const found = this.#known.all().find(({ info }) => wanName(info).toLowerCase() === name.toLowerCase())
    if (found === undefined) return Promise.resolve(false)
    // A living server would refute this with its next ping, so do nothing.
    if (found.status === 'alive') return Promise.resolve(true)
    this.#known.mark(found, 'left', this.#options.clock.monotonic())
    this.#directory.drop(found.info)
    if (prune) this.#forget(found)
    return Promise.resolve(true)
  }

  async leave(): Promise<void> {
    this.#leaving = true
    this.#joining.close()
    this.#timer?.cancel()
    await this.#pings.close()
    const { client, log, self } = this.#options
    await Promise.all(
      this.#known
        .all()
        .filter(({ status }) => status === 'alive')
        .map(async ({ info }) => {
          try {
            await client.call(wanAddress(info), methods.leave, { self: self() }, { timeout: pace.leave })
          } catch (error) {
            log.debug('a server of the WAN was not told of the leave', {
              server: wanName(info),
              error: errorMessage(error),
            })
          }
        }),
    )
    this.#directory.close()
  }

  close(): void {
    this.#joining.close()
    this.#directory.close()
    this.#timer?.cancel()
    void this.#pings.close()
  }

  #isForeign(info: ServerInfo): boolean {
    return !sameName(info.datacenter, this.#options.self().datacenter)
  }

  async #confirm(server: KnownServer): Promise<boolean> {
    const before = this.#options.clock.monotonic()
    await this.#pings.ask(server)
    return server.heard !== undefined && server.heard >= before
  }

  /** Median of what is measured to the servers of a datacenter, estimated for those that were not measured yet. */
  #distance(datacenter: string): number {
    const ways = this.#known.of(datacenter).flatMap(({ info, coordinate }) => {
      const way =
        this.#place.roundTripTo(info.id) ?? (coordinate === undefined ? undefined : roundTrip(this.own, coordinate))
      return way === undefined ? [] : [way]
    })
    return ways.length === 0 ? Number.POSITIVE_INFINITY : median(ways)
  }

  #watch(): void {
    this.#timer = this.#options.clock.after(pace.look, () => {
      this.#lookAround()
      this.#watch()
    })
  }

  /**
   * Own datacenter's servers as its members are, those that are gone for long forgotten, and now and then a comparison
   * with others.
   */
  #lookAround(): void {
    const { clock, lanServers, reconnectTimeout, self } = this.#options
    const now = clock.monotonic()
    const own = new Map(
      lanServers()
        .filter(({ id, ports }) => id !== self().id && ports.wan > 0)
        .map(server => [server.id, server]),
    )
    // Only this datacenter announces its own servers, so announce a new one at once.
    for (const { status: _status, ...info } of own.values())
      if (this.#known.learn(info, 'other', now) === 'new') this.#compared = -Infinity
    for (const known of this.#known.all()) {
      if (
        !this.#isForeign(known.info)
          ? !own.has(known.info.id)
          : known.status !== 'alive' && now - known.since >= reconnectTimeout
      )
        this.#forget(known)
    }
    this.#directory.renew()
    if (now - this.#compared < pace.compare) return
    this.#compared = now
    for (const datacenter of this.datacenters().slice(1)) void this.#compare(datacenter)
  }

  #forget(known: KnownServer): void {
    this.#known.forget(known.info.id)
    this.#place.forget(known.info.id)
    this.#directory.drop(known.info)
  }

  async #compare(datacenter: string): Promise<void> {
    const living = this.#known.of(datacenter).filter(({ status, misses }) => status === 'alive' && misses === 0)
    const one = living[Math.floor(this.#options.random() * living.length)]
    if (one === undefined) return
    try {
      await this.#greet(wanAddress(one.info))
    } catch (error) {
      this.#options.log.debug('nothing could be compared with a server of another datacenter', {
        server: wanName(one.info),
        error: errorMessage(error),
      })
    }
  }

  /** Exchanges with one address who is there and who is known. */
  async #greet(address: string): Promise<void> {
    const answer = readWanHello(await this.#options.client.call(address, methods.hello, this.#hello()))
    this.#assertWelcome(answer.self)
    this.#heard(answer.self)
    this.#heardOf(answer.servers)
  }

  #hello(): WanHello {
    const others = this.#known
      .all()
      .filter(({ status }) => status !== 'left')
      .map(infoOf)
    return { self: this.#options.self(), servers: others }
  }

  #answerHello(body: unknown): WanHello {
    const { self, servers } = readWanHello(body)
    this.#assertListening()
    this.#assertWelcome(self)
    const answer = this.#hello()
    this.#heard(self)
    this.#heardOf(servers)
    return answer
  }

  #answerPing(body: unknown): WanPong {
    this.#assertListening()
    this.#heard(readSelf(body))
    return { self: this.#options.self(), coordinate: this.own }
  }

  #answerLeave(body: unknown): undefined {
    const known = this.#known.get(readSelf(body).id)
    if (known === undefined || known.status === 'left') return
    this.#known.mark(known, 'left', this.#options.clock.monotonic())
    this.#directory.drop(known.info)
    this.#options.log.info('a server of the WAN left', { server: wanName(known.info) })
  }

  #assertListening(): void {
    if (this.#leaving) throw new MusterError('CLUSTER_LEAVING', 'this server is leaving', { status: 503 })
  }

  /** @throws MusterError CLUSTER_WRONG_DATACENTER for a server of a foreign datacenter that has this one's name */
  #assertWelcome(other: ServerInfo): void {
    if (this.#isForeign(other) || this.#isOwn(other.id)) return
    throw new MusterError(
      'CLUSTER_WRONG_DATACENTER',
      `server '${other.name}' is of a datacenter that is called '${other.datacenter}' as well, but is no member of this one`,
      {
        status: 400,
        hint: 'servers of one datacenter join each other without -wan; two datacenters need two names',
      },
    )
  }

  #isOwn(id: string): boolean {
    return id === this.#options.self().id || this.#options.lanServers().some(one => one.id === id)
  }

  /** What a server said of itself. */
  #heard(info: ServerInfo): void {
    const { clock, log, self } = this.#options
    if (info.id === self().id || this.#leaving || info.ports.wan <= 0) return
    if (!this.#isForeign(info) && !this.#isOwn(info.id)) return
    const news = this.#known.learn(info, 'self', clock.monotonic())
    if (news === 'refused') log.warn('a server of the WAN is left out: there are too many', { server: wanName(info) })
    if (news === 'new' || news === 'changed') {
      log.info(news === 'new' ? 'a server of the WAN joined' : 'a server of the WAN is back or has moved', {
        server: wanName(info),
        address: wanAddress(info),
      })
      this.#directory.keep(info)
    }
  }

  /** What another server said of others. Servers of this datacenter are known from its members alone. */
  #heardOf(servers: readonly ServerInfo[]): void {
    const now = this.#options.clock.monotonic()
    for (const info of servers) {
      if (info.ports.wan <= 0 || !this.#isForeign(info)) continue
      const news = this.#known.learn(info, 'other', now)
      if (news === 'new' || news === 'changed') this.#directory.keep(info)
    }
  }
}

/** Statuses counted for `info`, section serf_wan. */
export function wanStats(members: readonly Member[]): Readonly<Record<string, string>> {
  const count = (status: MemberStatus): string => String(members.filter(one => one.status === status).length)
  return { members: String(members.length), failed: count('failed'), left: count('left') }
}
