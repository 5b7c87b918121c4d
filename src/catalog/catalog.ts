import type { Clock } from '../common/clock.js'
import { milliseconds } from '../common/duration.js'
import type { Duration } from '../common/duration.js'
import { MusterError } from '../common/errors.js'
import { revision as revisionOf } from '../store/index.js'
import type {
  Batch,
  Committed,
  Lease,
  LeaseId,
  Revision,
  Snapshot,
  Store,
  Subscription,
  Write as StoreWrite,
} from '../store/index.js'
import type { CatalogWrites, Command, Plan, PlannedWrite } from './api.js'
import { CommitOrder } from './commit-order.js'
import { forMembers, restoreSteps, savedPart, type SavedEntry } from './saved-state.js'
import { SharedLeases } from './shared-leases.js'
import { CatalogState } from './state.js'
import type { Session, SessionFollower } from './sessions/types.js'
import type { UnreadableHandler } from './state.js'

/** What a catalog is built on. */
export interface CatalogDeps {
  readonly store: Store
  readonly clock: Clock
  /** Called for unreadable values in the store, which count as absent. Without a callback they are ignored. */
  readonly onUnreadable?: UnreadableHandler
  /** How many topics of disappeared things are remembered one by one; 10,000 unless given. */
  readonly tombstones?: number
}

/** What a catalog is built on whose store is still to come. */
export interface FollowDeps extends Omit<CatalogDeps, 'store'> {
  readonly store: Promise<Store>
  /** How long writes and barriers wait for the store to be there and loaded; 7 s unless given. */
  readonly holdTimeout?: Duration
  /** Told why the store could not be loaded, each time; it is tried again. */
  readonly onLoadFailure?: (error: unknown) => void
}

/** Consul's `rpc_hold_timeout`. */
const defaultHold = milliseconds(7000)
/** How long after a load that failed the next is tried, in ms. */
const loadDelay = 250

/** How often a command is planned again after its conditions failed. */
const maxAttempts = 10
/**
 * Milliseconds that the state may take to reach a revision of the store: above any network delay, below the timeouts of
 * clients.
 */
const maxLag = 15_000

/**
 * The catalog: a store's contents in memory, kept up by its watch, and the commands that change them.
 * The store is not the catalog's to close.
 */
export class Catalog extends CatalogState implements CatalogWrites {
  /** Resolves once the state is loaded; rejects when it never will be. */
  readonly whenLoaded: Promise<void>
  readonly #clock: Clock
  readonly #holdTimeout: Duration
  readonly #order = new CommitOrder()
  readonly #held = new Set<() => void>()
  readonly #sharedLeases: SharedLeases
  #store: Store | undefined
  #subscription: Subscription | undefined
  #nextBarrier: Promise<void> | undefined
  #forwardRenewal: ((id: string) => Promise<void>) | undefined
  #closed = false

  private constructor(
    { clock, onUnreadable = () => undefined, tombstones, holdTimeout = defaultHold }: Omit<FollowDeps, 'store'>,
    begin: (catalog: Catalog) => Promise<void>,
  ) {
    super(clock, onUnreadable, tombstones)
    this.#clock = clock
    this.#sharedLeases = new SharedLeases(clock)
    this.#holdTimeout = holdTimeout
    this.whenLoaded = begin(this)
    // Avoid an unhandled rejection when nobody awaits this.
    this.whenLoaded.catch(() => undefined)
  }

