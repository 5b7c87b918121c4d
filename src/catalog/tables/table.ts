import type { Change } from '../../store/index.js'
import type { Touched } from '../topics.js'

/**
 * One kind of entries in memory: everything in the store whose key begins with `<prefix>/`, and the indexes over it.
 * Tables see changes one by one and in no promised order within a batch (a load gives checks before their services), so
 * what joins two tables is worked out when it is read. A new table is a file here and a line in `tables.ts`.
 */
export interface Table<Reads> {
  readonly prefix: string
  /** The table's read-only interface, under which the catalog shows it to readers. */
  readonly reads: Reads
  /**
   * Takes in one change and adds to `touched` each topic whose answer it changes.
   * @throws MusterError CATALOG_UNREADABLE when the value cannot be read; the table is then as if the key were deleted.
   */
  apply(change: Change, touched: Touched): void
  /** Called when a batch has been applied, for topics that only move when the batch as a whole changed their answer. */
  settle?(touched: Touched): void
}

/** The key that a change is about. */
export const changedKey = (change: Change): string => (change.kind === 'put' ? change.entry.key : change.key)
