import { SortedKeys } from '../../common/sorted-keys.js'

/**
 * A set of prefixes that finds those which a text begins with, without trying every length: each knows the longest
 * other one that it begins with, so the matches of a text are one search and a walk.
 */
export class PrefixSet {
  readonly #order = new SortedKeys()
  readonly #parents = new Map<string, string | undefined>()

  get size(): number {
    return this.#order.size
  }

  add(prefix: string): void {
    if (this.#parents.has(prefix)) return
    const parent = this.#longest(prefix)
    for (const longer of this.#order.below(prefix))
      if (this.#parents.get(longer) === parent) this.#parents.set(longer, prefix)
    this.#order.add(prefix)
    this.#parents.set(prefix, parent)
  }

  delete(prefix: string): void {
    if (!this.#parents.has(prefix)) return
    const parent = this.#parents.get(prefix)
    this.#order.delete(prefix)
    this.#parents.delete(prefix)
    for (const longer of this.#order.below(prefix))
      if (this.#parents.get(longer) === prefix) this.#parents.set(longer, parent)
  }

  /** The prefixes that `text` begins with, the longest first. */
  *of(text: string): Iterable<string> {
    for (let prefix = this.#longest(text); prefix !== undefined; prefix = this.#parents.get(prefix)) yield prefix
  }

  /**
   * Whatever stands between a prefix of `text` and `text` itself begins with that prefix too, so the nearest one leads
   * to it.
   */
  #longest(text: string): string | undefined {
    let prefix = this.#order.atMost(text)
    while (prefix !== undefined && !text.startsWith(prefix)) prefix = this.#parents.get(prefix)
    return prefix
  }
}
