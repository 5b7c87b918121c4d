import fc from 'fast-check'
import { revision } from '../../src/store/index.js'
import type { Batch, Committed, Condition, Entry, Transaction, Write } from '../../src/store/index.js'

/** What a store must do, said in the plainest way: a map and a counter. */
export class StoreModel {
  readonly entries = new Map<string, Entry>()
  present: number

  constructor(present: number) {
    this.present = present
  }

  /** `at`: the revision that the engine gave it, where engines may let transactions share one. */
  commit({ when, then }: Transaction, at?: number): Committed {
    const ok = when.every(condition => this.#holds(condition))
    const effective = ok ? then.flatMap(write => this.#effects(write)) : []
    const given = at ?? this.present + 1
    if (effective.length > 0) this.present = Math.max(this.present, given)
    const modified = revision(effective.length > 0 ? given : this.present)
    for (const write of effective) {
      const before = this.entries.get(write.key)
      if (before !== undefined && before.modified >= modified)
        throw new Error(`${write.key} of ${before.modified} changed at ${modified}`)
      if (write.kind === 'delete') this.entries.delete(write.key)
      else
        this.entries.set(write.key, {
          key: write.key,
          value: write.value,
          created: before?.created ?? modified,
          modified,
        })
    }
    return { ok, revision: modified }
  }

  #effects(write: Write): Exclude<Write, { kind: 'delete-range' }>[] {
    if (write.kind === 'delete-range')
      return this.#between(write.from, write.to).map(({ key }) => ({ kind: 'delete', key }))
    return write.kind === 'put' || this.entries.has(write.key) ? [write] : []
  }

  #between(from: string, to: string): Entry[] {
    return [...this.entries.values()].filter(({ key }) => within(key, from, to))
  }

  #holds(condition: Condition): boolean {
    if (condition.test === 'quiet')
      return this.#between(condition.from, condition.to).every(({ modified }) => modified <= condition.since)
    const entry = this.entries.get(condition.key)
    if (condition.test === 'absent') return entry === undefined
    if (condition.test === 'present') return entry !== undefined
    return entry?.modified === condition.modified
  }
}

const within = (key: string, from: string, to: string): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(from)) >= 0
  && (to === '' || Buffer.compare(Buffer.from(key), Buffer.from(to)) < 0)

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
export const plain = (entries: Iterable<Entry>): unknown[] =>
  [...entries]
    .map(({ key, value, created, modified }) => ({
      key,
      value: Buffer.from(value).toString('base64'),
      created,
      modified,
    }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))

type Range = readonly [from: string, to: string]

/** A transaction as generated: conditions on revisions are relative to the present one, which is not known yet. */
export interface Draft {
  readonly when: readonly {
    readonly test: Condition['test']
    readonly key: string
    readonly range: Range
    readonly back: number
  }[]
  readonly then: readonly Exclude<Write, { kind: 'delete-range' }>[]
  /** Deleted too, in place of the writes within it. */
  readonly range: Range | undefined
}

const key = fc.constantFrom('a', 'a/b', 'b', 'c/é', 'd'.repeat(2500))
const range: fc.Arbitrary<Range> = fc.constantFrom<Range>(
  ['a', 'a/c'],
  ['a/', 'a0'],
  ['b', 'c/éa'],
  ['c', ''],
  ['', ''],
  ['b', 'a'],
  ['x', 'y'],
)

export const draft: fc.Arbitrary<Draft> = fc.record({
  when: fc.array(
    fc.record({ test: fc.constantFrom('absent', 'present', 'unmodified', 'quiet'), key, range, back: fc.nat(4) }),
    { maxLength: 2 },
  ),
  then: fc.uniqueArray(
    fc.oneof(
      fc.record({ kind: fc.constant('put'), key, value: fc.uint8Array({ maxLength: 5 }) }),
      fc.record({ kind: fc.constant('delete'), key }),
    ),
    { maxLength: 3, selector: write => write.key },
  ),
  range: fc.option(range, { nil: undefined, freq: 5 }),
})

/** A draft made concrete at a revision. */
export const concrete = ({ when, then, range }: Draft, present: number): Transaction => ({
  when: when.map(({ test, key, range: [from, to], back }): Condition => {
    const past = revision(Math.max(1, present - back))
    if (test === 'quiet') return { test, from, to, since: past }
    return test === 'unmodified' ? { test, key, modified: past } : { test, key }
  }),
  then:
    range === undefined
      ? then
      : [...then.filter(({ key }) => !within(key, ...range)), { kind: 'delete-range', from: range[0], to: range[1] }],
})
