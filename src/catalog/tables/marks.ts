import type { Change, Revision } from '../../store/index.js'
import { changedKey } from './table.js'
import type { Table } from './table.js'

/** Keys that say all by being there, or by when they were last written. */
export class MarkTable implements Table {
  readonly #marks = new Map<string, Revision>()

  constructor(readonly prefix: string) {}

  /** When a mark was last set, by its whole store key; undefined when it is not there. */
  get(storeKey: string): Revision | undefined {
    return this.#marks.get(storeKey)
  }

  apply(change: Change): void {
    if (change.kind === 'delete') this.#marks.delete(changedKey(change))
    else this.#marks.set(change.entry.key, change.entry.modified)
  }
}
