import type { KindName, PolledName, PolledOptions } from '../check-kinds/index.js'
import type { Clock } from '../common/clock.js'
import type { CheckStatus } from '../common/health.js'
import type { CheckDefinition } from '../config/index.js'

/**
 * What one run found. `bypassThresholds` is for outcomes that say nothing about the service, e.g. a script that cannot
 * start.
 */
export interface CheckResult {
  readonly status: CheckStatus
  readonly output: string
  readonly bypassThresholds?: boolean
}

/** What a run may use of the world. `signal` is aborted when the check is removed while it runs. */
export interface RunContext {
  readonly signal: AbortSignal
  readonly outputMaxSize: number
}

/** A kind of check that asks something again and again. One file a kind, one line in `kinds.ts`. */
export interface PolledKind<Name extends PolledName> {
  readonly type: Name
  /** Never rejects for what it finds out there: an unreachable target is a critical result. */
  run(options: Extract<PolledOptions, { type: Name }>, context: RunContext): Promise<CheckResult>
}

/** Where results go: the agent's local state. */
export interface CheckReports {
  /** A result that passed the thresholds. Called for each run, also when nothing changed. */
  report(checkId: string, status: CheckStatus, output: string): void
  /** A service's check has been critical for longer than its deregister_critical_service_after. */
  reap(serviceId: string, checkId: string): void
}

/**
 * A check of an alias check's target. An alias check leaves itself out, which it can where `id` (of a check of this
 * node) is given.
 */
export interface AliasedCheck {
  readonly id?: string
  readonly name: string
  readonly status: CheckStatus
  readonly output: string
}

/** What alias checks ask about. Answers are of this moment; `onChange` calls after any change that could matter. */
export interface AliasSource {
  statusOf(alias: { readonly service: string; readonly node: string }): readonly AliasedCheck[] | 'absent'
  onChange(run: () => void): { close(): void }
}

/**
 * A check's state from before. `ttlExpires`: wall-clock milliseconds; `output`: the last one, quoted when the TTL runs
 * out.
 */
export interface ResumedState {
  readonly status: CheckStatus
  readonly ttlExpires?: number
  readonly output?: string
}

/** Runs the checks it is given, each on its own timer, with bounded concurrency. */
export interface CheckRunner {
  /**
   * Starts a check, or replaces the one with that id. A definition that asks the same as the running one changes
   * nothing: timers, thresholds and a run on its way go on. `resume` is the state to begin with (from disk or from the
   * check it replaces): with it the first run may wait for up to 10 s, without it is nearly at once. After `close`
   * nothing starts any more.
   */
  start(definition: CheckDefinition, resume?: ResumedState): void
  stop(checkId: string): void
  /** A TTL report from the application. Throws CHECK_NOT_TTL when there is no TTL check of that id. */
  heartbeat(checkId: string, status: CheckStatus, output: string): void
  /** When a running TTL check expires, in wall-clock milliseconds; for keeping it on disk. */
  ttlDeadline(checkId: string): number | undefined
  /** How many checks of each type run. */
  counts(): Readonly<Record<KindName, number>>
  /** Stops all, kills what still runs, and waits for it. */
  close(): Promise<void>
}

/** What a runner is built from. `random` gives [0, 1) and staggers the first runs. */
export interface RunnerDependencies {
  readonly clock: Clock
  readonly random: () => number
  readonly reports: CheckReports
  readonly aliases: AliasSource
  /** Checks that may be on their way at once. */
  readonly concurrency: number
}
