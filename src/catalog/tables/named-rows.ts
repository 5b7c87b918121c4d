import type { Change, Entry } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Things with an id and a name of their own. */
export interface NamedReads<Value> {
  /** All of them, by id. */
  all(): readonly Value[]
  get(id: string): Value | undefined
  /** The one of this name, letter case aside. */
  named(name: string): Value | undefined
  readonly topics: {
    all(): Topic
    one(id: string): Topic
  }
}

/** How a table of named things is kept. */
export interface NamedRowsOptions<Value> {
  readonly prefix: string
  /** The topic of the whole table. */
  readonly topic: string
  readonly keyOf: (id: string) => string
  readonly decode: (entry: Entry) => Value
  readonly idOf: (value: Value) => string
  readonly nameOf: (value: Value) => string
}

/** A table of things with an id and a name. Topics of single ones are `<prefix>:<id>`. */
export class NamedRows<Value> implements Table<NamedReads<Value>>, NamedReads<Value> {
  readonly prefix: string
  readonly reads: NamedReads<Value> = this
  readonly topics: NamedReads<Value>['topics'] = {
    all: () => this.#registry.table(this.#options.topic),
    one: id => this.#registry.of(this.#byIdTopics, id.toLowerCase()),
  }
  readonly #options: NamedRowsOptions<Value>
  readonly #registry: Topics
  readonly #byIdTopics: TopicFamily
  readonly #rows: RowStore<Value>
  readonly #all = new Bucket<Value>()
  readonly #byName = new Index<Value>()

  constructor(registry: Topics, options: NamedRowsOptions<Value>) {
    this.#options = options
    this.#registry = registry
    this.prefix = options.prefix
    this.#byIdTopics = registry.family(options.prefix, id => this.get(id) !== undefined)
    this.#rows = new RowStore<Value>(options.decode, options.idOf)
  }

  all(): readonly Value[] {
    return this.#all.values()
  }
  get(id: string): Value | undefined {
    return this.#rows.get(this.#options.keyOf(id))
  }
  named(name: string): Value | undefined {
    return this.#byName.values(name.toLowerCase())[0]
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        this.#all.delete(before.key)
        this.#byName.remove(this.#options.nameOf(before.value).toLowerCase(), before.key)
      }
      if (after !== undefined) {
        this.#all.set(after)
        this.#byName.put(this.#options.nameOf(after.value).toLowerCase(), after)
      }
      touched.add(this.#registry.tables, this.#options.topic)
      for (const row of [before, after])
        if (row !== undefined) touched.add(this.#byIdTopics, this.#options.idOf(row.value).toLowerCase())
    })
  }
}
