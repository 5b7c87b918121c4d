import type { Change, Revision } from '../../store/index.js'
import { changedKey } from './table.js'
import type { Table } from './table.js'

/** Marks of one kind, by what they mark. */
export interface MarkReads {
  has(name: string): boolean
  /** When a mark was last set; undefined when it is not there. */
  get(name: string): Revision | undefined
}

/** Keys that say all by being there, or by when they were last written. */
export class MarkTable implements Table<MarkReads>, MarkReads {
  readonly prefix: string
  readonly reads: MarkReads = this
  readonly #marks = new Map<string, Revision>()
  readonly #keyOf: (name: string) => string

  /** @param keyOf the store key of a mark */
  constructor(prefix: string, keyOf: (name: string) => string) {
    this.prefix = prefix
    this.#keyOf = keyOf
  }

  has(name: string): boolean {
    return this.#marks.has(this.#keyOf(name))
  }
  get(name: string): Revision | undefined {
    return this.#marks.get(this.#keyOf(name))
  }

  apply(change: Change): void {
    if (change.kind === 'delete') this.#marks.delete(changedKey(change))
    else this.#marks.set(change.entry.key, change.entry.modified)
  }
}
