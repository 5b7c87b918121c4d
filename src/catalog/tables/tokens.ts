import type { Change } from '../../store/index.js'
import { decodeToken } from '../acl/acl-codec.js'
import type { Token } from '../acl/types.js'
import { Bucket } from '../bucket.js'
import { aclTokenKey } from '../keys.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Tokens, those included that have expired and are about to be deleted. */
export interface TokenReads {
  /** All of them, by accessor. */
  all(): readonly Token[]
  get(accessor: string): Token | undefined
  withSecret(secret: string): Token | undefined
  /** Those that expire, the first to expire first. */
  expiring(): readonly Token[]
  readonly topics: {
    all(): Topic
    one(accessor: string): Topic
  }
}

/** Tokens by accessor, by secret, and by when they expire. */
export class TokenTable implements Table<TokenReads>, TokenReads {
  readonly prefix = 'acl-token'
  readonly reads: TokenReads = this
  readonly topics: TokenReads['topics'] = {
    all: () => this.#registry.table('acl-tokens'),
    one: accessor => this.#registry.of(this.#byAccessorTopics, accessor.toLowerCase()),
  }
  /** Topics `acl-token:<accessor>`. */
  readonly #byAccessorTopics: TopicFamily
  readonly #rows = new RowStore<Token>(decodeToken, token => token.accessor)
  readonly #all = new Bucket<Token>()
  readonly #expiring = new Bucket<Token>()
  readonly #bySecret = new Map<string, Token>()
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
    this.#byAccessorTopics = registry.family('acl-token', accessor => this.get(accessor) !== undefined)
  }

  all(): readonly Token[] {
    return this.#all.values()
  }
  get(accessor: string): Token | undefined {
    return this.#rows.get(aclTokenKey(accessor))
  }
  withSecret(secret: string): Token | undefined {
    return this.#bySecret.get(secret)
  }
  expiring(): readonly Token[] {
    return this.#expiring.values()
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        this.#all.delete(before.key)
        this.#expiring.delete(before.key)
        if (this.#bySecret.get(before.value.secret) === before.value) this.#bySecret.delete(before.value.secret)
      }
      if (after !== undefined) {
        const { expirationTime } = after.value
        this.#all.set(after)
        if (expirationTime !== undefined)
          this.#expiring.set({ ...after, order: String(expirationTime).padStart(16, '0') })
        this.#bySecret.set(after.value.secret, after.value)
      }
      touched.add(this.#registry.tables, 'acl-tokens')
      for (const row of [before, after])
        if (row !== undefined) touched.add(this.#byAccessorTopics, row.value.accessor.toLowerCase())
    })
  }
}
