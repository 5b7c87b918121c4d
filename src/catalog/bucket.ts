import { compareText } from '../common/text-order.js'

/** A value of a table with its store key (its identity) and the text that it sorts by. */
export interface Row<Value> {
  readonly key: string
  readonly order: string
  readonly value: Value
}

const nothing: readonly never[] = Object.freeze([])

/**
 * Rows that belong together, listed in order. The list is kept until a row changes, so reading it again costs nothing.
 */
export class Bucket<Value> {
  readonly #rows = new Map<string, Row<Value>>()
  #list: readonly Value[] | undefined

  get size(): number {
    return this.#rows.size
  }

  set(row: Row<Value>): void {
    this.#rows.set(row.key, row)
    this.#list = undefined
  }

  delete(key: string): void {
    if (this.#rows.delete(key)) this.#list = undefined
  }

  values(): readonly Value[] {
    this.#list ??= [...this.#rows.values()].sort((a, b) => compareText(a.order, b.order)).map(row => row.value)
    return this.#list
  }

  /** Values in no particular order, without the cost of sorting. */
  *unordered(): Iterable<Value> {
    for (const row of this.#rows.values()) yield row.value
  }
}

/**
 * Rows by name: a secondary index. Most names have one row, which then stands there itself; a bucket is made for the
 * second one. A name without rows is forgotten.
 */
export class Index<Value> {
  readonly #held = new Map<string, Row<Value> | Bucket<Value>>()

  put(name: string, row: Row<Value>): void {
    const held = this.#held.get(name)
    if (held instanceof Bucket) held.set(row)
    else if (held === undefined || held.key === row.key) this.#held.set(name, row)
    else {
      const bucket = new Bucket<Value>()
      bucket.set(held)
      bucket.set(row)
      this.#held.set(name, bucket)
    }
  }

  remove(name: string, key: string): void {
    const held = this.#held.get(name)
    if (held instanceof Bucket) {
      held.delete(key)
      if (held.size === 0) this.#held.delete(name)
    } else if (held?.key === key) this.#held.delete(name)
  }

  has(name: string): boolean {
    return this.#held.has(name)
  }
  /** The values under a name, in order; empty when there are none. */
  values(name: string): readonly Value[] {
    const held = this.#held.get(name)
    return held instanceof Bucket ? held.values() : held === undefined ? nothing : [held.value]
  }

  unordered(name: string): Iterable<Value> {
    const held = this.#held.get(name)
    return held instanceof Bucket ? held.unordered() : held === undefined ? nothing : [held.value]
  }

  names(): Iterable<string> {
    return this.#held.keys()
  }
}
