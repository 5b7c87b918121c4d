import type { Clock, Timer } from '../../common/clock.js'
import { errorMessage } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import type { Place } from '../coordinates/place.js'
import type { RpcClient } from '../../rpc/index.js'
import type { ServerInfo } from '../types.js'
import { wanAddress, wanName, type KnownServer, type KnownServers } from './known-servers.js'
import { methods, readPong } from './wan-messages.js'

/** What pings are made with. */
export interface PingsParts {
  readonly self: () => ServerInfo
  readonly known: KnownServers
  readonly place: Place
  readonly client: RpcClient
  /** Called with a server's own data. */
  readonly heard: (info: ServerInfo) => void
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

/** Milliseconds. A server that did not answer is asked again soon, and has failed after three times. */
const pace = { usual: 5000, failed: 10_000, retry: 1000, timeout: 3000, tick: 500 }
const missesToFail = 3
/** From this many servers on each is pinged more rarely, so that the pings of one server stay a few a second. */
const plentiful = 32
/** An idle connection is closed after a while; a ping that had to open one is no measure. */
const warmFor = 20_000

/** Asks all servers on the WAN in turn whether they live, and measures how far they are. */
export class Pings {
  readonly #parts: PingsParts
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #closed = new AbortController()
  #timer: Timer | undefined

  constructor(parts: PingsParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#closed.signal.aborted) return
    this.#timer = this.#parts.clock.after(pace.tick, () => {
      this.#tick()
      this.start()
    })
  }

  /** Asks a server now. Resolves when it has answered, or has not. */
  ask(server: KnownServer): Promise<void> {
    const { id } = server.info
    const asked =
      this.#underWay.get(id)
      ?? this.#ping(server).finally(() => {
        this.#underWay.delete(id)
      })
    this.#underWay.set(id, asked)
    return asked
  }

  /** Ends all pings; resolves when none is under way. */
  async close(): Promise<void> {
    this.#closed.abort()
    this.#timer?.cancel()
    await Promise.allSettled(this.#underWay.values())
  }

  #tick(): void {
    const { clock, known } = this.#parts
    const now = clock.monotonic()
    for (const server of known.all()) if (server.status !== 'left' && server.due <= now) void this.ask(server)
  }

  async #ping(server: KnownServer): Promise<void> {
    const { client, clock, heard, known, log, place, self } = this.#parts
    const { info } = server
    const before = clock.monotonic()
    const warm = server.heard !== undefined && before - server.heard < warmFor
    try {
      const answer = await client.call(
        wanAddress(info),
        methods.ping,
        { self: self() },
        { timeout: pace.timeout, signal: this.#closed.signal },
      )
      const now = clock.monotonic()
      const { self: who, coordinate } = readPong(answer)
      heard(who)
      if (who.id !== info.id) throw new Error(`${wanName(who)} answers there by now`)
      server.coordinate = coordinate ?? server.coordinate
      if (warm && coordinate !== undefined) place.measured(info.id, (now - before) / 1000, coordinate)
      Object.assign(server, { misses: 0, heard: now, due: now + this.#interval(pace.usual) })
    } catch (error) {
      if (this.#closed.signal.aborted || server.status === 'left') return
      server.misses++
      const failed = server.misses >= missesToFail
      server.due = clock.monotonic() + (failed ? this.#interval(pace.failed) : pace.retry)
      if (!failed || server.status !== 'alive') return
      known.mark(server, 'failed', clock.monotonic())
      log.warn('a server of the WAN does not answer', {
        server: wanName(info),
        address: wanAddress(info),
        error: errorMessage(error),
      })
    }
  }

  #interval(usual: number): number {
    const { known, random } = this.#parts
    return usual * Math.max(1, known.all().length / plentiful) * (0.9 + random() / 5)
  }
}
