import { compacted } from './errors.js'
import type { Batch, Change, Entry, Revision, Subscription } from './store.js'

/** How much of the past the hub keeps to replay it exactly; older watches get the difference instead. */
export interface HistoryLimits {
  readonly changes: number
  /** Bytes of values held only because they are history. */
  readonly bytes: number
  /**
   * Deleted keys remembered by name, for differences. Without a key's deletion a difference would be wrong, not just
   * coarse.
   */
  readonly deletions: number
}

/**
 * A watcher is at most a load behind, which takes far less than 4,096 changes; 4 MiB bounds what large KV values may
 * pin.
 */
const defaultHistory: HistoryLimits = { changes: 4096, bytes: 4 << 20, deletions: 50_000 }

interface Watcher {
  cursor: number
  readonly on: (batch: Batch) => void
  closed: boolean
  /** A difference is being loaded for it; what comes meanwhile waits in the history. */
  loading: boolean
}

/** The entries modified after one revision, as they stood at another (the present one, where they come at once). */
export type EntriesAfter = (after: number, at: Revision) => readonly Entry[] | Promise<readonly Entry[]>

/** Milliseconds until a difference that could not be loaded is tried again. */
const retryDelay = 250

/** The revision a change belongs to. */
export const changeRevision = (change: Change): Revision =>
  change.kind === 'put' ? change.entry.modified : change.revision

/**
 * Delivers batches to watchers: each from its own starting point, in order, without a gap. A bounded history serves
 * those who start a little behind; those further behind get one batch with the difference, made of the entries that
 * `entriesAfter` gives and of the remembered deletions. A watcher that throws is a defect: the error surfaces as an
 * uncaught one, after the others were served.
 */
export class WatchHub {
  revision: Revision
  readonly #limits: HistoryLimits
  readonly #entriesAfter: EntriesAfter
  readonly #watchers = new Set<Watcher>()
  readonly #history: Batch[] = []
  #historyChanges = 0
  #historyBytes = 0
  /** The history holds every change after this revision. */
  #historyFrom: number
  readonly #deletions = new Map<string, Revision>()
  /** The deletions of this revision and older ones may be forgotten. */
  #deletionsFrom: number

  constructor(revision: Revision, entriesAfter: EntriesAfter, limits: HistoryLimits = defaultHistory) {
    this.revision = revision
    this.#historyFrom = revision
    this.#deletionsFrom = revision
    this.#entriesAfter = entriesAfter
    this.#limits = limits
  }

  /**
   * Adds a watcher. The caller must call `catchUp` of the result soon, at a moment when `entriesAfter` is consistent
   * with `revision`; a publication before that serves the watcher just as well.
   * @throws MusterError STORE_COMPACTED when deletions after `after` may have been forgotten.
   */
  add(after: Revision, on: (batch: Batch) => void): Subscription & { readonly behind: boolean; catchUp(): void } {
    // Revision 1 is the empty store: a watcher that starts there has missed no deletions.
    if (after > 1 && after < this.#deletionsFrom) throw compacted(after, this.#deletionsFrom)
    const watcher: Watcher = { cursor: after, on, closed: false, loading: false }
    this.#watchers.add(watcher)
    return {
      behind: after < this.revision,
      catchUp: () => {
        this.#serve(watcher)
      },
      close: () => {
        watcher.closed = true
        this.#watchers.delete(watcher)
      },
    }
  }

  /** Tells every watcher of a group's changes before it returns. */
  publish(batch: Batch): void {
    const before = this.revision
    this.revision = batch.revision
    this.#remember(batch)
    for (const watcher of [...this.#watchers]) {
      if (watcher.cursor === before && !watcher.loading) this.#deliver(watcher, batch)
      else this.#serve(watcher)
    }
    this.#forget()
  }

  /** When a key was deleted, where that is remembered and it was not put since. */
  deletedAt(key: string): Revision | undefined {
    return this.#deletions.get(key)
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.closed = true
    this.#watchers.clear()
  }

  #serve(watcher: Watcher): void {
    if (watcher.cursor >= this.revision || watcher.loading || watcher.closed) return
    if (watcher.cursor < this.#historyFrom) {
      const at = this.revision
      // Collect the deletions now: a key that is written again while the entries load would no longer count as deleted.
      const deletions = this.#deletionsAfter(watcher.cursor)
      const found = this.#entriesAfter(watcher.cursor, at)
      if (found instanceof Promise) this.#wait(watcher, at, deletions, found)
      else this.#deliver(watcher, { revision: at, changes: inOrder(deletions, found) })
      return
    }
    for (const batch of this.#history) {
      if (batch.revision <= watcher.cursor) continue
      const changes = batch.changes.filter(change => changeRevision(change) > watcher.cursor)
      this.#deliver(watcher, { revision: batch.revision, changes })
    }
  }

  #deliver(watcher: Watcher, batch: Batch): void {
    if (watcher.closed) return
    watcher.cursor = batch.revision
    if (batch.changes.length === 0) return
    try {
      watcher.on(batch)
    } catch (thrown) {
      setImmediate(() => {
        throw thrown
      })
    }
  }

  #wait(watcher: Watcher, at: Revision, deletions: readonly Change[], found: Promise<readonly Entry[]>): void {
    watcher.loading = true
    found.then(
      entries => {
        watcher.loading = false
        this.#deliver(watcher, { revision: at, changes: inOrder(deletions, entries) })
        this.#serve(watcher)
      },
      () => {
        setTimeout(() => {
          watcher.loading = false
          this.#serve(watcher)
        }, retryDelay).unref()
      },
    )
  }

  #deletionsAfter(after: number): Change[] {
    const changes: Change[] = []
    for (const [key, revision] of this.#deletions) if (revision > after) changes.push({ kind: 'delete', key, revision })
    return changes
  }

  #remember(batch: Batch): void {
    this.#history.push(batch)
    this.#historyChanges += batch.changes.length
    this.#historyBytes += valueBytes(batch)
    for (const change of batch.changes) {
      if (change.kind === 'put') {
        this.#deletions.delete(change.entry.key)
        continue
      }
      // Deleting first keeps the map in order of revisions, so that the oldest is the first.
      this.#deletions.delete(change.key)
      this.#deletions.set(change.key, change.revision)
    }
  }

  #forget(): void {
    let drop = 0
    while (this.#historyChanges > this.#limits.changes || this.#historyBytes > this.#limits.bytes) {
      const oldest = this.#history[drop]
      if (oldest === undefined) break
      this.#historyChanges -= oldest.changes.length
      this.#historyBytes -= valueBytes(oldest)
      this.#historyFrom = oldest.revision
      drop++
    }
    if (drop > 0) this.#history.splice(0, drop)
    for (const [key, revision] of this.#deletions) {
      if (this.#deletions.size <= this.#limits.deletions) break
      this.#deletions.delete(key)
      this.#deletionsFrom = revision
    }
  }
}

const inOrder = (deletions: readonly Change[], entries: readonly Entry[]): Change[] =>
  [...deletions, ...entries.map((entry): Change => ({ kind: 'put', entry }))].sort(
    (a, b) => changeRevision(a) - changeRevision(b),
  )

const valueBytes = ({ changes }: Batch): number =>
  changes.reduce((sum, change) => (change.kind === 'put' ? sum + change.entry.value.byteLength : sum), 0)
