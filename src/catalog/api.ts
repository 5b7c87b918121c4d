import type { Duration } from '../common/duration.js'
import type { EndSignal } from '../common/end-signal.js'
import type { MusterError } from '../common/errors.js'
import type { Condition, LeaseId, Revision, Snapshot, Write } from '../store/index.js'
import type { SavedEntry } from './saved-state.js'
import type { HealthReads } from './service-health.js'
import type { Session } from './sessions/types.js'
import type { TableReads } from './tables.js'
import type { Topic } from './topics.js'

export type { Topic } from './topics.js'

/**
 * Reads of the catalog's memory, all synchronous and all of one revision: what each table answers, under the table's
 * name, and what is worked out from several. Names match without regard to case. Beside its reads a table has `topics`,
 * which move when their answers change: `topics.ofNode(name)` with the answer of `ofNode(name)`. A topic is the same
 * object as long as the process lives and the topic is in use.
 */
export interface CatalogReads extends TableReads {
  /** Whether the state has been loaded; until then nothing may be answered from it. */
  readonly loaded: boolean
  readonly revision: Revision
  /** Services with all that decides their health. */
  readonly health: HealthReads

  readonly topics: {
    /** Everything at all: moves with each revision. */
    all(): Topic
  }

  /**
   * Resolves true when `topic.index` is above `after`, false when `ms` have passed or `signal` was aborted. At once
   * when it already is. Readers that wait on one topic share one wake-up.
   */
  wait(topic: Topic, after: Revision, ms: number, signal?: EndSignal): Promise<boolean>
}

/**
 * A write, as a pure function of the state it reads. It returns either what to commit, or a refusal. `result` is handed
 * back to the caller of {@link Catalog.execute}. An empty `then` commits nothing and moves no index.
 */
export type Command<Result> = (state: CatalogReads) => Plan<Result>

/**
 * One write of a plan. With `ttl` the key vanishes again that long after the commit, with `lease` when that lease ends,
 * unless it is written again before.
 */
export type PlannedWrite =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: Uint8Array
      readonly ttl?: Duration
      readonly lease?: LeaseId
    }
  | Extract<Write, { readonly kind: 'delete' }>
  | RangeDelete

/** A whole range that goes, with those of its keys that are known. */
export type RangeDelete = Extract<Write, { readonly kind: 'delete-range' }> & { readonly keys: readonly string[] }

/** Outcome of a command before it is committed. */
export type Plan<Result> =
  | { readonly when: readonly Condition[]; readonly then: readonly PlannedWrite[]; readonly result: Result }
  | { readonly refusal: MusterError }

/** Where writes go in and reads come out: the only writer to a store. */
export interface CatalogWrites {
  /**
   * Plans the command on the present state and commits it; when a condition failed, waits for the state to catch up and
   * plans again (at most 10 times, then rejects with CATALOG_CONFLICT). Resolves once the write is durable and visible
   * in this catalog's reads.
   */
  execute<Result>(command: Command<Result>): Promise<{ readonly result: Result; readonly revision: Revision }>
  /**
   * Restarts a session's TTL. Undefined when there is no such session, in a state that has every acknowledged write.
   */
  renewSession(id: string): Promise<Session | undefined>
  /**
   * Everything that a snapshot keeps (see `saved-state.ts`), at one revision and with every write acknowledged before
   * the call. `stale`: what this server knows will do, also without a leader.
   */
  save(options?: { readonly stale?: boolean }): Promise<Snapshot>
  /**
   * Makes the catalog what was saved, by writing the difference; resolves with the revision at which it is. A state too
   * large for one transaction is written in several, and readers meanwhile see parts of both.
   */
  restore(saved: readonly SavedEntry[]): Promise<Revision>
  /** Passes when reads are as new as every write acknowledged before the call. Nothing to do on an embedded store. */
  barrier(): Promise<void>
}
