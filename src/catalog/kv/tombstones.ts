import { revision } from '../../store/index.js'
import type { Revision } from '../../store/index.js'

/**
 * When keys were deleted, for the indexes of what is not there any more. Bounded: when there are too many, the older
 * half gives way to the floor, which counts as the deletion of everything that is not remembered.
 */
export class Tombstones {
  readonly #limit: number
  #floor = revision(1)
  /** In the order of deletion. */
  readonly #gone = new Map<string, Revision>()

  /** @param limit how many deletions are remembered one by one */
  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#gone.size
  }

  /** Starts at a revision; deletions before it are unknown. */
  begin(at: Revision): void {
    this.#floor = at
  }

  add(key: string, at: Revision): void {
    this.#gone.delete(key)
    this.#gone.set(key, at)
    if (this.#gone.size > this.#limit) this.#dropOlderHalf()
  }

  /** The key is there again: its own index says more. */
  forget(key: string): void {
    this.#gone.delete(key)
  }

  /** The index of a key that is not there. */
  of(key: string): Revision {
    return this.#gone.get(key) ?? this.#floor
  }

  /** The newest deletion below a prefix that can have been, the forgotten ones included. */
  below(prefix: string): Revision {
    let newest = this.#floor
    for (const [key, at] of this.#gone) if (at > newest && key.startsWith(prefix)) newest = at
    return newest
  }

  #dropOlderHalf(): void {
    let surplus = this.#gone.size - Math.floor(this.#limit / 2)
    for (const [key, at] of this.#gone) {
      if (surplus-- <= 0) break
      this.#gone.delete(key)
      if (at > this.#floor) this.#floor = at
    }
  }
}
