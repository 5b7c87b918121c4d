import type { Duration } from '../../common/duration.js'
import type { Condition, LeaseId, Revision } from '../../store/index.js'
import type { CatalogReads, Plan, PlannedWrite } from '../api.js'
import type { KeyRange } from '../keys.js'
import { WriteSet } from './write-set.js'

type Some<Table extends keyof CatalogReads, Reads extends keyof CatalogReads[Table]> = {
  readonly [Name in Table]: Pick<CatalogReads[Name], Reads>
}

/** What a draft reads: a catalog, or one with some writes of the same transaction on top. */
export type DraftReads = Pick<CatalogReads, 'revision'>
  & Some<'nodes', 'find'>
  & Some<'services', 'get' | 'ofNode'>
  & Some<'checks', 'get' | 'ofNode' | 'ofInstance'>
  & Some<'sessions', 'get' | 'ofNode' | 'ofCheck'>
  & Some<'queries', 'ofSession'>
  & Some<'kv', 'get' | 'below' | 'keysBelow'>
  & Some<'locks', 'get' | 'heldBy'>
  & Some<'lockDelays', 'has'>
  & Some<'guards', 'get'>

/**
 * How many entries that stand as they are wanted a write relies on: a registration is whole when it is answered. A sync
 * of more of them is put right by its agent's next comparison.
 */
const maxReliedOn = 100

/**
 * A write in the making, key by key. It holds what is to be written and the conditions that protect what the plan
 * relied on.
 */
export class KeyDraft {
  readonly state: DraftReads
  protected readonly when = new Map<string, Condition>()
  protected readonly writes: WriteSet
  /** Written with others, as guards that conditions are about; they count for nothing by themselves. */
  protected readonly aside = new Map<string, PlannedWrite>()
  /** What is already as it is wanted. */
  protected readonly unchanged = new Map<string, Condition>()

  constructor(state: DraftReads) {
    this.state = state
    this.writes = new WriteSet(state.revision)
  }

  /** How many entries are written. */
  get size(): number {
    return this.writes.size
  }

  /** Writes any key; with `ttl` it vanishes again that long after the commit, with `lease` when that lease ends. */
  put(key: string, value: Uint8Array, life: { readonly ttl?: Duration; readonly lease?: LeaseId } = {}): void {
    this.writes.add({ kind: 'put', key, value, ...life })
  }

  /** Deletes any key. */
  delete(key: string): void {
    this.writes.add({ kind: 'delete', key })
  }

  /** Deletes all keys of a prefix, those included that are added until the commit. `keys` are those that are known. */
  deleteRange({ from, to }: KeyRange, keys: readonly string[]): void {
    this.writes.add({ kind: 'delete-range', from, to, keys })
  }

  /** Whether the draft deletes a key. */
  deletes(key: string): boolean {
    return this.writes.deletes(key)
  }

  /** What the plan relies on: the key is as it was seen, or not there when `modified` is undefined. */
  relyOnKey(key: string, modified: Revision | undefined): void {
    this.when.set(key, modified === undefined ? { test: 'absent', key } : { test: 'unmodified', key, modified })
  }

  /** What the plan relies on: nothing is put into the range until the commit. */
  relyOnQuiet({ from, to }: KeyRange): void {
    this.when.set(`quiet ${from}`, { test: 'quiet', from, to, since: this.state.revision })
  }

  /** Nothing came into the range that a guard stands for since it was read. */
  relyOnGuard(key: string): void {
    this.relyOnKey(key, this.state.guards.get(key))
  }

  /** All that there is so far. */
  get parts(): { readonly when: readonly Condition[]; readonly then: readonly PlannedWrite[] } {
    const unchanged =
      this.unchanged.size > maxReliedOn ? [] : [...this.unchanged].filter(([key]) => !this.when.has(key))
    const when = [...this.when.values(), ...unchanged.map(([, condition]) => condition), ...this.writes.conditions]
    return { when, then: [...this.writes.list(), ...this.aside.values()] }
  }

  /** What to commit. Without writes the conditions are left out too: nothing depends on them. */
  plan<Result>(result: Result): Plan<Result> {
    return this.writes.isEmpty ? { when: [], then: [], result } : { ...this.parts, result }
  }
}
