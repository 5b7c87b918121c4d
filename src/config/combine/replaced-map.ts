/** How many replacements are laid over one map before a new one is made: few enough to copy with each change. */
const maxReplaced = 100

/**
 * A map in which some values stand in the place of earlier ones. It shares everything else with the map before it, so
 * that one change among thousands does not copy the thousands. Neither changes later.
 */
export class ReplacedMap<Value> implements ReadonlyMap<string, Value> {
  readonly #base: ReadonlyMap<string, Value>
  readonly #replaced: ReadonlyMap<string, Value>

  private constructor(base: ReadonlyMap<string, Value>, replaced: ReadonlyMap<string, Value>) {
    this.#base = base
    this.#replaced = replaced
  }

  /** `map` with other values under keys that it has. */
  static of<Value>(
    map: ReadonlyMap<string, Value>,
    replacements: ReadonlyMap<string, Value>,
  ): ReadonlyMap<string, Value> {
    if (replacements.size === 0) return map
    const base = map instanceof ReplacedMap ? (map as ReplacedMap<Value>).#base : map
    const replaced =
      map instanceof ReplacedMap ? new Map([...(map as ReplacedMap<Value>).#replaced, ...replacements]) : replacements
    const result = new ReplacedMap(base, replaced)
    return replaced.size > maxReplaced ? new Map(result) : result
  }

  get size(): number {
    return this.#base.size
  }
  get(key: string): Value | undefined {
    return this.#replaced.has(key) ? this.#replaced.get(key) : this.#base.get(key)
  }
  has(key: string): boolean {
    return this.#base.has(key)
  }
  keys(): MapIterator<string> {
    return this.#base.keys()
  }
  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }

  *entries(): MapIterator<[string, Value]> {
    for (const entry of this.#base)
      yield this.#replaced.has(entry[0]) ? [entry[0], this.#replaced.get(entry[0]) as Value] : entry
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value
  }

  forEach(run: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    this.#base.forEach((value, key) => {
      run(this.#replaced.has(key) ? (this.#replaced.get(key) as Value) : value, key, this)
    })
  }
}
