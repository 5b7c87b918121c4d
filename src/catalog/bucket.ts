import { compareText } from './order.js'

/** A value of a table with its store key (its identity) and the text that it sorts by. */
export interface Row<Value> {
  readonly key: string
  readonly order: string
  readonly value: Value
}

const nothing: readonly never[] = Object.freeze([])

/** Rows that belong together, listed in order. The list is kept until a row changes, so reading it again costs nothing. */
export class Bucket<Value> {
  readonly #rows = new Map<string, Row<Value>>()
  #list: readonly Value[] | undefined

  get size(): number { return this.#rows.size }

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
  * unordered(): Iterable<Value> {
    for (const row of this.#rows.values()) yield row.value
  }
}

/** Buckets by name: a secondary index. A bucket that gets empty is forgotten. */
export class Index<Value> {
  readonly #buckets = new Map<string, Bucket<Value>>()

  put(name: string, row: Row<Value>): void {
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) this.#buckets.set(name, bucket = new Bucket())
    bucket.set(row)
  }

  remove(name: string, key: string): void {
    const bucket = this.#buckets.get(name)
    bucket?.delete(key)
    if (bucket?.size === 0) this.#buckets.delete(name)
  }

  has(name: string): boolean { return this.#buckets.has(name) }
  /** The values under a name, in order; empty when there are none. */
  values(name: string): readonly Value[] { return this.#buckets.get(name)?.values() ?? nothing }
  unordered(name: string): Iterable<Value> { return this.#buckets.get(name)?.unordered() ?? nothing }
  names(): Iterable<string> { return this.#buckets.keys() }
}
