/** Consul's interval: figures in its JSON are those of the last complete ten seconds. */
export const intervalMilliseconds = 10_000

/** The figures that an interval's events come to. */
export interface Aggregate {
  readonly Count: number
  readonly Rate: number
  readonly Sum: number
  readonly Min: number
  readonly Max: number
  readonly Mean: number
  readonly Stddev: number
}

/** The aggregate of a counter that rose by `sum` during `ms`: each thing counted is an event of weight one. */
export const ofCounter = (sum: number, ms: number): Aggregate => ({
  Count: sum,
  Rate: perSecond(sum, ms),
  Sum: sum,
  Min: sum > 0 ? 1 : 0,
  Max: sum > 0 ? 1 : 0,
  Mean: sum > 0 ? 1 : 0,
  Stddev: 0,
})

/** Collects observed values into an aggregate. */
export class Collected {
  count = 0
  sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  #mean = 0
  #squares = 0

  observe(value: number): void {
    this.count++
    this.sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    // Welford's method: a sum of squares would lose the small differences of large values.
    const distance = value - this.#mean
    this.#mean += distance / this.count
    this.#squares += distance * (value - this.#mean)
  }

  aggregate(ms: number): Aggregate {
    return {
      Count: this.count,
      Rate: perSecond(this.sum, ms),
      Sum: this.sum,
      Min: this.count > 0 ? this.#min : 0,
      Max: this.count > 0 ? this.#max : 0,
      Mean: this.#mean,
      Stddev: this.count < 2 ? 0 : Math.sqrt(this.#squares / (this.count - 1)),
    }
  }
}

const perSecond = (sum: number, ms: number): number => (ms > 0 ? (sum * 1000) / ms : 0)
