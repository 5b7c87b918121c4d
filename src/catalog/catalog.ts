import type { Clock } from '../common/clock.js'
import type { Duration } from '../common/duration.js'
import { MusterError } from '../common/errors.js'
import { revision as revisionOf } from '../store/index.js'
import type { Committed, Lease, Revision, Snapshot, Store, Subscription, Write as StoreWrite } from '../store/index.js'
import type { CatalogWrites, Command, Plan, PlannedWrite } from './api.js'
import { CommitOrder } from './commit-order.js'
import { restoreSteps, savedPart, type SavedEntry } from './saved-state.js'
import { CatalogState } from './state.js'
import type { Session, SessionFollower } from './sessions/types.js'
import type { UnreadableHandler } from './state.js'

/** What a catalog is built on. */
export interface CatalogDeps {
  readonly store: Store
  readonly clock: Clock
  /** Told of values in the store that cannot be read, which count as absent. Without one they pass in silence. */
  readonly onUnreadable?: UnreadableHandler
  /** How many topics of disappeared things are remembered one by one; 10,000 unless given. */
  readonly tombstones?: number
}

/** How often a command is planned anew after its conditions failed. */
const mostAttempts = 10
/** How long the state may take to reach a revision that the store has, in ms: above any network delay, below a client's patience. */
const longestLag = 15_000

/**
 * The catalog: a store's contents in memory, kept up by its watch, and the commands that change them.
 * The store is not the catalog's to close.
 */
export class Catalog extends CatalogState implements CatalogWrites {
  readonly #store: Store
  readonly #order = new CommitOrder()
  #subscription: Subscription | undefined
  #nextBarrier: Promise<void> | undefined
  #closed = false

  private constructor({ store, clock, onUnreadable = () => undefined, tombstones }: CatalogDeps) {
    super(clock, onUnreadable, tombstones)
    this.#store = store
  }

  /** Loads everything and follows the store from there. Rejects with what the store's `load` rejects with. */
  static async open(deps: CatalogDeps): Promise<Catalog> {
    const catalog = new Catalog(deps)
    const snapshot = await deps.store.load()
    catalog.load(snapshot)
    catalog.#subscription = deps.store.watch(snapshot.revision, batch => { catalog.apply(batch) })
    return catalog
  }

  /**
   * See {@link CatalogWrites.execute}. A refusal, or a result without a write, is only given from a state that has everything
   * which was acknowledged before the call.
   * @throws MusterError of the command, CATALOG_CONFLICT, CATALOG_BEHIND, CATALOG_CLOSED, or the store's
   */
  async execute<Result>(command: Command<Result>): Promise<{ readonly result: Result; readonly revision: Revision }> {
    let current = false
    for (let attempt = 0; attempt < mostAttempts;) {
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
    throw new MusterError('CATALOG_CONFLICT', `the write met ${mostAttempts} other writes to the same entries`, {
      hint: 'try again; when it stays, look for clients that fight over one entry',
    })
  }

  /** One barrier serves all calls of one tick. */
  barrier(): Promise<void> {
    this.#nextBarrier ??= Promise.resolve().then(async () => {
      this.#nextBarrier = undefined
      this.#assertOpen()
      await this.#reach(await this.#store.barrier())
    })
    return this.#nextBarrier
  }

  async save(): Promise<Snapshot> {
    await this.barrier()
    return savedPart(await this.#store.load())
  }

  async restore(saved: readonly SavedEntry[]): Promise<Revision> {
    await this.barrier()
    const { entries } = await this.#store.load()
    for (const step of restoreSteps(entries, saved)) {
      this.#assertOpen()
      const { revision } = await this.#store.commit(step)
      await this.#reach(revision)
    }
    return this.revision
  }

  async renewSession(id: string): Promise<Session | undefined> {
    await this.barrier()
    const session = this.session(id)
    if (session !== undefined) for (const follower of this.sessionFollowers) follower.renewed(session.id)
    return session
  }

  /** Tells of each session there is, and from then on of those that come, go and are renewed, until closed. */
  followSessions(follower: SessionFollower): Subscription {
    this.sessionFollowers.add(follower)
    for (const session of this.sessions()) follower.appeared(session)
    return { close: () => { this.sessionFollowers.delete(follower) } }
  }

  /** Stops following the store and lets all who wait go. Reads go on with the last state; writes reject with CATALOG_CLOSED. */
  close(): void {
    this.#closed = true
    this.#subscription?.close()
    this.release()
  }

  /** Commits a plan in its turn. Undefined when it has to be planned anew. */
  async #commit<Result>(first: Write<Result>, command: Command<Result>): Promise<{ result: Result; revision: Revision } | undefined> {
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

  /** Commits, with leases for what is to vanish again. Leases of a transaction that came to nothing are given back. */
  async #commitPlan({ when, then }: Write<unknown>): Promise<Committed> {
    if (!then.some(isTimed)) return this.#store.commit({ when, then })
    const leases = new Map<Duration, Lease>()
    const giveBack = (): Promise<unknown> => Promise.allSettled([...leases.values()].map(lease => lease.revoke()))
    try {
      for (const { ttl } of then.filter(isTimed)) if (!leases.has(ttl)) leases.set(ttl, await this.#store.lease(ttl))
      const committed = await this.#store.commit({ when, then: then.map(write => isTimed(write) ? leased(write, leases) : write) })
      if (!committed.ok) await giveBack()
      return committed
    } catch (error) {
      await giveBack()
      throw error
    }
  }

  async #reach(revision: Revision): Promise<void> {
    if (this.revision >= revision || await this.wait(this.topics.all(), revisionOf(revision - 1), longestLag)) return
    this.#assertOpen()
    throw new MusterError('CATALOG_BEHIND', `the catalog is at revision ${this.revision} and did not reach ${revision} within ${longestLag / 1000} s`, {
      hint: 'the store may be cut off from its leader; the write itself may have happened',
    })
  }

  #assertOpen(): void {
    if (this.#closed) throw new MusterError('CATALOG_CLOSED', 'the catalog is closed: the agent is stopping', { status: 503 })
  }
}

type Write<Result> = Extract<Plan<Result>, { readonly result: Result }>

type Timed = Extract<PlannedWrite, { kind: 'put' }> & { readonly ttl: Duration }

const isTimed = (write: PlannedWrite): write is Timed => write.kind === 'put' && write.ttl !== undefined

function leased({ key, value, ttl }: Timed, leases: ReadonlyMap<Duration, Lease>): StoreWrite {
  const lease = leases.get(ttl)
  return { kind: 'put', key, value, ...lease !== undefined && { lease: lease.id } }
}

const isWrite = <Result>(plan: Plan<Result>): plan is Write<Result> => !('refusal' in plan) && plan.then.length > 0

function settled<Result>(plan: Plan<Result>, revision: Revision): { result: Result; revision: Revision } {
  if ('refusal' in plan) throw plan.refusal
  return { result: plan.result, revision }
}
