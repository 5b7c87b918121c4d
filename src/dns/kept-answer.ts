import type { Topic } from '../catalog/index.js'
import { Orders } from './orders.js'
import type { AnswerSet } from './records.js'

/**
 * Encoded variants of one answer, each with another order: so many, unless it takes more for each instance to be first
 * in one.
 */
const usualVariants = 16
/** Bytes that the variants of one answer may take together; large answers have fewer variants. */
const maxBytes = 128 * 1024
/**
 * A variant is given out so often before the next order takes its place; less often where the variants do not hold
 * every instance first.
 */
const servesOfVariant = 64
const servesOfFewVariants = 16

/**
 * An answer set in encoded form, ready to be sent: several variants with different orders, made as they are needed and
 * given out at random. It is right while its topics stand still, its settings are the present ones and its time has not
 * passed.
 */
export class KeptAnswer {
  readonly #epoch: number
  readonly expires: number
  readonly #write: (order: readonly number[]) => Buffer
  readonly #random: () => number
  /** The variant for whoever asked first. */
  readonly first: Buffer
  readonly #topics: readonly Topic[]
  readonly #indexes: readonly number[]
  readonly #orders: Orders
  readonly #variants: (Buffer | undefined)[]
  readonly #serves: number[]
  readonly #maxUses: number

  /**
   * `write` encodes the set in an order; `expires` is a time by the clock's monotonic count, or Infinity. What `write`
   * gave belongs to this object, which hands it out again and again: receivers may change its id and nothing else.
   */
  constructor(
    set: AnswerSet,
    epoch: number,
    expires: number,
    write: (order: readonly number[]) => Buffer,
    random: () => number,
  ) {
    this.#epoch = epoch
    this.expires = expires
    this.#write = write
    this.#random = random

    this.#topics = set.sources
    this.#indexes = set.sources.map(topic => topic.index)
    this.#orders = new Orders(set.units.length, !set.shuffled, random)
    this.first = write(this.#orders.next())
    const count = variantCount(this.#orders.rounds, this.first.length)
    this.#variants = Array.from({ length: count }, (_, at) => (at === 0 ? this.first : undefined))
    this.#serves = this.#variants.map((_, at) => (at === 0 ? 1 : 0))
    this.#maxUses = count < this.#orders.rounds ? servesOfFewVariants : servesOfVariant
  }

  /** Whether nothing that the answer rests on has changed. Time is the caller's to look at. */
  isCurrent(epoch: number): boolean {
    if (epoch !== this.#epoch) return false
    for (let at = 0; at < this.#topics.length; at++) {
      if (this.#topics[at]?.index !== this.#indexes[at]) return false
    }
    return true
  }

  /** The next packet to send, with an id of no meaning. */
  take(): Buffer {
    const at = this.#variants.length === 1 ? 0 : Math.floor(this.#random() * this.#variants.length)
    const variant = this.#variants[at]
    const served = this.#serves[at] ?? 0
    if (variant !== undefined && (served < this.#maxUses || this.#orders.rounds === 1)) {
      this.#serves[at] = served + 1
      return variant
    }
    const fresh = this.#write(this.#orders.next())
    this.#variants[at] = fresh
    this.#serves[at] = 1
    return fresh
  }

  /** Bytes that the variants take, or will take once all are made. */
  get bytes(): number {
    return this.#variants.length * this.first.length
  }
}

/** Whole rounds of orders where that is possible, so that each unit is first in equally many variants. */
function variantCount(rounds: number, size: number): number {
  if (rounds === 1) return 1
  const affordable = Math.max(2, Math.floor(maxBytes / size))
  const wanted = rounds * Math.max(1, Math.floor(usualVariants / rounds))
  return Math.min(affordable, wanted)
}