  /** Loads everything and follows the store from there. Rejects with what the store's `load` rejects with. */
  static async open({ store, ...deps }: CatalogDeps): Promise<Catalog> {
    const catalog = new Catalog(deps, self => self.#begin(store))
    await catalog.whenLoaded
    return catalog
  }

  /**
   * A catalog at once, of a store that is still to come, as on a server that waits for others. Until it is loaded reads
   * see an empty state, and writes and barriers wait for a while and then reject with STORE_NO_LEADER.
   */
  static follow({ store, onLoadFailure, ...deps }: FollowDeps): Catalog {
    return new Catalog(deps, async self => {
      const opened = await store
      for (;;) {
        try {
          await self.#begin(opened)
          return
        } catch (error) {
          if (self.#closed || (error instanceof MusterError && error.code === 'STORE_CLOSED')) throw error
          onLoadFailure?.(error)
        }
        await new Promise<void>(resolve => {
          self.#clock.after(loadDelay, resolve)
        })
      }
    })
  }

  async #begin(store: Store): Promise<void> {
    const snapshot = await store.load()
    this.#assertOpen()
    let early: Batch[] | undefined = []
    this.#subscription = store.watch(snapshot.revision, batch => {
      if (early === undefined) this.apply(batch)
      else early.push(batch)
    })
    this.#store = store
    this.load(snapshot)
    const missed = early
    early = undefined
    for (const batch of missed) this.apply(batch)
    for (const go of [...this.#held]) go()
  }

  /**
   * See {@link CatalogWrites.execute}. A refusal, or a result without a write, is only given from a state that has
   * everything which was acknowledged before the call.
   * @throws MusterError of the command, CATALOG_CONFLICT, CATALOG_BEHIND, CATALOG_CLOSED, or the store's
   */
  async execute<Result>(command: Command<Result>): Promise<{ readonly result: Result; readonly revision: Revision }> {
    if (this.#store === undefined) await this.#hold()
    let current = false
    for (let attempt = 0; attempt < maxAttempts;) {
      this.#assertOpen()
      const planned = command(this)
      if (!isWrite(planned)) {
        const at = this.revision
        if (!current) await this.barrier()
        if (current || this.revision === at) return settled(planned, this.revision)
        current = true
        continue
      }
      const done = await this.#commit(planned, command)
      if (done !== undefined) return done
      attempt++
    }
    throw new MusterError('CATALOG_CONFLICT', `the write met ${maxAttempts} other writes to the same entries`, {
      hint: 'try again; when it stays, look for clients that fight over one entry',
    })
  }

  /** One barrier serves all calls of one tick. */
  barrier(): Promise<void> {
    this.#nextBarrier ??= Promise.resolve().then(async () => {
      this.#nextBarrier = undefined
      this.#assertOpen()
      await this.#reach(await (this.#store ?? (await this.#opened())).barrier())
    })
    return this.#nextBarrier
  }

