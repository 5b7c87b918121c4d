import type { Change, Revision } from '../../store/index.js'
import { assertKv, decodeKv } from '../kv/kv-codec.js'
import { PrefixSet } from '../kv/prefix-set.js'
import { SortedKeys } from '../../common/sorted-keys.js'
import type { KvEntry } from '../kv/types.js'
import { Tombstones } from '../kv/tombstones.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import type { Revisions } from '../types.js'
import type { LockTable } from './locks.js'
import { changedKey } from './table.js'
import type { Table } from './table.js'

interface Stored extends Revisions {
  readonly bytes: Buffer
}

/** How many deletions are remembered one by one. */
const tombstoneLimit = 10_000

const unlocked = { session: '', lockIndex: 0 } as const

/** The KV store. */
export interface KvReads {
  /** The entry of exactly this name. */
  get(key: string): KvEntry | undefined
  /** Entries whose names begin with `prefix`, in byte order. Read them before the next write. */
  below(prefix: string): Iterable<KvEntry>
  /** The names of {@link below}, without the cost of the rest. */
  keysBelow(prefix: string): Iterable<string>
  readonly topics: {
    /** The entry of exactly this name: its index is the entry's ModifyIndex while there is one. */
    one(key: string): Topic
    /** All entries whose names begin with `prefix`, deletions included. */
    below(prefix: string): Topic
  }
}

/**
 * The KV store. Readers can wait on any prefix, so topics are created on demand and held weakly. A new topic gets the
 * index that it would have had if it had existed all along.
 */
export class KvTable implements Table<KvReads>, KvReads {
  readonly prefix = 'kv'
  readonly reads: KvReads = this
  readonly topics: KvReads['topics'] = {
    one: key => this.#keyTopics.find(key) ?? this.#keyTopics.get(key, this.#indexOf(key)),
    below: prefix => {
      const found = this.#prefixTopics.find(prefix)
      if (found !== undefined) return found
      // From now on changes below the prefix must update the new topic.
      this.#watched.add(prefix)
      return this.#prefixTopics.get(prefix, this.#indexBelow(prefix))
    },
  }
  /** Topics `kv:<key>`. */
  readonly #keyTopics: TopicFamily
  /** Topics `kv-below:<prefix>`. */
  readonly #prefixTopics: TopicFamily
  readonly #rows = new Map<string, Stored>()
  readonly #order = new SortedKeys()
  readonly #gone: Tombstones
  readonly #watched = new PrefixSet()
  readonly #locks: LockTable
  #begun = false

  constructor(registry: Topics, locks: LockTable, limit = tombstoneLimit) {
    this.#locks = locks
    this.#gone = new Tombstones(limit)
    this.#keyTopics = registry.weakFamily('kv', () => undefined)
    this.#prefixTopics = registry.weakFamily('kv-below', prefix => {
      this.#watched.delete(prefix)
    })
  }

  get(key: string): KvEntry | undefined {
    const stored = this.#rows.get(key)
    if (stored === undefined) return undefined
    const { flags, value } = decodeKv(stored.bytes)
    const { session, lockIndex } = this.#locks.get(key) ?? unlocked
    return { key, flags, value, created: stored.created, modified: stored.modified, session, lockIndex }
  }

  *below(prefix: string): Iterable<KvEntry> {
    for (const key of this.keysBelow(prefix)) {
      const entry = this.get(key)
      if (entry !== undefined) yield entry
    }
  }

  keysBelow(prefix: string): Iterable<string> {
    return this.#order.below(prefix)
  }

  apply(change: Change, touched: Touched): void {
    const key = changedKey(change).slice(this.prefix.length + 1)
    try {
      if (change.kind === 'delete') this.#remove(key, change.revision)
      else this.#put(key, change)
    } finally {
      if (this.#keyTopics.find(key) !== undefined) touched.add(this.#keyTopics, key)
      for (const prefix of this.#watched.of(key)) touched.add(this.#prefixTopics, prefix)
    }
  }

  settle(touched: Touched): void {
    if (!this.#begun) this.#gone.begin(touched.at)
    this.#begun = true
  }

  /** The index of a key: of its last change, its deletion included. */
  #indexOf(key: string): Revision {
    return this.#rows.get(key)?.modified ?? this.#gone.of(key)
  }

  /** The index of a prefix: of the last change of any key below it, deletions included. */
  #indexBelow(prefix: string): Revision {
    let newest = this.#gone.below(prefix)
    for (const key of this.#order.below(prefix)) {
      const { modified } = this.#rows.get(key) ?? { modified: newest }
      if (modified > newest) newest = modified
    }
    return newest
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
