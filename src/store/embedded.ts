import { randomUUID } from 'node:crypto'
import { systemClock } from '../common/clock.js'
import type { Clock } from '../common/clock.js'
import type { Duration } from '../common/duration.js'
import type { MusterError } from '../common/errors.js'
import { decideGroup } from './decide.js'
import type { Decision, Final, KeyState, Request } from './decide.js'
import { storeClosed } from './errors.js'
import { GroupCommit } from './group-commit.js'
import { Leases } from './leases.js'
import { SortedKeys } from '../common/sorted-keys.js'
import type {
  Batch,
  Committed,
  Entry,
  Lease,
  LeaseId,
  Revision,
  Snapshot,
  Store,
  StoreStatus,
  Subscription,
  Transaction,
} from './store.js'
import { WatchHub } from './watch-hub.js'
import type { HistoryLimits } from './watch-hub.js'

/** A key as an engine found it when it was opened. */
export interface KeyFound {
  readonly key: string
  readonly state: KeyState
}

/** What keeps the bytes of an embedded store. Calls never overlap with a write under way. */
export interface Engine {
  readonly name: 'memory' | 'lmdb'
  /** All entries that were modified after a revision (0: all), in key order. */
  entries(modifiedAfter: number): Entry[]
  /**
   * Makes a group's writes and its revision durable, all or nothing. `ttlOf` gives the ttl of a lease that keys hang
   * on.
   */
  write(
    finals: ReadonlyMap<string, Final>,
    revision: Revision,
    ttlOf: (lease: LeaseId) => Duration | undefined,
  ): Promise<void>
  /** Why it refuses all writes now; undefined while it takes them. */
  fault(): MusterError | undefined
  close(): Promise<void>
}

/** What an engine held when it was opened. */
export interface Opened {
  readonly engine: Engine
  readonly revision: Revision
  readonly keys: Iterable<KeyFound>
  readonly leases: ReadonlyMap<LeaseId, Duration>
}

export interface EmbeddedOptions {
  readonly clock?: Clock
  /** How much of the past is kept for watches that start behind. */
  readonly history?: HistoryLimits
  readonly newId?: () => string
}

/**
 * A store inside this process. All decisions are made here, in memory, on an index of each key's revisions; the engine
 * only keeps bytes. The index and the watchers advance after the engine made a group durable, so what is seen is never
 * lost.
 */
export class EmbeddedStore implements Store {
  readonly #engine: Engine
  readonly #index = new Map<string, KeyState>()
  /** The keys of the index in order, from the first time that a range is asked for. */
  #sorted: SortedKeys | undefined
  readonly #hub: WatchHub
  readonly #leases: Leases
  readonly #groups: GroupCommit<Request, Committed>
  #closing: Promise<void> | undefined

  constructor({ engine, revision, keys, leases }: Opened, options: EmbeddedOptions = {}) {
    this.#engine = engine
    this.#hub = new WatchHub(revision, after => engine.entries(after), options.history)
    this.#groups = new GroupCommit<Request, Committed>(requests => this.#run(requests))
    this.#leases = new Leases({
      clock: options.clock ?? systemClock,
      newId: options.newId ?? randomUUID,
      end: lease => this.#groups.submit({ kind: 'end-lease', lease }),
    })
    for (const [id, ttl] of leases) this.#leases.resume(id, ttl)
    for (const { key, state } of keys) {
      this.#index.set(key, state)
      this.#leases.move(key, undefined, state.lease)
    }
  }

  load(): Promise<Snapshot> {
    return this.#groups.between(() => ({ revision: this.#hub.revision, entries: this.#engine.entries(0) }))
  }

  /** @throws MusterError STORE_CLOSED, or STORE_COMPACTED when `after` is of a time whose deletions are forgotten. */
  watch(after: Revision, on: (batch: Batch) => void): Subscription {
    if (this.#closing !== undefined) throw storeClosed()
    const watcher = this.#hub.add(after, on)
    if (watcher.behind)
      void this.#groups.between(() => {
        watcher.catchUp()
      })
    return watcher
  }

  commit(transaction: Transaction): Promise<Committed> {
    return this.#groups.submit({ kind: 'transaction', transaction })
  }

  barrier(): Promise<Revision> {
    return this.#closing === undefined ? Promise.resolve(this.#hub.revision) : Promise.reject(storeClosed())
  }

  async lease(ttl: Duration): Promise<Lease> {
    await this.barrier()
    return this.#leases.grant(ttl)
  }

  resumeLease(id: LeaseId, ttl: Duration): Lease {
    return this.#leases.handle(id, ttl)
  }

  async status(): Promise<StoreStatus> {
    const revision = await this.barrier()
    const fault = this.#engine.fault()
    return {
      engine: this.#engine.name,
      writable: fault === undefined,
      ...(fault !== undefined && { reason: fault.message }),
      revision,
      term: 1,
      members: [],
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#leases.close()
    await this.#groups.close()
    this.#hub.close()
    await this.#engine.close()
  }

  async #run(requests: readonly Request[]): Promise<Decision['outcomes']> {
    const decision = decideGroup(requests, {
      revision: this.#hub.revision,
      key: key => this.#index.get(key),
      keysBetween: (from, to) => (this.#sorted ??= new SortedKeys(this.#index.keys())).between(from, to),
      leaseLives: lease => this.#leases.lives(lease),
      keysOfLease: lease => this.#leases.keys(lease),
    })
    if (decision.changes.length > 0)
      await this.#engine.write(decision.finals, decision.revision, lease => this.#leases.ttl(lease))
    this.#adopt(decision)
    return decision.outcomes
  }

  #adopt({ finals, endedLeases, changes, revision }: Decision): void {
    for (const [key, final] of finals) {
      this.#leases.move(key, this.#index.get(key)?.lease, final?.state.lease)
      if (final === undefined) {
        this.#index.delete(key)
        this.#sorted?.delete(key)
        continue
      }
      if (this.#sorted !== undefined && !this.#index.has(key)) this.#sorted.add(key)
      this.#index.set(key, final.state)
    }
    for (const lease of endedLeases) this.#leases.ended(lease)
    if (changes.length > 0) this.#hub.publish({ revision, changes })
  }
}
