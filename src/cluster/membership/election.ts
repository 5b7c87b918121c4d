import { becomeSteward, type Catalog, type CatalogReads } from '../../catalog/index.js'
import { compareText } from '../../common/text-order.js'
import type { Clock } from '../../common/clock.js'
import { milliseconds } from '../../common/duration.js'
import { errorMessage } from '../../common/errors.js'
import type { LeaseId } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import { hostPort } from '../../common/host-port.js'
import { lanAddress, raftAddress } from '../addresses.js'
import { pause } from '../../common/pause.js'
import type { Formation } from '../formation/types.js'
import type { ServerInfo } from '../types.js'

/** Who does the work of which there is one in a cluster. */
export interface Election {
  /** Whether this server does. */
  readonly self: boolean
  /** Whether that never changes. */
  readonly settled: boolean
  /** Cluster port of the server that does, '' while nobody does. */
  address(): string
  /** Raft address of the leading server, '' while there is none. */
  leader(): string
  start(): void
  close(): Promise<void>
}

/** A server on a store of its own leads itself. */
export const ownElection = (self: () => ServerInfo): Election => ({
  self: true,
  settled: true,
  address: () => lanAddress(self()),
  leader: () => raftAddress(self()),
  start: () => undefined,
  close: () => Promise.resolve(),
})

/**
 * Raft elects: the server whose etcd leads. An etcd outlives an agent that was killed and goes on leading; then the
 * first of the living servers, by node id, does the work in its place.
 */
export function raftElection(formation: Formation, catalog: CatalogReads, self: () => ServerInfo): Election {
  const acting = (): ServerInfo | undefined => {
    const { address, self: leads } = formation.leader
    if (address === '') return undefined
    if (leads) return self()
    const leading = formation.servers().find(server => raftAddress(server) === address)
    const lives = ({ id }: { readonly id: string }): boolean => catalog.aliveMarks.get(id) !== undefined
    if (!catalog.loaded || (leading !== undefined && lives(leading))) return leading
    return (
      formation
        .servers()
        .filter(lives)
        .sort((a, b) => compareText(a.id, b.id))[0] ?? leading
    )
  }
  return {
    get self() {
      return acting()?.id === self().id
    },
    settled: false,
    address: () => {
      const server = acting()
      return server === undefined ? '' : lanAddress(server)
    },
    leader: () => formation.leader.address,
    start: () => undefined,
    close: () => Promise.resolve(),
  }
}

/** ms that nobody leads at most after the server that did is gone; it says that it is there three times as often. */
const term = milliseconds(6000)

/** What an election in the store takes. */
export interface LeaseElectionParts {
  readonly self: () => ServerInfo
  readonly catalog: Catalog
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The servers elect in a store that others run as well: whoever puts a leased key there first, until its lease lapses.
 */
export class LeaseElection implements Election {
  readonly settled = false
  readonly #parts: LeaseElectionParts
  readonly #closed = new AbortController()
  #lease: LeaseId | undefined
  /** Until when the lease lives at least, in monotonic ms. */
  #until = 0
  #running: Promise<void> = Promise.resolve()

  constructor(parts: LeaseElectionParts) {
    this.#parts = parts
  }

  get self(): boolean {
    return this.#lease !== undefined && this.#parts.clock.monotonic() < this.#until
  }

  address(): string {
    const holder = this.#holder()
    return holder === undefined ? '' : hostPort(holder.address, holder.ports.lan)
  }

  leader(): string {
    const holder = this.#holder()
    return holder === undefined ? '' : hostPort(holder.address, holder.ports.raft)
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
    if (this.#lease === undefined) return
    try {
      await this.#parts.catalog.revoke(this.#lease, term)
    } catch (error) {
      this.#parts.log.debug('the lease of the leading server could not be ended', { error: errorMessage(error) })
    }
  }

  #holder(): ServerInfo | undefined {
    const { catalog, self } = this.#parts
    const id = catalog.steward.get()?.holder
    if (id === undefined) return undefined
    if (id === self().id) return self()
    const info = catalog.members.get(id)?.info
    return info === undefined ? undefined : { ...info, server: true }
  }

  async #run(): Promise<void> {
    const { catalog, clock, log } = this.#parts
    const { signal } = this.#closed
    while (!signal.aborted) {
      const at = catalog.steward.topics.liveness().index
      try {
        await (this.#lease === undefined ? this.#stand() : this.#hold(this.#lease))
      } catch (error) {
        log.debug('the election of a leading server could not be taken part in', { error: errorMessage(error) })
        await pause(clock, term / 6, signal)
      }
      // The leader renews its lease in time. Others wait until there is no leader.
      if (this.#lease === undefined) await catalog.wait(catalog.steward.topics.liveness(), at, term, signal)
      else await pause(clock, term / 3, signal)
    }
  }

  async #stand(): Promise<void> {
    const { catalog, clock, self } = this.#parts
    if (!catalog.loaded) await catalog.barrier()
    if (catalog.steward.get() !== undefined) return
    const asked = clock.monotonic()
    const lease = await catalog.lease(term)
    const { result } = await catalog.execute(becomeSteward({ lease, ttl: term, holder: self().id }))
    if (!result) {
      await catalog.revoke(lease, term)
      return
    }
    this.#lease = lease
    this.#until = asked + term
  }

  async #hold(lease: LeaseId): Promise<void> {
    const { catalog, clock } = this.#parts
    const asked = clock.monotonic()
    if (await catalog.keepAlive(lease, term)) this.#until = asked + term
    else this.#lease = undefined
  }
}
