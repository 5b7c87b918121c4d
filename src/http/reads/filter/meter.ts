import { filterTooCostly } from './filter-errors.js'

/**
 * Work on one item, in comparisons and {@link Regex.cost}: nothing else has its turn in the middle of it, so that it
 * has to end within some tens of milliseconds.
 */
const maxPerItem = 100_000
/** Work of one regular expression on one text, which cannot be ended once it has begun. */
const maxPerText = 20_000

/** Counts the work that a filter does on one item, and ends it with FILTER_TOO_COSTLY where that is too much. */
export class Meter {
  #spent = 0

  /** Another item begins. */
  nextItem(): void {
    this.#spent = 0
  }

  /** @throws MusterError FILTER_TOO_COSTLY */
  spend(work: number): void {
    this.#spent += work
    if (this.#spent > maxPerItem) throw filterTooCostly()
  }

  /** Counts the matching of one text, before it is done. @throws MusterError FILTER_TOO_COSTLY */
  spendOnText(work: number): void {
    if (work > maxPerText) throw filterTooCostly()
    this.spend(work)
  }
}
