import type { Change, Revision } from '../../store/index.js'
import { assertKv, decodeKv } from '../kv/kv-codec.js'
import type { KvContent } from '../kv/kv-codec.js'
import { PrefixSet } from '../kv/prefix-set.js'
import { SortedKeys } from '../kv/sorted-keys.js'
import { Tombstones } from '../kv/tombstones.js'
import type { Topics, TopicFamily, Touched } from '../topics.js'
import type { Revisions } from '../types.js'
import { changedKey } from './table.js'
import type { Table } from './table.js'

/** A key's content and revisions. */
export interface KvRow extends KvContent, Revisions {}

interface Stored extends Revisions {
  readonly bytes: Buffer
}

/** How many deletions are remembered one by one. */
const tombstoneLimit = 10_000

/**
 * The KV store. Every prefix is something to wait on, so topics are made when they are asked for and forgotten with the
 * last who holds them: one that is made anew gets the index that it would have had.
 */
export class KvTable implements Table {
  readonly prefix = 'kv'
  /** Topics `kv:<key>`. */
  readonly keyTopics: TopicFamily
  /** Topics `kv-below:<prefix>`. */
  readonly prefixTopics: TopicFamily
  readonly #rows = new Map<string, Stored>()
  readonly #order = new SortedKeys()
  readonly #gone: Tombstones
  readonly #watched = new PrefixSet()
  #begun = false

  constructor(topics: Topics, limit = tombstoneLimit) {
    this.#gone = new Tombstones(limit)
    this.keyTopics = topics.lentFamily('kv', () => undefined)
    this.prefixTopics = topics.lentFamily('kv-below', prefix => {
      this.#watched.delete(prefix)
    })
  }

  get(key: string): KvRow | undefined {
    const stored = this.#rows.get(key)
    if (stored === undefined) return undefined
    const { flags, value } = decodeKv(stored.bytes)
    return { flags, value, created: stored.created, modified: stored.modified }
  }

  /** The keys below a prefix, in order. */
  keysBelow(prefix: string): Iterable<string> {
    return this.#order.below(prefix)
  }

  /** The index of a key: of its last change, its deletion included. */
  indexOf(key: string): Revision {
    return this.#rows.get(key)?.modified ?? this.#gone.of(key)
  }

  /** The index of a prefix: of the last change of any key below it, deletions included. */
  indexBelow(prefix: string): Revision {
    let newest = this.#gone.below(prefix)
    for (const key of this.#order.below(prefix)) {
      const { modified } = this.#rows.get(key) ?? { modified: newest }
      if (modified > newest) newest = modified
    }
    return newest
  }

  /** The prefix's topic is in use: changes below it are to move it. */
  watch(prefix: string): void {
    this.#watched.add(prefix)
  }

  apply(change: Change, touched: Touched): void {
    const key = changedKey(change).slice(this.prefix.length + 1)
    try {
      if (change.kind === 'delete') this.#remove(key, change.revision)
      else this.#put(key, change)
    } finally {
      if (this.keyTopics.find(key) !== undefined) touched.add(this.keyTopics, key)
      for (const prefix of this.#watched.of(key)) touched.add(this.prefixTopics, prefix)
    }
  }

  settle(touched: Touched): void {
    if (!this.#begun) this.#gone.begin(touched.at)
    this.#begun = true
  }

  #put(key: string, { entry }: Extract<Change, { kind: 'put' }>): void {
    let bytes: Buffer
    try {
      bytes = assertKv(entry)
    } catch (unreadable) {
      this.#remove(key, entry.modified)
      throw unreadable
    }
    if (!this.#rows.has(key)) {
      this.#order.add(key)
      this.#gone.forget(key)
    }
    this.#rows.set(key, { bytes, created: entry.created, modified: entry.modified })
  }

  #remove(key: string, at: Revision): void {
    if (this.#rows.delete(key)) this.#order.delete(key)
    this.#gone.add(key, at)
  }
}
