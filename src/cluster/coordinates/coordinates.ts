import type { CoordinateUpdate } from '../../catalog/index.js'
import type { Clock, Timer } from '../../common/clock.js'
import { readCoordinate, type Coordinate } from '../../common/coordinate.js'
import { errorMessage } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcClient, RpcServer } from '../../rpc/index.js'
import { hostPort } from '../../common/host-port.js'
import type { Member } from '../types.js'
import { Neighbours } from './neighbours.js'
import { Place } from './place.js'
import { movedEnough } from './moved-enough.js'

/** What an agent measures with. */
export interface CoordinatesOptions {
  /** False: `disable_coordinates`. The others are still answered, and told that there is nothing to learn here. */
  readonly enabled: boolean
  /** This agent's node id and name. */
  readonly id: string
  readonly node: string
  /** Members of the datacenter, this agent included or not. */
  readonly members: () => readonly Member[]
  readonly server: RpcServer
  readonly client: RpcClient
  /** Brings this agent's coordinate to a server: on a server itself, into its batch. */
  readonly send: (update: CoordinateUpdate) => Promise<void>
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Logger
}

/** This agent's place among the agents of its datacenter. */
export interface Coordinates {
  /** Undefined when coordinates are off. */
  readonly own: Coordinate | undefined
  /** Measures and reports from now on. */
  start(): void
  close(): void
}

/** The call that is measured; it answers with the coordinate of who is asked, null when it has none. */
const pingMethod = 'coordinate/ping'

/** Milliseconds. The first measures come quickly, so that a new agent has a place within a minute. */
const pace = { first: 1000, firstMeasures: 30, usual: 5000, timeout: 3000 }
/** From this many members on measures become rarer. */
const plentiful = 128
/**
 * A cluster as a whole sends this many coordinates a second, and an agent not more than one in 15 s: as Consul does.
 */
const report = { perSecond: 64, minMs: 15_000, maxMs: 600_000 }

/** Builds what measures; nothing happens before {@link Coordinates.start}, but others are answered at once. */
export const createCoordinates = (options: CoordinatesOptions): Coordinates => new Measuring(options)

class Measuring implements Coordinates {
  readonly #options: CoordinatesOptions
  readonly #place: Place
  readonly #neighbours: Neighbours<Member>
  readonly #closed = new AbortController()
  #timers: { measure?: Timer; report?: Timer } = {}
  #measures = 0
  #sent: { readonly coordinate: Coordinate; readonly at: number } | undefined

  constructor(options: CoordinatesOptions) {
    const { random, server } = options
    this.#options = options
    this.#place = new Place(random)
    this.#neighbours = new Neighbours({
      maxNeighbours: 8,
      turnsPerChange: 40,
      random,
      lost: id => {
        this.#place.forget(id)
      },
    })
    server.handle(pingMethod, () => Promise.resolve(this.own ?? null), { bodyLimit: 1024 })
  }

  get own(): Coordinate | undefined {
    return this.#options.enabled ? this.#place.coordinate : undefined
  }

  start(): void {
    if (!this.#options.enabled) return
    this.#measureLater()
    this.#reportLater()
  }

  close(): void {
    this.#closed.abort()
    this.#timers.measure?.cancel()
    this.#timers.report?.cancel()
  }

  #measureLater(): void {
    if (this.#closed.signal.aborted) return
    const { clock, random, members } = this.#options
    const usual = pace.usual * Math.max(1, 1 + Math.log2(Math.max(1, members().length) / plentiful))
    const delay = this.#measures < pace.firstMeasures ? pace.first : usual
    this.#timers.measure = clock.after(delay * (0.75 + random() / 2), () => {
      void this.#measure().finally(() => {
        this.#measureLater()
      })
    })
  }

  async #measure(): Promise<void> {
    const { client, clock, id, log, members } = this.#options
    const peer = this.#neighbours.next(members().filter(one => one.id !== id && one.status === 'alive' && one.port > 0))
    if (peer === undefined) return
    const ping = (): Promise<unknown> =>
      client.call(hostPort(peer.address, peer.port), pingMethod, undefined, {
        timeout: pace.timeout,
        signal: this.#closed.signal,
      })
    try {
      // The first call opens the connection, so it does not count as a measurement.
      await ping()
      const before = clock.monotonic()
      const answer = await ping()
      const took = clock.monotonic() - before
      const other = readCoordinate(answer)
      if (other === undefined) return
      this.#measures++
      this.#place.measured(peer.id, took / 1000, other)
    } catch (error) {
      log.debug('a round trip could not be measured', { peer: peer.name, error: errorMessage(error) })
    }
  }

  #reportLater(): void {
    if (this.#closed.signal.aborted) return
    const { clock, members, random } = this.#options
    const interval = Math.max(report.minMs, (members().length / report.perSecond) * 1000)
    this.#timers.report = clock.after(interval * (1 + random()), () => {
      void this.#report().finally(() => {
        this.#reportLater()
      })
    })
  }

  async #report(): Promise<void> {
    const { clock, log, node, send } = this.#options
    const { coordinate } = this.#place
    const now = clock.monotonic()
    if (
      this.#sent !== undefined
      && now - this.#sent.at < report.maxMs
      && !movedEnough(this.#sent.coordinate, coordinate)
    )
      return
    try {
      await send({ node, coordinate })
      this.#sent = { coordinate, at: now }
    } catch (error) {
      log.debug('the coordinate could not be sent to a server', { error: errorMessage(error) })
    }
  }
}
