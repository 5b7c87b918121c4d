/** A readable map with a change counter: results derived from the whole map stay valid while `changes` is the same. */
export interface CountedReads<Key, Value> extends ReadonlyMap<Key, Value> {
  /** Grows with each entry that is put, also in the place of an equal one, or taken out. */
  readonly changes: number
}

/** A map that counts its changes. It begins empty. */
export class CountedMap<Key, Value> extends Map<Key, Value> implements CountedReads<Key, Value> {
  #changes = 0

  constructor() {
    super()
  }

  get changes(): number {
    return this.#changes
  }

  override set(key: Key, value: Value): this {
    this.#changes++
    return super.set(key, value)
  }

  override delete(key: Key): boolean {
    this.#changes++
    return super.delete(key)
  }

  override clear(): void {
    this.#changes++
    super.clear()
  }
}
