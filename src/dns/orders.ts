import { shuffled } from '../common/shuffled.js'

/**
 * A never-ending row of orders for the units of an answer. Each round shuffles them afresh and then gives every
 * rotation of that order once, so over any whole number of rounds each unit has been at each place equally often:
 * first, and also behind the cut of an answer that does not hold them all.
 */
export class Orders {
  readonly #count: number
  readonly #fixed: boolean
  readonly #random: () => number
  #round: readonly number[] = []
  #turn = 0

  constructor(count: number, fixed: boolean, random: () => number) {
    this.#count = count
    this.#fixed = fixed
    this.#random = random
  }

  /** How many different orders a round has. */
  get rounds(): number {
    return this.#fixed ? 1 : Math.max(1, this.#count)
  }

  next(): readonly number[] {
    const natural = (): number[] => Array.from({ length: this.#count }, (_, at) => at)
    if (this.#fixed || this.#count < 2) return natural()
    if (this.#turn >= this.#round.length) {
      this.#round = shuffled(natural(), this.#random)
      this.#turn = 0
    }
    const start = this.#turn++
    return [...this.#round.slice(start), ...this.#round.slice(0, start)]
  }
}
