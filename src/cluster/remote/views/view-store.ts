import { MusterError } from '../../../common/errors.js'
import {
  revision,
  type Batch,
  type Change,
  type Committed,
  type Entry,
  type Lease,
  type Revision,
  type Snapshot,
  type Store,
  type StoreStatus,
  type Subscription,
} from '../../../store/index.js'
import { viewKey, type ViewRow, type Want } from './view-messages.js'

interface Held {
  readonly text: string
  readonly created: Revision
  readonly modified: Revision
  uses: number
}

/**
 * A store that holds what the views of an agent show and nothing else, for an ordinary catalog to stand on. An entry
 * that several views share is there once, as the one heard last says. Revisions are its own count. Nothing can be
 * written to it.
 */
export class ViewStore implements Store {
  readonly #held = new Map<string, Held>()
  readonly #views = new Map<string, ReadonlySet<string>>()
  readonly #watchers = new Set<(batch: Batch) => void>()
  #revision = 1

  /** How many entries are held. */
  get size(): number {
    return this.#held.size
  }

  /** A view shows these rows from now on. Watchers have seen it when this returns. */
  show(view: Pick<Want, 'kind' | 'name'>, rows: readonly ViewRow[]): void {
    const key = viewKey(view)
    const next = revision(this.#revision + 1)
    const changes: Change[] = []
    const before = this.#views.get(key) ?? new Set<string>()
    const now = new Set<string>()
    for (const [name, text] of rows) {
      this.#put(name, text, !before.has(name) && !now.has(name), next, changes)
      now.add(name)
    }
    for (const name of before) if (!now.has(name)) this.#release(name, next, changes)
    this.#views.set(key, now)
    this.#publish(next, changes)
  }

  /** A view is shown no more. */
  drop(view: Pick<Want, 'kind' | 'name'>): void {
    const key = viewKey(view)
    const next = revision(this.#revision + 1)
    const changes: Change[] = []
    for (const name of this.#views.get(key) ?? []) this.#release(name, next, changes)
    this.#views.delete(key)
    this.#publish(next, changes)
  }

  load(): Promise<Snapshot> {
    const entries = [...this.#held]
      .map(([key, held]) => entryOf(key, held))
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    return Promise.resolve({ revision: revision(this.#revision), entries })
  }

  /** The past is not kept: who watches begins at the revision that it has just loaded. */
  watch(_after: Revision, on: (batch: Batch) => void): Subscription {
    const watcher = (batch: Batch): void => {
      on(batch)
    }
    this.#watchers.add(watcher)
    return {
      close: () => {
        this.#watchers.delete(watcher)
      },
    }
  }

  barrier(): Promise<Revision> {
    return Promise.resolve(revision(this.#revision))
  }
  commit(): Promise<Committed> {
    return Promise.reject(readOnly())
  }
  lease(): Promise<Lease> {
    return Promise.reject(readOnly())
  }
  resumeLease(): Lease {
    throw readOnly()
  }

  status(): Promise<StoreStatus> {
    return Promise.resolve({
      engine: 'memory',
      writable: false,
      revision: revision(this.#revision),
      term: 1,
      members: [],
    })
  }

  close(): Promise<void> {
    this.#watchers.clear()
    return Promise.resolve()
  }

  #put(key: string, text: string, isNew: boolean, at: Revision, changes: Change[]): void {
    const held = this.#held.get(key)
    if (held !== undefined && isNew) held.uses++
    if (held?.text === text) return
    const row: Held = { text, created: held?.created ?? at, modified: at, uses: held?.uses ?? 1 }
    this.#held.set(key, row)
    changes.push({ kind: 'put', entry: entryOf(key, row) })
  }

  #release(key: string, at: Revision, changes: Change[]): void {
    const held = this.#held.get(key)
    if (held === undefined || --held.uses > 0) return
    this.#held.delete(key)
    changes.push({ kind: 'delete', key, revision: at })
  }

  #publish(at: Revision, changes: readonly Change[]): void {
    if (changes.length === 0) return
    this.#revision = at
    for (const watcher of this.#watchers) watcher({ revision: at, changes })
  }
}

const entryOf = (key: string, { text, created, modified }: Held): Entry => ({
  key,
  value: Buffer.from(text),
  created,
  modified,
})

const readOnly = (): MusterError => new MusterError('STORE_INVALID', 'views of a client agent cannot be written to')
