import type { Clock, Timer } from '../../common/clock.js'
import { errorMessage } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import type { ServerInfo } from '../types.js'
import type { KnownServer, KnownServers } from './known-servers.js'
import type { WanDirectory } from './types.js'

/** Milliseconds: writes that failed are tried again after this; there may be no leader for a while. */
const retryMs = 5000

interface DirectoryParts {
  readonly directory: WanDirectory
  readonly known: KnownServers
  /** Asks a server whether it lives. */
  readonly confirm: (server: KnownServer) => Promise<boolean>
  /** Whether a server belongs to another datacenter: own ones are members of this one and need no record. */
  readonly isForeign: (server: ServerInfo) => boolean
  /** How often the record of a living server is renewed, in ms. */
  readonly renewEvery: number
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

/** Keeps what is known of other datacenters' servers and the store's records of them alike. */
export class DirectorySync {
  readonly #parts: DirectoryParts
  readonly #waiting = new Map<string, () => Promise<void>>()
  /** When records were last seen or written, to renew them in time. */
  readonly #fresh = new Map<string, number>()
  #recorded: ReadonlyMap<string, ServerInfo> | undefined
  #subscription: { close(): void } | undefined
  #timer: Timer | undefined
  #writing = false
  #closed = false

  constructor(parts: DirectoryParts) {
    this.#parts = parts
  }

  start(): void {
    this.#read()
    this.#subscription = this.#parts.directory.follow(() => {
      this.#read()
    })
  }

  close(): void {
    this.#closed = true
    this.#subscription?.close()
    this.#timer?.cancel()
  }

  /** Has a server kept. */
  keep(server: ServerInfo): void {
    if (this.#parts.isForeign(server)) this.#write(server.id, () => this.#parts.directory.put(server))
  }

  /** Has a server forgotten. */
  drop(server: ServerInfo): void {
    if (this.#parts.isForeign(server)) this.#write(server.id, () => this.#parts.directory.remove(server))
  }

  /** Renews the records of living servers that have not been written for long. */
  renew(): void {
    const { clock, directory, known, random, renewEvery } = this.#parts
    const now = clock.monotonic()
    for (const { info, status } of known.all()) {
      const since = this.#fresh.get(info.id)
      if (status !== 'alive' || since === undefined || now - since < renewEvery) continue
      // One server of the datacenter writes this, and the others see the result.
      this.#fresh.set(info.id, now - (renewEvery * random()) / 2)
      this.#write(info.id, () => directory.renew(info))
    }
  }

  /**
   * Takes in the records. One that is gone was taken out by another server of this datacenter: the server left, or did
   * not answer that one for long.
   */
  #read(): void {
    const { clock, directory, known, isForeign, random, renewEvery } = this.#parts
    const now = clock.monotonic()
    const recorded = new Map(
      directory
        .servers()
        .filter(isForeign)
        .map(server => [server.id, server]),
    )
    for (const server of recorded.values()) {
      // After a start the age of these entries is unknown.
      if (this.#recorded === undefined) this.#fresh.set(server.id, now - renewEvery * random())
      else if (this.#recorded.get(server.id) !== server) this.#fresh.set(server.id, now)
      known.learn(server, 'store', now)
    }
    for (const id of this.#recorded?.keys() ?? []) {
      if (recorded.has(id)) continue
      this.#fresh.delete(id)
      const gone = known.get(id)
      if (gone !== undefined) void this.#gone(gone)
    }
    this.#recorded = recorded
  }

  async #gone(server: KnownServer): Promise<void> {
    const { clock, confirm, known } = this.#parts
    if (server.status === 'failed') known.forget(server.info.id)
    if (server.status !== 'alive') return
    if (await confirm(server)) this.keep(server.info)
    else known.mark(server, 'left', clock.monotonic())
  }

  #write(id: string, write: () => Promise<void>): void {
    this.#waiting.set(id, write)
    if (!this.#writing && this.#timer === undefined) void this.#work()
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#parts
    this.#writing = true
    try {
      for (const [id, write] of this.#waiting) {
        if (this.#closed) return
        await write()
        if (this.#waiting.get(id) === write) this.#waiting.delete(id)
      }
    } catch (error) {
      log.debug('what is known of other datacenters could not be kept', { error: errorMessage(error) })
    } finally {
      this.#writing = false
    }
    if (this.#waiting.size === 0 || this.#closed) return
    this.#timer = clock.after(retryMs, () => {
      this.#timer = undefined
      void this.#work()
    })
  }
}
