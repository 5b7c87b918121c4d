import type { Clock } from '../common/clock.js'
import { errorMessage, MusterError } from '../common/errors.js'
import { pause } from '../common/pause.js'
import { Repeats, type Logger } from '../telemetry/index.js'
import { runHandler } from './handler.js'
import { indexOf, nextPosition, waiting, type Position } from './position.js'
import type { WatchPlan, WatchSource } from './types.js'

/** What a running watch needs. */
export interface WatchDependencies {
  readonly source: WatchSource
  readonly log: Logger
  readonly clock: Clock
}

/** Pause after a failed question: this times the failures squared, up to the limit. */
const retryBase = 5000
const retryLimit = 180_000

/**
 * Runs one watch until `signal` is aborted: asks, runs the handler when the data differs from what it was last given,
 * asks again. The handler runs alone; what changes meanwhile is seen once it has ended, so a slow one never piles up.
 */
export async function runWatch(
  plan: WatchPlan,
  { source, log, clock }: WatchDependencies,
  signal: AbortSignal,
): Promise<void> {
  let position: Position | undefined
  let given: string | undefined
  let before: unknown
  let failures = 0
  const repeats = new Repeats(log, clock)
  while (!signal.aborted) {
    try {
      const answer = await source.get(waiting(plan.query.path, position), signal)
      if (answer.status !== 200 && (answer.status !== 404 || plan.query.byHash === true))
        throw new MusterError('WATCH_QUERY', `answered ${answer.status}: ${answer.body}`)
      failures = 0
      repeats.over()
      const body: unknown = answer.body === '' ? null : JSON.parse(answer.body)
      position = nextPosition(plan.query, answer.index, body)
      const data = plan.query.pick(body, answer.status === 200)
      const text = JSON.stringify(data)
      if (text === given) continue
      const shown = given === undefined || plan.query.news === undefined ? data : plan.query.news(before, data)
      given = text
      before = data
      if (shown !== undefined) await handle(plan, shown, indexOf(position), log, signal)
    } catch (error) {
      if (isAborted(signal)) return
      failures++
      position = undefined
      repeats.tell('warn', 'watch query failed', errorMessage(error), {
        watch: plan.label,
        failures,
        error: errorMessage(error),
      })
      await pause(clock, Math.min(retryBase * failures ** 2, retryLimit), signal)
    }
  }
}

// A function, since the compiler would assume that `aborted` stays false across the await.
const isAborted = (signal: AbortSignal): boolean => signal.aborted

async function handle(plan: WatchPlan, data: unknown, index: string, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    const output = await runHandler(plan.handler, data, index, signal)
    log.debug('watch handler ran', { watch: plan.label, output })
  } catch (error) {
    if (isAborted(signal)) return
    log.error('watch handler failed', {
      watch: plan.label,
      error: errorMessage(error),
      output: error instanceof MusterError ? error.hint : undefined,
    })
  }
}
