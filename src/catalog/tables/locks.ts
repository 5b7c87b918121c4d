import type { Change } from '../../store/index.js'
import { decodeLock } from '../kv/lock-codec.js'
import type { Lock } from '../kv/types.js'
import { compareText } from '../../common/text-order.js'
import { changedKey } from './table.js'
import type { Table } from './table.js'

/** Who holds KV entries. */
export interface LockReads {
  /** Undefined when nobody ever held the entry. */
  get(key: string): Lock | undefined
  /** Names of the entries that a session holds, in order. */
  heldBy(session: string): readonly string[]
}

/**
 * Locks of KV keys, beside their values: a plain write of a value relies on nothing then, and writers of one key do not
 * wait for each other. A key that was never locked has none. Whatever changes a lock writes its key too, so locks have
 * no topics of their own.
 */
export class LockTable implements Table<LockReads>, LockReads {
  readonly prefix = 'lock'
  readonly reads: LockReads = this
  readonly #locks = new Map<string, Lock>()
  readonly #bySession = new Map<string, Set<string>>()

  get(key: string): Lock | undefined {
    return this.#locks.get(key)
  }
  heldBy(session: string): readonly string[] {
    return [...(this.#bySession.get(session) ?? [])].sort(compareText)
  }

  apply(change: Change): void {
    const key = changedKey(change).slice(this.prefix.length + 1)
    this.#forget(key)
    if (change.kind === 'delete') return
    const lock = { ...decodeLock(change.entry), modified: change.entry.modified }
    this.#locks.set(key, lock)
    if (lock.session === '') return
    const held = this.#bySession.get(lock.session) ?? new Set()
    held.add(key)
    this.#bySession.set(lock.session, held)
  }

  #forget(key: string): void {
    const before = this.#locks.get(key)
    if (before === undefined) return
    this.#locks.delete(key)
    const held = this.#bySession.get(before.session)
    held?.delete(key)
    if (held?.size === 0) this.#bySession.delete(before.session)
  }
}
