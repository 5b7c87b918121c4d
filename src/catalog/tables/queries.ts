import type { Change } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import { queryKey } from '../keys.js'
import { decodeQuery } from '../queries/query-codec.js'
import { isTemplate } from '../queries/types.js'
import type { PreparedQuery } from '../queries/types.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Prepared queries. */
export interface QueryReads {
  /** All of them, by id. */
  all(): readonly PreparedQuery[]
  get(id: string): PreparedQuery | undefined
  /** The prepared query of exactly this name, a template or not. */
  named(name: string): PreparedQuery | undefined
  /** The template whose name is the longest beginning of this one; the one without a name begins everything. */
  templateFor(name: string): PreparedQuery | undefined
  /** Prepared queries that are deleted with this session. */
  ofSession(session: string): readonly PreparedQuery[]
  readonly topics: {
    all(): Topic
    one(id: string): Topic
  }
}

/** Prepared queries by id, by name, by session, and templates by the beginning of the names that they answer to. */
export class QueryTable implements Table<QueryReads>, QueryReads {
  readonly prefix = 'query'
  readonly reads: QueryReads = this
  readonly topics: QueryReads['topics'] = {
    all: () => this.#registry.table('queries'),
    one: id => this.#registry.of(this.#byIdTopics, id.toLowerCase()),
  }
  /** Topics `query:<id>`. */
  readonly #byIdTopics: TopicFamily
  readonly #rows = new RowStore<PreparedQuery>(decodeQuery, query => query.id)
  readonly #all = new Bucket<PreparedQuery>()
  readonly #byName = new Index<PreparedQuery>()
  readonly #bySession = new Index<PreparedQuery>()
  readonly #templates = new Index<PreparedQuery>()
  /** How long the beginnings are that templates have, the longest first: no other length has to be looked up. */
  #lengths: readonly number[] | undefined
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
    this.#byIdTopics = registry.family('query', id => this.get(id) !== undefined)
  }

  all(): readonly PreparedQuery[] {
    return this.#all.values()
  }
  get(id: string): PreparedQuery | undefined {
    return this.#rows.get(queryKey(id))
  }
  named(name: string): PreparedQuery | undefined {
    return this.#byName.values(name.toLowerCase())[0]
  }
  ofSession(session: string): readonly PreparedQuery[] {
    return this.#bySession.values(session.toLowerCase())
  }

  templateFor(name: string): PreparedQuery | undefined {
    const lower = name.toLowerCase()
    this.#lengths ??= [...new Set([...this.#templates.names()].map(beginning => beginning.length))].sort(
      (a, b) => b - a,
    )
    for (const length of this.#lengths) {
      const found = length > lower.length ? undefined : this.#templates.values(lower.slice(0, length))[0]
      if (found !== undefined) return found
    }
    return undefined
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      this.#lengths = undefined
      if (before !== undefined) {
        const { key, value } = before
        this.#all.delete(key)
        this.#byName.remove(value.name.toLowerCase(), key)
        this.#bySession.remove(value.session.toLowerCase(), key)
        this.#templates.remove(value.name.toLowerCase(), key)
      }
      if (after !== undefined) {
        const { value } = after
        this.#all.set(after)
        if (value.name !== '') this.#byName.put(value.name.toLowerCase(), after)
        if (value.session !== '') this.#bySession.put(value.session.toLowerCase(), after)
        if (isTemplate(value)) this.#templates.put(value.name.toLowerCase(), after)
      }
      touched.add(this.#registry.tables, 'queries')
      for (const row of [before, after])
        if (row !== undefined) touched.add(this.#byIdTopics, row.value.id.toLowerCase())
    })
  }
}
