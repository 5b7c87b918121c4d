import fc from 'fast-check'
import { revision } from '../../src/store/index.js'
import type { Batch, Committed, Condition, Entry, Transaction, Write } from '../../src/store/index.js'

/** What a store must do, said in the plainest way: a map and a counter. */
export class StoreModel {
  readonly entries = new Map<string, Entry>()
  present: number

  constructor(present: number) { this.present = present }

  commit({ when, then }: Transaction): Committed {
    const ok = when.every(condition => this.#holds(condition))
    const effective = ok ? then.filter(write => write.kind === 'put' || this.entries.has(write.key)) : []
    if (effective.length > 0) this.present++
    const modified = revision(this.present)
    for (const write of effective) {
      if (write.kind === 'delete') this.entries.delete(write.key)
      else this.entries.set(write.key, { key: write.key, value: write.value, created: this.entries.get(write.key)?.created ?? modified, modified })
    }
    return { ok, revision: modified }
  }

  #holds(condition: Condition): boolean {
    const entry = this.entries.get(condition.key)
    if (condition.test === 'absent') return entry === undefined
    if (condition.test === 'present') return entry !== undefined
    return entry?.modified === condition.modified
  }
}

/** Follows a store as its users do: a load, then batches. Throws when a batch is out of order. */
export class Follower {
  readonly entries = new Map<string, Entry>()
  revision: number

  constructor(snapshot: { readonly revision: number; readonly entries: readonly Entry[] }) {
    this.revision = snapshot.revision
    for (const entry of snapshot.entries) this.entries.set(entry.key, entry)
  }

  readonly on = (batch: Batch): void => {
    let last = this.revision
    for (const change of batch.changes) {
      const at = change.kind === 'put' ? change.entry.modified : change.revision
      if (at < last || at <= this.revision || at > batch.revision) {
        throw new Error(`change of ${at} in a batch of ${batch.revision} after ${last}, follower at ${this.revision}`)
      }
      last = at
      if (change.kind === 'put') this.entries.set(change.entry.key, change.entry)
      else this.entries.delete(change.key)
    }
    this.revision = batch.revision
  }
}

/** Entries in a form that compares well: key, value as text, revisions. */
export const plain = (entries: Iterable<Entry>): unknown[] => [...entries]
  .map(({ key, value, created, modified }) => ({ key, value: Buffer.from(value).toString('base64'), created, modified }))
  .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))

/** A transaction as generated: conditions on revisions are relative to the present one, which is not known yet. */
export interface Draft {
  readonly when: readonly { readonly test: 'absent' | 'present' | 'unmodified'; readonly key: string; readonly back: number }[]
  readonly then: readonly Write[]
}

const key = fc.constantFrom('a', 'a/b', 'b', 'c/é', 'd'.repeat(2500))

export const draft: fc.Arbitrary<Draft> = fc.record({
  when: fc.array(fc.record({ test: fc.constantFrom('absent', 'present', 'unmodified'), key, back: fc.nat(4) }), { maxLength: 2 }),
  then: fc.uniqueArray(fc.oneof(
    fc.record({ kind: fc.constant('put'), key, value: fc.uint8Array({ maxLength: 5 }) }),
    fc.record({ kind: fc.constant('delete'), key }),
  ), { maxLength: 3, selector: write => write.key }),
})

/** A draft made concrete at a revision. */
export const concrete = ({ when, then }: Draft, present: number): Transaction => ({
  when: when.map(({ test, key, back }) => test === 'unmodified' ? { test, key, modified: revision(Math.max(1, present - back)) } : { test, key }),
  then,
})
