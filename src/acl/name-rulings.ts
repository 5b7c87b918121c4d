import type { Access } from '../common/access.js'
import type { Ruling } from './merge.js'
import { PrefixTree } from './prefix-tree.js'
import type { Level } from './rules/types.js'

const rank: Readonly<Record<Level, number>> = { deny: 0, read: 1, list: 2, write: 3 }

/** Whether a level includes an access. */
export const grants = (level: Level, access: Access): boolean => rank[level] >= rank[access]

/** The rulings on the names of one resource. */
export class NameRulings {
  readonly #exact = new Map<string, Ruling>()
  readonly #prefixes = new PrefixTree<Ruling>()

  set(match: 'exact' | 'prefix', name: string, ruling: Ruling): void {
    if (match === 'exact') this.#exact.set(name, ruling)
    else this.#prefixes.set(name, ruling)
  }

  /** The ruling on exactly this name, or else that on its longest beginning. */
  of(name: string): Ruling | undefined {
    return this.#exact.get(name) ?? this.#prefixes.longest(name)
  }

  /** The ruling on the longest beginning of a text, itself included. */
  ofBeginning(prefix: string): Ruling | undefined {
    return this.#prefixes.longest(prefix)
  }

  /** All rulings, with what they are about. */
  *all(): Generator<readonly [match: 'exact' | 'prefix', name: string, ruling: Ruling]> {
    for (const [name, ruling] of this.#prefixes.entries()) yield ['prefix', name, ruling]
    for (const [name, ruling] of this.#exact) yield ['exact', name, ruling]
  }

  /** All rulings on names and beginnings that begin with `prefix`. Goes through every exact name. */
  *below(prefix: string): Generator<Ruling> {
    yield* this.#prefixes.below(prefix)
    for (const [name, ruling] of this.#exact) if (name.startsWith(prefix)) yield ruling
  }
}