  async save({ stale = false }: { readonly stale?: boolean } = {}): Promise<Snapshot> {
    if (!stale) await this.barrier()
    return savedPart(await (await this.#opened()).load({ local: stale }))
  }

  async restore(saved: readonly SavedEntry[]): Promise<Revision> {
    await this.barrier()
    const store = await this.#opened()
    const { entries } = await store.load()
    const memberId = (node: string): string | undefined =>
      this.members.named(node).find(({ state }) => state !== 'left')?.info.id
    for (const step of restoreSteps(entries, forMembers(saved, memberId))) {
      this.#assertOpen()
      const { revision } = await store.commit(step)
      await this.#reach(revision)
    }
    return this.revision
  }

  async renewSession(id: string): Promise<Session | undefined> {
    await this.barrier()
    const session = this.sessions.get(id)
    if (session !== undefined) await (this.#forwardRenewal?.(session.id) ?? this.sessionRenewed(session.id))
    return session
  }

  /** Renewals go to the server that ends sessions, which this one need not be; undefined: it is. */
  forwardRenewals(forward: ((id: string) => Promise<void>) | undefined): void {
    this.#forwardRenewal = forward
  }

  /** Notifies followers of sessions that one was renewed, here or through another server. */
  sessionRenewed(id: string): void {
    for (const follower of this.sessionFollowers) follower.renewed(id)
  }

  /** A lease for keys of commands. The caller keeps it alive, or any other server that knows its id. */
  async lease(ttl: Duration): Promise<LeaseId> {
    return (await (await this.#opened()).lease(ttl)).id
  }

  /** Restarts a lease's ttl. False when it has ended. */
  async keepAlive(lease: LeaseId, ttl: Duration): Promise<boolean> {
    try {
      await (await this.#opened()).resumeLease(lease, ttl).keepAlive()
      return true
    } catch (error) {
      if (error instanceof MusterError && error.code === 'STORE_LEASE_LOST') return false
      throw error
    }
  }

  /** Ends a lease and deletes its keys. Does nothing if it has already ended. */
  async revoke(lease: LeaseId, ttl: Duration): Promise<void> {
    await (await this.#opened()).resumeLease(lease, ttl).revoke()
  }

  /** Reports each existing session, and then every created, ended and renewed one, until closed. */
  followSessions(follower: SessionFollower): Subscription {
    this.sessionFollowers.add(follower)
    for (const session of this.sessions.all()) follower.appeared(session)
    return {
      close: () => {
        this.sessionFollowers.delete(follower)
      },
    }
  }

  /**
   * Stops following the store and resolves all waits. Reads continue with the last state; writes reject with
   * CATALOG_CLOSED.
   */
  close(): void {
    this.#closed = true
    this.#subscription?.close()
    this.release()
    for (const go of [...this.#held]) go()
  }

  /** The store, once its contents are loaded. */
  async #opened(): Promise<Store> {
    if (this.#store === undefined) await this.#hold()
    this.#assertOpen()
    if (this.#store === undefined) throw noLeader()
    return this.#store
  }

  /** Waits until the state is loaded. @throws MusterError STORE_NO_LEADER when that takes too long */
  async #hold(): Promise<void> {
    this.#assertOpen()
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        timer.cancel()
        this.#held.delete(go)
        resolve()
      }
      const timer = this.#clock.after(this.#holdTimeout, () => {
        this.#held.delete(go)
        reject(noLeader())
      })
      this.#held.add(go)
    })
  }

  /** Commits a plan in its turn. Undefined when it has to be planned again. */
  async #commit<Result>(
    first: Write<Result>,
    command: Command<Result>,
  ): Promise<{ result: Result; revision: Revision } | undefined> {
    const place = this.#order.enter(first)
    try {
      let plan: Plan<Result> = first
      if (place.turn !== undefined) {
        await place.turn
        this.#assertOpen()
        plan = command(this)
        if (!isWrite(plan)) return undefined
      }
      const { ok, revision } = await this.#commitPlan(plan)
      await this.#reach(revision)
      return ok ? { result: plan.result, revision } : undefined
    } finally {
      place.leave()
    }
  }

  /** Commits, with leases for keys that expire. Leases of a failed transaction are ended, except shared ones. */
  async #commitPlan({ when, then }: Write<unknown>): Promise<Committed> {
    const store = this.#store ?? (await this.#opened())
    if (!then.some(isTimed)) return store.commit({ when, then: then.map(plain) })
    const leases = new Map<Duration, Lease>()
    const giveBack = async (): Promise<void> => {
      await Promise.allSettled(
        [...leases].filter(([ttl]) => !this.#sharedLeases.shares(ttl)).map(([, lease]) => lease.revoke()),
      )
    }
    try {
      for (const { ttl } of then.filter(isTimed))
        if (!leases.has(ttl)) leases.set(ttl, await this.#sharedLeases.get(store, ttl))
      const committed = await store.commit({
        when,
        then: then.map(write => (isTimed(write) ? leased(write, leases) : plain(write))),
      })
      if (!committed.ok) await giveBack()
      return committed
    } catch (error) {
      for (const ttl of leases.keys()) this.#sharedLeases.forget(ttl)
      await giveBack()
      throw error
    }
  }

  async #reach(revision: Revision): Promise<void> {
    if (this.revision >= revision || (await this.wait(this.topics.all(), revisionOf(revision - 1), maxLag))) return
    this.#assertOpen()
    throw new MusterError(
      'CATALOG_BEHIND',
      `the catalog is at revision ${this.revision} and did not reach ${revision} within ${maxLag / 1000} s`,
      {
        hint: 'the store may be cut off from its leader; the write itself may have happened',
      },
    )
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new MusterError('CATALOG_CLOSED', 'the catalog is closed: the agent is stopping', { status: 503 })
  }
}

type Write<Result> = Extract<Plan<Result>, { readonly result: Result }>

type Timed = Extract<PlannedWrite, { kind: 'put' }> & { readonly ttl: Duration }

const isTimed = (write: PlannedWrite): write is Timed => write.kind === 'put' && write.ttl !== undefined

function leased({ key, value, ttl }: Timed, leases: ReadonlyMap<Duration, Lease>): StoreWrite {
  const lease = leases.get(ttl)
  return { kind: 'put', key, value, ...(lease !== undefined && { lease: lease.id }) }
}

const plain = (write: PlannedWrite): StoreWrite =>
  write.kind === 'delete-range' ? { kind: write.kind, from: write.from, to: write.to } : write

const noLeader = (): MusterError =>
  new MusterError('STORE_NO_LEADER', 'No cluster leader', {
    hint: 'the servers have not formed a cluster yet, or too few of them can reach each other',
  })

const isWrite = <Result>(plan: Plan<Result>): plan is Write<Result> => !('refusal' in plan) && plan.then.length > 0

function settled<Result>(plan: Plan<Result>, revision: Revision): { result: Result; revision: Revision } {
  if ('refusal' in plan) throw plan.refusal
  return { result: plan.result, revision }
}
