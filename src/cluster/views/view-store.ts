import { checkKey, encodeCheck, encodeNode, encodeService, nodeKey, serviceKey } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
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
} from '../../store/index.js'
import { viewKey, type Rows, type Want } from './messages.js'

interface Held {
  entry: Entry
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
  show(view: Pick<Want, 'kind' | 'name'>, rows: Rows): void {
    const key = viewKey(view)
    const next = revision(this.#revision + 1)
    const changes: Change[] = []
    const before = this.#views.get(key) ?? new Set<string>()
    const now = new Map<string, Uint8Array>([
      ...rows.nodes.map(row => [nodeKey(row.node), encodeNode(row)] as const),
      ...rows.services.map(row => [serviceKey(row.node, row.id), encodeService(row)] as const),
      ...rows.checks.map(row => [checkKey(row.node, row.id), encodeCheck(row)] as const),
    ])
    for (const [name, value] of now) this.#put(name, value, !before.has(name), next, changes)
    for (const name of before) if (!now.has(name)) this.#release(name, next, changes)
    this.#views.set(key, new Set(now.keys()))
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
    const entries = [...this.#held.values()]
      .map(({ entry }) => entry)
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

  #put(key: string, value: Uint8Array, isNew: boolean, at: Revision, changes: Change[]): void {
    const held = this.#held.get(key)
    if (held !== undefined && isNew) held.uses++
    if (held !== undefined && Buffer.compare(held.entry.value, value) === 0) return
    const entry: Entry = { key, value, created: held?.entry.created ?? at, modified: at }
    if (held === undefined) this.#held.set(key, { entry, uses: 1 })
    else held.entry = entry
    changes.push({ kind: 'put', entry })
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

const readOnly = (): MusterError => new MusterError('STORE_INVALID', 'views of a client agent cannot be written to')
