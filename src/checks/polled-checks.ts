import PQueue from 'p-queue'
import type { PolledOptions } from '../check-kinds/index.js'
import { errorMessage } from '../common/errors.js'
import type { CheckDefinition } from '../config/index.js'
import { askKind } from './kinds.js'
import { Schedule, type Scheduled } from './schedule.js'
import { count, fullCounts, type Counts } from './thresholds.js'
import type { CheckResult, RunnerDependencies } from './types.js'

/** A check without a known status runs within this time of its start... */
const freshWindow = 200
/** ...plus this for each check that has not had its first run yet, which spreads a start with thousands... */
const spreadPerCheck = 1
/** ...and never later than this, as for a check that comes with its last status. */
const maxStagger = 10_000

/** One running check. Kept small: there are thousands. */
class Polled implements Scheduled {
  due = 0
  place = -1
  definition: CheckDefinition
  readonly options: PolledOptions
  counts: Counts = fullCounts
  hasRun = false
  stopped = false
  run: AbortController | undefined
  constructor(definition: CheckDefinition, options: PolledOptions) {
    this.definition = definition
    this.options = options
  }
}

/** The checks that ask: when each runs, never two runs of one at once, and a bounded number of all. */
export class PolledChecks {
  readonly #deps: Pick<RunnerDependencies, 'clock' | 'random'>
  readonly #report: (definition: CheckDefinition, result: CheckResult) => void
  readonly #ask: typeof askKind
  readonly #checks = new Map<string, Polled>()
  readonly #schedule: Schedule<Polled>
  readonly #queue: PQueue
  /** Runs on their way by check id, those of replaced checks too, so that their successors wait for them. */
  readonly #inFlight = new Map<string, Promise<void>>()
  #waitingForFirst = 0

  constructor(
    deps: Pick<RunnerDependencies, 'clock' | 'random' | 'concurrency'>,
    report: (definition: CheckDefinition, result: CheckResult) => void,
    ask: typeof askKind = askKind,
  ) {
    this.#deps = deps
    this.#ask = ask
    this.#report = report
    this.#schedule = new Schedule<Polled>(deps.clock, check => {
      this.#enqueue(check)
    })
    this.#queue = new PQueue({ concurrency: deps.concurrency })
  }

  /** `known`: the check's status is known from before, so its first run may take its time. */
  start(definition: CheckDefinition, options: PolledOptions, known: boolean): void {
    const check = new Polled(definition, options)
    this.#checks.set(definition.id, check)
    this.#schedule.set(check, this.#deps.clock.monotonic() + this.#firstDelay(definition, options.interval, known))
    this.#waitingForFirst++
  }

  /** Puts words in a definition right that do not change what is asked. */
  redefine(definition: CheckDefinition): void {
    const check = this.#checks.get(definition.id)
    if (check !== undefined) check.definition = definition
  }

  stop(id: string): void {
    const check = this.#checks.get(id)
    if (check === undefined) return
    this.#checks.delete(id)
    check.stopped = true
    if (!check.hasRun) this.#waitingForFirst--
    this.#schedule.remove(check)
    check.run?.abort()
  }

  /** Stops all and waits until every aborted run has ended. */
  async close(): Promise<void> {
    for (const id of [...this.#checks.keys()]) this.stop(id)
    this.#schedule.close()
    await this.#queue.onIdle()
  }

  #firstDelay({ status }: CheckDefinition, interval: number, known: boolean): number {
    // A declared initial status holds until the first regular run, as in Consul.
    if (!known && status !== 'critical') return this.#deps.random() * interval
    const maxDelay = Math.min(interval, maxStagger)
    if (known) return this.#deps.random() * maxDelay
    return (this.#waitingForFirst * spreadPerCheck + this.#deps.random() * freshWindow) % maxDelay
  }

  #enqueue(check: Polled): void {
    void this.#queue.add(() => this.#turn(check))
  }

  async #turn(check: Polled): Promise<void> {
    const { id } = check.definition
    await this.#inFlight.get(id)
    if (check.stopped) return
    const run = this.#perform(check)
    this.#inFlight.set(id, run)
    await run
    if (this.#inFlight.get(id) === run) this.#inFlight.delete(id)
  }

  async #perform(check: Polled): Promise<void> {
    if (!check.hasRun) {
      check.hasRun = true
      this.#waitingForFirst--
    }
    check.run = new AbortController()
    const result = await this.#asked(check, check.run.signal)
    check.run = undefined
    if (check.stopped) return
    // Reschedule before reporting, since the report may stop this check.
    this.#schedule.set(check, this.#deps.clock.monotonic() + check.options.interval)
    const { counts, report } = count(check.definition, check.counts, result)
    check.counts = counts
    if (report !== undefined) this.#report(check.definition, { status: report, output: result.output })
  }

  async #asked(check: Polled, signal: AbortSignal): Promise<CheckResult> {
    try {
      return await this.#ask(check.options, { signal, outputMaxSize: check.definition.outputMaxSize })
    } catch (error) {
      return {
        status: 'critical',
        output: `the check could not be run: ${errorMessage(error)}`,
        bypassThresholds: true,
      }
    }
  }
}
