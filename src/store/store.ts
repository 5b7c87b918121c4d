import type { Duration } from '../common/duration.js'

/**
 * The position of a write in the store: one number for the whole store, never 0 and never going back. Embedded stores
 * count it up by one with each commit; in etcd, transactions that travel together and touch different keys may share
 * one. `X-Consul-Index`, CreateIndex and ModifyIndex are revisions.
 */
export type Revision = number & { readonly __unit: 'revision' }

/** A bare number as a {@link Revision}. */
export const revision = (count: number): Revision => count as Revision

/** One key as it stands: its bytes and the revisions that created it and last changed it. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly created: Revision
  readonly modified: Revision
}

/** What a commit did to one key. */
export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: Revision }

/** All changes of one revision or of several following ones, in order. `revision` is the newest one in it. */
export interface Batch {
  readonly revision: Revision
  readonly changes: readonly Change[]
}

/** Everything in the store at one revision, in key order (byte order of UTF-8). */
export interface Snapshot {
  readonly revision: Revision
  readonly entries: readonly Entry[]
}

/** What must hold for a transaction to be applied; all of them are checked against the state before it. */
export type Condition =
  | { readonly test: 'absent'; readonly key: string }
  | { readonly test: 'present'; readonly key: string }
  | { readonly test: 'unmodified'; readonly key: string; readonly modified: Revision }
  /** No key in [from, to) was put after `since`; what was deleted there since is not asked. Empty `to`: no end. */
  | { readonly test: 'quiet'; readonly from: string; readonly to: string; readonly since: Revision }

/**
 * One write of a transaction. `lease` ties the key's life to a lease. Within a transaction a key is written once at
 * most.
 */
export type Write =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array; readonly lease?: LeaseId }
  | { readonly kind: 'delete'; readonly key: string }
  /**
   * Deletes every key in [from, to). A change for each; none of the range may be written otherwise in the same
   * transaction.
   */
  | { readonly kind: 'delete-range'; readonly from: string; readonly to: string }

/** A conditional write: `then` is applied whole and at one revision when every `when` holds, else nothing is. */
export interface Transaction {
  readonly when: readonly Condition[]
  readonly then: readonly Write[]
}

/**
 * Outcome of {@link Store.commit}. When `ok`, `revision` is the one the writes got (or, for an empty `then`, the
 * present one). When not, it is a revision at which a condition did not hold: a caller whose state is older waits for
 * it and tries again.
 */
export interface Committed {
  readonly ok: boolean
  readonly revision: Revision
}

export type LeaseId = string & { readonly __unit: 'lease' }

/** A promise to stay alive. Keys written with it are deleted when it is revoked or not kept alive within its ttl. */
export interface Lease {
  readonly id: LeaseId
  readonly ttl: Duration
  /** Starts the ttl afresh. Rejects with STORE_LEASE_LOST when the lease has already ended. */
  keepAlive(): Promise<void>
  revoke(): Promise<void>
}

export interface Subscription {
  close(): void
}

export interface StoreStatus {
  readonly engine: 'memory' | 'lmdb' | 'etcd'
  /** Whether writes can be committed now. */
  readonly writable: boolean
  /** Why they cannot, in a sentence, where the store knows. */
  readonly reason?: string
  readonly revision: Revision
  /** Raft term; 1 for the embedded stores, which have no elections. */
  readonly term: number
  readonly members: readonly { readonly id: string; readonly address: string; readonly leader: boolean }[]
}

/**
 * The one seam between muster and what keeps its data. Implementations (memory, LMDB, etcd) pass one shared suite.
 * Keys are non-empty UTF-8 text, values bytes. Errors are MusterError with a code that starts with STORE_.
 */
export interface Store {
  /**
   * Everything, at one revision. `local`: what is at hand will do, which may be behind what others have acknowledged;
   * where the store has several members, it is given without a leader, too.
   */
  load(options?: { readonly local?: boolean }): Promise<Snapshot>
  /**
   * Calls `on` for every change after `after`, in revision order, each revision once and never in part. `on` runs
   * before the next batch is read, so a slow one delays the stream but loses nothing. A commit's own changes reach `on`
   * before that commit's promise resolves. When `after` is older than what the store still remembers, it loads afresh
   * and emits the difference: callers never see a gap.
   * @throws MusterError STORE_COMPACTED when that difference cannot be known (deletions since then are forgotten, as
   *   after a restart), so that a caller must load first; STORE_CLOSED after close.
   */
  watch(after: Revision, on: (batch: Batch) => void): Subscription
  /**
   * Applies a transaction durably: when the promise resolves the write survives a crash of the process. Calls of one
   * tick travel to the disk together (group commit), yet each is decided on its own, in call order. Rejects with
   * STORE_FULL, STORE_CLOSED, STORE_DISPLACED (its files are not where they were) or STORE_FAILED; with
   * STORE_LEASE_LOST when it names a lease that has ended; with STORE_INVALID when it breaks a rule of this contract.
   * Then nothing of it was applied. The bytes of its values belong to the store from then on: the caller must not
   * change them.
   */
  commit(transaction: Transaction): Promise<Committed>
  /** Linearizable read barrier: resolves with the newest committed revision, once a watcher could have seen it. */
  barrier(): Promise<Revision>
  lease(ttl: Duration): Promise<Lease>
  /**
   * The handle of a lease that someone else was granted, such as another server: whoever knows its id may keep it
   * alive. Nothing is asked of the store before its first use.
   */
  resumeLease(id: LeaseId, ttl: Duration): Lease
  status(): Promise<StoreStatus>
  /** Waits for what is under way, then releases files and sockets. Afterwards every call rejects with STORE_CLOSED. */
  close(): Promise<void>
}
