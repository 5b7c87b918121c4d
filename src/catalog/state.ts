import type { Clock } from '../common/clock.js'
import type { EndSignal } from '../common/end-signal.js'
import { MusterError } from '../common/errors.js'
import { revision } from '../store/index.js'
import type { Batch, Change, Revision, Snapshot } from '../store/index.js'
import type { CatalogReads } from './api.js'
import { tableOf } from './keys.js'
import { ServiceHealth, type HealthReads } from './service-health.js'
import type { SessionFollower } from './sessions/types.js'
import { createTables, WithTables, type Tables } from './tables.js'
import { changedKey, type Table } from './tables/table.js'
import { Topics, Touched, type Topic } from './topics.js'

/** Called for a value in the store that is not muster's; the entry counts as absent. */
export type UnreadableHandler = (key: string, error: MusterError) => void

/** The catalog in memory: what `load` gave and `watch` changed since, nothing else. */
export class CatalogState extends WithTables implements CatalogReads {
  #loaded = false
  #revision = revision(1)
  readonly #topics: Topics
  readonly #tables: Tables
  readonly #byPrefix: ReadonlyMap<string, Table<unknown>>
  readonly #onUnreadable: UnreadableHandler
  readonly #health: ServiceHealth
  readonly topics: CatalogReads['topics'] = { all: () => this.#topics.table('all') }

  constructor(clock: Clock, onUnreadable: UnreadableHandler, tombstoneLimit?: number) {
    const topics = new Topics(clock, tombstoneLimit)
    const tables = createTables(topics, tombstoneLimit)
    super(tables)
    this.#onUnreadable = onUnreadable
    this.#topics = topics
    this.#tables = tables
    this.#byPrefix = new Map(Object.values(tables).map(table => [table.prefix, table]))
    this.#health = new ServiceHealth(topics, tables)
  }

  get loaded(): boolean {
    return this.#loaded
  }
  get revision(): Revision {
    return this.#revision
  }
  get health(): HealthReads {
    return this.#health
  }
  /** How many topics are kept track of. */
  get topicCount(): number {
    return this.#topics.size
  }

  wait(topic: Topic, after: Revision, ms: number, signal?: EndSignal): Promise<boolean> {
    return this.#topics.wait(topic, after, ms, signal)
  }

  /** Listeners for created and ended sessions. */
  protected get sessionFollowers(): Set<SessionFollower> {
    return this.#tables.sessions.followers
  }

  /** Takes in everything the store held at one revision. Once only, on an empty state. */
  protected load(snapshot: Snapshot): void {
    this.#topics.begin(snapshot.revision)
    const touched = new Touched()
    touched.at = snapshot.revision
    for (const entry of snapshot.entries) this.#change({ kind: 'put', entry }, touched)
    this.#loaded = true
    this.#finish(snapshot.revision, touched)
    this.#topics.raise(snapshot.revision)
  }

  /** Applies a batch of changes. All of it is readable before any waiter wakes. */
  protected apply(batch: Batch): void {
    const touched = new Touched()
    for (const change of batch.changes) {
      touched.at = change.kind === 'put' ? change.entry.modified : change.revision
      this.#change(change, touched)
    }
    touched.at = batch.revision
    this.#finish(batch.revision, touched)
  }

  /** Resolves all waits. */
  protected release(): void {
    this.#topics.close()
  }

  #change(change: Change, touched: Touched): void {
    const key = changedKey(change)
    try {
      this.#byPrefix.get(tableOf(key))?.apply(change, touched)
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      this.#onUnreadable(key, error)
    }
  }

  #finish(at: Revision, touched: Touched): void {
    this.#revision = at
    touched.add(this.#topics.tables, 'all')
    for (const table of this.#byPrefix.values()) table.settle?.(touched)
    this.#health.forget(touched)
    this.#topics.move(touched)
  }
}
