import type { Condition, Revision } from '../../store/index.js'
import type { PlannedWrite, RangeDelete } from '../api.js'
import { inRange } from '../keys.js'

type KeyWrite = Exclude<PlannedWrite, RangeDelete>

/**
 * The writes of a plan: a key is written once at most, and none of a range that goes is written otherwise, as a store
 * wants it. Where something is put into a range that was to go as a whole, what was known of the range goes key by key,
 * on the condition that nothing was added to it since.
 */
export class WriteSet {
  readonly #revision: Revision
  readonly #writes = new Map<string, KeyWrite>()
  readonly #ranges = new Map<string, RangeDelete>()
  readonly #quiet = new Map<string, Condition>()

  /** @param revision of the state that the plan is made from */
  constructor(revision: Revision) {
    this.#revision = revision
  }

  /** How many keys are written, as far as it is known. */
  get size(): number {
    let size = this.#writes.size
    for (const { keys } of this.#ranges.values()) size += keys.length
    return size
  }

  /** Whether nothing is to be committed; a range counts even where nothing is known to be in it. */
  get isEmpty(): boolean {
    return this.#writes.size === 0 && this.#ranges.size === 0
  }

  /** What this relies on by itself. */
  get conditions(): Iterable<Condition> {
    return this.#quiet.values()
  }

  /** All writes, ranges first. */
  list(): readonly PlannedWrite[] {
    return [...this.#ranges.values(), ...this.#writes.values()]
  }

  /** Whether a key is written, alone or with a range. */
  has(key: string): boolean {
    return this.#writes.has(key) || this.#rangeOf(key) !== undefined
  }

  /** Whether a key is deleted. */
  deletes(key: string): boolean {
    const write = this.#writes.get(key)
    return write === undefined ? this.#rangeOf(key) !== undefined : write.kind === 'delete'
  }

  /** Adds a write in the place of an earlier one of the same key, or of all keys of the same range. */
  add(write: PlannedWrite): void {
    if (write.kind === 'delete-range') {
      this.#addRange(write)
      return
    }
    const range = this.#rangeOf(write.key)
    if (range !== undefined) {
      if (write.kind === 'delete') return
      this.#breakUp(range)
    }
    this.#writes.set(write.key, write)
  }

  /** A key is not written after all. */
  drop(key: string): void {
    this.#writes.delete(key)
  }

  /** Ranges are of prefixes, so of two that meet one is inside the other. */
  #addRange(range: RangeDelete): void {
    const outer = this.#rangeOf(range.from)
    if (outer !== undefined && outer.from !== range.from) return
    for (const from of this.#ranges.keys()) if (inRange(range, from)) this.#ranges.delete(from)
    for (const key of this.#writes.keys()) if (inRange(range, key)) this.#writes.delete(key)
    this.#ranges.set(range.from, range)
  }

  #breakUp({ from, to, keys }: RangeDelete): void {
    this.#ranges.delete(from)
    this.#quiet.set(from, { test: 'quiet', from, to, since: this.#revision })
    for (const key of keys) this.#writes.set(key, { kind: 'delete', key })
  }

  #rangeOf(key: string): RangeDelete | undefined {
    for (const range of this.#ranges.values()) if (inRange(range, key)) return range
    return undefined
  }
}
