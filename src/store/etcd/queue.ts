import { Claims } from './claims.js'
import type { Limits } from './limits.js'
import type { Group, Member } from './member.js'

/** How many of those who wait are looked at for one group: bounds what a crowd before one key costs the others. */
const maxScanned = 8192

/** The waiting transactions, in order. */
export class Queue {
  #waiting: Member[] = []
  /** Groups that must travel as they are, before all others: pieces of one that was refused. */
  readonly #pieces: (readonly Member[])[] = []

  get length(): number {
    return this.#waiting.length + this.#pieces.length
  }

  push(member: Member): void {
    this.#waiting.push(member)
  }

  /** To the front again, in their order. */
  putBack(members: readonly Member[]): void {
    this.#waiting = [...members, ...this.#waiting]
  }

  /** To travel in two groups, so that one bad transaction among many is found by halving. */
  putBackHalved(members: readonly Member[]): void {
    const half = Math.ceil(members.length / 2)
    for (const piece of [members.slice(0, half), members.slice(half)]) if (piece.length > 0) this.#pieces.push(piece)
  }

  /**
   * Takes what may travel next beside what is under way: in order, except that whoever touches what others before it
   * write, or the other way round, waits with all that depend on it. Undefined when nobody may.
   */
  take(limits: Limits, underWay: readonly Claims[]): Group | undefined {
    const piece = this.#pieces.findIndex(
      members => !members.some(({ footprint }) => underWay.some(claims => claims.conflictsWith(footprint))),
    )
    if (piece >= 0) return groupOf(this.#pieces.splice(piece, 1)[0] ?? [])
    // Pieces of split groups came first, so nothing may overtake them.
    const blocked = new Claims()
    for (const members of this.#pieces) for (const { footprint } of members) blocked.add(footprint)
    const claims = new Claims()
    const taken: Member[] = []
    const left: Member[] = []
    let [bytes, largest, at] = [0, 0, 0]
    for (; at < this.#waiting.length && at < maxScanned; at++) {
      const member = this.#waiting[at]
      if (member === undefined) break
      const { footprint, encoded } = member
      const full =
        taken.length > 0
        && (bytes + encoded.bytes > limits.bytes
          || taken.length + 1 + Math.max(largest, encoded.operations) > limits.operations)
      if (full) break
      if (
        blocked.conflictsWith(footprint)
        || claims.conflictsWith(footprint)
        || underWay.some(other => other.conflictsWith(footprint))
      ) {
        blocked.add(footprint)
        left.push(member)
        continue
      }
      claims.add(footprint)
      taken.push(member)
      bytes += encoded.bytes
      largest = Math.max(largest, encoded.operations)
    }
    if (taken.length === 0) return undefined
    this.#waiting = left.length === 0 ? this.#waiting.slice(at) : [...left, ...this.#waiting.slice(at)]
    return { members: taken, claims, bytes, operations: taken.length + largest }
  }

  /** Takes out everyone that came before a moment. */
  expire(before: number): Member[] {
    const expired = [...this.#pieces.flat(), ...this.#waiting].filter(({ since }) => since <= before)
    if (expired.length === 0) return expired
    this.#waiting = this.#waiting.filter(({ since }) => since > before)
    const pieces = this.#pieces
      .splice(0)
      .map(members => members.filter(({ since }) => since > before))
      .filter(({ length }) => length > 0)
    this.#pieces.push(...pieces)
    return expired
  }
}

function groupOf(members: readonly Member[]): Group {
  const claims = new Claims()
  let [bytes, largest] = [0, 0]
  for (const { footprint, encoded } of members) {
    claims.add(footprint)
    bytes += encoded.bytes
    largest = Math.max(largest, encoded.operations)
  }
  return { members, claims, bytes, operations: members.length + largest }
}
