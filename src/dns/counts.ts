import type { Clock } from '../common/clock.js'
import type { Counter, Metrics } from '../telemetry/index.js'

const helps = {
  queries: 'Packets that were DNS queries, over UDP and TCP',
  cacheHits: 'Queries answered from an answer that was ready',
  refused: 'Queries refused: outside the zone, or of an unknown class',
  malformed: 'Packets with a header of a query and nothing usable behind it',
  truncated: 'Answers that left something out',
  failed: 'Queries answered SERVFAIL',
  recursed: 'Queries handed to recursors',
} as const

type Name = keyof typeof helps

const names = Object.keys(helps) as Name[]

const metricName = (name: Name): string => `dns.${name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)}`

/** How long counts may lie here before they are added to the metrics. */
const flushEvery = 1000

/**
 * Counts of what DNS does. They are bare numbers on the way of a query and are added to the metrics once a second, as a
 * metric's own bookkeeping would cost a good part of an answer.
 */
export class Counts {
  readonly #clock: Clock
  queries = 0
  cacheHits = 0
  refused = 0
  malformed = 0
  truncated = 0
  failed = 0
  recursed = 0
  readonly #counters: Readonly<Record<Name, Counter>>
  #timer: { cancel(): void } | undefined

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock

    this.#counters = Object.fromEntries(
      names.map(name => [name, metrics.counter(metricName(name), helps[name])]),
    ) as Record<Name, Counter>
  }

  start(): void {
    this.#timer = this.#clock.after(flushEvery, () => {
      this.flush()
      this.start()
    })
  }

  flush(): void {
    for (const name of names) {
      if (this[name] > 0) this.#counters[name].add(this[name])
      this[name] = 0
    }
  }

  stop(): void {
    this.#timer?.cancel()
    this.flush()
  }
}
