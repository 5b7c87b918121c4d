import { isWithin } from '../key-order.js'
import type { Transaction } from '../store.js'

interface Range {
  readonly from: string
  readonly to: string
}

/** What a transaction reads in its conditions and what it writes. */
export interface Footprint {
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly readRanges: readonly Range[]
  readonly writeRanges: readonly Range[]
}

export function footprintOf({ when, then }: Transaction): Footprint {
  const reads: string[] = []
  const writes: string[] = []
  const readRanges: Range[] = []
  const writeRanges: Range[] = []
  for (const condition of when) {
    if (condition.test === 'quiet') readRanges.push(condition)
    else reads.push(condition.key)
  }
  for (const write of then) {
    if (write.kind === 'delete-range') writeRanges.push(write)
    else writes.push(write.key)
  }
  return { reads, writes, readRanges, writeRanges }
}

/**
 * What the transactions of a group read and write. Another one may go with them, or at the same time, when it writes
 * nothing that they touch and touches nothing that they write: then it makes no difference which of them comes first.
 */
export class Claims {
  readonly #reads = new Set<string>()
  readonly #writes = new Set<string>()
  readonly #readRanges: Range[] = []
  readonly #writeRanges: Range[] = []

  add({ reads, writes, readRanges, writeRanges }: Footprint): void {
    for (const key of reads) this.#reads.add(key)
    for (const key of writes) this.#writes.add(key)
    if (readRanges.length > 0) this.#readRanges.push(...readRanges)
    if (writeRanges.length > 0) this.#writeRanges.push(...writeRanges)
  }

  conflictsWith({ reads, writes, readRanges, writeRanges }: Footprint): boolean {
    return (
      writes.some(
        key =>
          this.#writes.has(key)
          || this.#reads.has(key)
          || covered(key, this.#readRanges)
          || covered(key, this.#writeRanges),
      )
      || reads.some(key => this.#writes.has(key) || covered(key, this.#writeRanges))
      || writeRanges.some(
        range =>
          holdsAny(range, this.#writes)
          || holdsAny(range, this.#reads)
          || this.#readRanges.some(other => overlap(range, other))
          || this.#writeRanges.some(other => overlap(range, other)),
      )
      || readRanges.some(
        range => holdsAny(range, this.#writes) || this.#writeRanges.some(other => overlap(range, other)),
      )
    )
  }
}

const covered = (key: string, ranges: readonly Range[]): boolean =>
  ranges.length > 0 && ranges.some(({ from, to }) => isWithin(key, from, to))

function holdsAny({ from, to }: Range, keys: ReadonlySet<string>): boolean {
  for (const key of keys) if (isWithin(key, from, to)) return true
  return false
}

const overlap = (a: Range, b: Range): boolean => isWithin(a.from, b.from, b.to) || isWithin(b.from, a.from, a.to)
