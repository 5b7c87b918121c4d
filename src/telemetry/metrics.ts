import { collectDefaultMetrics, Counter as PromCounter, Gauge as PromGauge, Registry, Summary } from 'prom-client'
import type { Clock, Timer } from '../common/clock.js'
import { MusterError } from '../common/errors.js'
import { Collected, intervalMilliseconds, ofCounter, type Aggregate } from './metric-intervals.js'
import { runtimeGauges } from './runtime-metrics.js'
import type { Counter, Distribution, Gauge, Metrics } from './types.js'

/** What a registry is built from. */
export interface MetricsOptions {
  /** Before every name: `consul` gives `consul.dns.queries` and `consul_dns_queries`. */
  readonly prefix: string
  /**
   * Put into the names of gauges in the JSON form, as Consul does unless `telemetry.disable_hostname`; never into
   * Prometheus names.
   */
  readonly hostname?: string
  readonly clock: Clock
  /** Leaves out what prom-client and this module tell of the process itself. */
  readonly withoutProcess?: boolean
}

type Figures = Readonly<Record<string, Aggregate>>
interface Interval {
  readonly start: number
  readonly counters: Figures
  readonly samples: Figures
}

/** Builds the metrics registry. `close` ends its clock; figures stay readable. */
export const createMetrics = (options: MetricsOptions): Metrics & { close(): void } => new MetricsRegistry(options)

/** Counting is adding to a number; everything else happens when someone asks or an interval ends. */
class CountedNumber implements Counter {
  value = 0
  atIntervalStart = 0
  add(by = 1): void {
    this.value += by
  }
}

class SetNumber implements Gauge {
  value = 0
  read: (() => number) | undefined
  set(value: number): void {
    this.value = value
  }
  now(): number {
    return this.read?.() ?? this.value
  }
}

class Observed implements Distribution {
  current = new Collected()
  readonly #summary: Summary
  constructor(summary: Summary) {
    this.#summary = summary
  }
  observe(value: number): void {
    this.current.observe(value)
    this.#summary.observe(value)
  }
}

class MetricsRegistry implements Metrics {
  readonly #options: MetricsOptions
  readonly #registry = new Registry()
  readonly #instruments = new Map<string, CountedNumber | SetNumber | Observed>()
  readonly #closers: (() => void)[] = []
  #timer: Timer | undefined
  #intervalStart: number
  #last: Interval | undefined

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#intervalStart = options.clock.now()
    if (options.withoutProcess !== true) {
      collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 50 })
      this.#closers.push(runtimeGauges(this))
    }
    this.#tick()
  }

  counter(name: string, help: string): Counter {
    return this.#once(name, CountedNumber, () => {
      const counted = new CountedNumber()
      new PromCounter({
        name: this.#promName(name),
        help,
        registers: [this.#registry],
        collect() {
          this.reset()
          this.inc(counted.value)
        },
      })
      return counted
    })
  }

  gauge(name: string, help: string, read?: () => number): Gauge {
    const gauge = this.#once(name, SetNumber, () => {
      const made = new SetNumber()
      new PromGauge({
        name: this.#promName(name),
        help,
        registers: [this.#registry],
        collect() {
          this.set(made.now())
        },
      })
      return made
    })
    // A part that was closed and created again replaces the gauge of the old one.
    if (read !== undefined) gauge.read = read
    return gauge
  }

  distribution(name: string, help: string): Distribution {
    return this.#once(
      name,
      Observed,
      () =>
        new Observed(
          new Summary({
            name: this.#promName(name),
            help,
            registers: [this.#registry],
            percentiles: [0.5, 0.9, 0.99],
            maxAgeSeconds: 60,
            ageBuckets: 5,
            pruneAgedBuckets: false,
          }),
        ),
    )
  }

  prometheus(): Promise<string> {
    return this.#registry.metrics()
  }

  json(): Promise<Readonly<Record<string, unknown>>> {
    const { start, counters, samples } = this.#last ?? this.#figures()
    const list = (figures: Figures): unknown[] =>
      Object.entries(figures).map(([Name, figure]) => ({ Name, ...figure, Labels: {} }))
    const host = this.#options.hostname === undefined ? '' : `${this.#options.hostname}.`
    const gauges = [...this.#instruments].flatMap(([name, made]) =>
      made instanceof SetNumber
        ? [{ Name: `${this.#options.prefix}.${host}${name}`, Value: made.now(), Labels: {} }]
        : [],
    )
    return Promise.resolve({
      Timestamp: goTime(start),
      Gauges: gauges,
      Points: [],
      Counters: list(counters),
      Samples: list(samples),
    })
  }

  close(): void {
    this.#timer?.cancel()
    for (const close of this.#closers) close()
  }

  /** Ends the interval: what was collected is what `json` shows for the next ten seconds. */
  #tick(): void {
    this.#timer = this.#options.clock.after(intervalMilliseconds, () => {
      this.#last = this.#figures()
      this.#intervalStart = this.#options.clock.now()
      for (const made of this.#instruments.values()) {
        if (made instanceof CountedNumber) made.atIntervalStart = made.value
        else if (made instanceof Observed) made.current = new Collected()
      }
      this.#tick()
    })
  }

  /** The interval so far. Instruments that nothing happened to are left out, as in Consul. */
  #figures(): Interval {
    const took = this.#options.clock.now() - this.#intervalStart
    const counters: Record<string, Aggregate> = {}
    const samples: Record<string, Aggregate> = {}
    for (const [name, made] of this.#instruments) {
      const full = `${this.#options.prefix}.${name}`
      if (made instanceof CountedNumber && made.value !== made.atIntervalStart) {
        counters[full] = ofCounter(made.value - made.atIntervalStart, took)
      } else if (made instanceof Observed && made.current.count > 0) samples[full] = made.current.aggregate(took)
    }
    return { start: this.#intervalStart, counters, samples }
  }

  #promName(name: string): string {
    return `${this.#options.prefix}.${name}`.replace(/[^a-zA-Z0-9_:]/g, '_')
  }

  /**
   * The instrument of that name, made if there is none yet. @throws MusterError METRIC_NAME when it is of another kind.
   */
  #once<Made extends CountedNumber | SetNumber | Observed>(
    name: string,
    kind: abstract new (...args: never[]) => Made,
    make: () => Made,
  ): Made {
    const known = this.#instruments.get(name)
    if (known instanceof kind) return known
    if (known !== undefined)
      throw new MusterError('METRIC_NAME', `the metric ${name} exists already and is of another kind`)
    const made = make()
    this.#instruments.set(name, made)
    return made
  }
}

/** `2026-01-01 00:00:10 +0000 UTC`, as Go prints a time. */
const goTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
