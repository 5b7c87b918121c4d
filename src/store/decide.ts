import type { MusterError } from '../common/errors.js'
import { leaseLost } from './errors.js'
import { isWithin } from './key-order.js'
import { compareText } from '../common/text-order.js'
import { revision as asRevision } from './store.js'
import type { Change, Committed, Condition, LeaseId, Revision, Transaction, Write } from './store.js'
import { transactionFault } from './transaction-fault.js'

/**
 * What deciding a transaction needs to know of a key: when it was created and last changed, and which lease it hangs
 * on.
 */
export interface KeyState {
  readonly created: Revision
  readonly modified: Revision
  readonly lease: LeaseId | undefined
}

/** The keys and leases as they stand before a group. */
export interface Standing {
  readonly revision: Revision
  readonly key: (key: string) => KeyState | undefined
  /** The keys that stand in [from, to), in order; an empty `to` is no end. */
  readonly keysBetween: (from: string, to: string) => Iterable<string>
  readonly leaseLives: (lease: LeaseId) => boolean
  readonly keysOfLease: (lease: LeaseId) => Iterable<string>
}

/**
 * One thing to decide: a caller's transaction, or the end of a lease (which deletes the keys that hang on it at that
 * point).
 */
export type Request =
  | { readonly kind: 'transaction'; readonly transaction: Transaction }
  | { readonly kind: 'end-lease'; readonly lease: LeaseId }

/** The state and value of a key after the last write of a group; undefined if deleted. */
export type Final = { readonly state: KeyState; readonly value: Uint8Array } | undefined

/** A decided group: an outcome for each request in order, and what they do together. */
export interface Decision {
  readonly revision: Revision
  readonly outcomes: readonly (Committed | MusterError)[]
  /** Every change of the group in order; several may concern one key. */
  readonly changes: readonly Change[]
  /** What to write: each changed key once. */
  readonly finals: ReadonlyMap<string, Final>
  readonly endedLeases: ReadonlySet<LeaseId>
}

/**
 * Decides requests one after the other, each seeing what those before it did. Every request with at least one effective
 * write gets a revision of its own, as in etcd; one that fails its conditions, or breaks the contract, leaves no trace
 * and does not touch its neighbours.
 */
export function decideGroup(requests: readonly Request[], standing: Standing): Decision {
  const group = new Group(standing)
  const outcomes = requests.map(request =>
    request.kind === 'transaction' ? group.transaction(request.transaction) : group.endLease(request.lease),
  )
  return {
    revision: group.revision,
    outcomes,
    changes: group.changes,
    finals: group.finals,
    endedLeases: group.endedLeases,
  }
}

class Group {
  readonly changes: Change[] = []
  readonly finals = new Map<string, Final>()
  readonly endedLeases = new Set<LeaseId>()
  revision: Revision
  readonly #standing: Standing

  constructor(standing: Standing) {
    this.#standing = standing
    this.revision = standing.revision
  }

  transaction(transaction: Transaction): Committed | MusterError {
    const fault = this.#fault(transaction)
    if (fault !== undefined) return fault
    const ok = transaction.when.every(condition => this.#holds(condition))
    if (ok) this.#apply(transaction.then)
    return { ok, revision: this.revision }
  }

  endLease(lease: LeaseId): Committed {
    const candidates = new Set([...this.#standing.keysOfLease(lease), ...this.finals.keys()])
    const attached = [...candidates].filter(key => this.#state(key)?.lease === lease)
    this.endedLeases.add(lease)
    this.#apply(attached.map(key => ({ kind: 'delete', key })))
    return { ok: true, revision: this.revision }
  }

  #state(key: string): KeyState | undefined {
    return this.finals.has(key) ? this.finals.get(key)?.state : this.#standing.key(key)
  }

  /** The keys in a range as those before left it, in order. */
  #keysBetween(from: string, to: string): string[] {
    const keys: string[] = []
    for (const key of this.#standing.keysBetween(from, to)) if (!this.finals.has(key)) keys.push(key)
    let added = false
    for (const [key, final] of this.finals) {
      if (final === undefined || !isWithin(key, from, to)) continue
      keys.push(key)
      added = true
    }
    return added ? keys.sort(compareText) : keys
  }

  #holds(condition: Condition): boolean {
    switch (condition.test) {
      case 'absent':
        return this.#state(condition.key) === undefined
      case 'present':
        return this.#state(condition.key) !== undefined
      case 'unmodified':
        return this.#state(condition.key)?.modified === condition.modified
      case 'quiet':
        return this.#keysBetween(condition.from, condition.to).every(
          key => (this.#state(key)?.modified ?? 0) <= condition.since,
        )
    }
  }

  #apply(writes: readonly Write[]): void {
    const effective = writes.flatMap((write): Effective[] => {
      if (write.kind === 'delete-range')
        return this.#keysBetween(write.from, write.to).map(key => ({ kind: 'delete', key }))
      return write.kind === 'put' || this.#state(write.key) !== undefined ? [write] : []
    })
    if (effective.length === 0) return
    const revision = asRevision(this.revision + 1)
    this.revision = revision
    for (const write of effective) {
      if (write.kind === 'delete') {
        this.finals.set(write.key, undefined)
        this.changes.push({ kind: 'delete', key: write.key, revision })
        continue
      }
      const { key, value } = write
      const created = this.#state(key)?.created ?? revision
      this.finals.set(key, { state: { created, modified: revision, lease: write.lease }, value })
      this.changes.push({ kind: 'put', entry: { key, value, created, modified: revision } })
    }
  }

  #fault(transaction: Transaction): MusterError | undefined {
    for (const write of transaction.then) {
      if (write.kind === 'put' && write.lease !== undefined && !this.#leaseLives(write.lease)) {
        return transactionFault(transaction) ?? leaseLost(write.lease)
      }
    }
    return transactionFault(transaction)
  }

  #leaseLives(lease: LeaseId): boolean {
    return !this.endedLeases.has(lease) && this.#standing.leaseLives(lease)
  }
}

/** A write of one key that does change something. */
type Effective = Exclude<Write, { readonly kind: 'delete-range' }>
