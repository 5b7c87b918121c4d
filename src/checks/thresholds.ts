import type { CheckStatus } from '../common/health.js'
import type { CheckDefinition } from '../config/index.js'
import type { CheckResult } from './types.js'

/** How many results of one sort came in a row. */
export interface Counts {
  readonly successes: number
  readonly failures: number
}

type Limits = Pick<CheckDefinition, 'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'>

/** Counts of a check that has not run: full, so that its very first result applies at once. */
export const fullCounts: Counts = { successes: Number.MAX_SAFE_INTEGER - 1e6, failures: Number.MAX_SAFE_INTEGER - 1e6 }

/**
 * Takes one result into account. `report` is what it makes of the check, undefined while a threshold is not reached:
 * then neither status nor output change. Passing and warning results are successes. Without `failuresBeforeWarning` a
 * failing check has no warning stage.
 */
export function count(
  limits: Limits,
  before: Counts,
  result: CheckResult,
): { readonly counts: Counts; readonly report: CheckStatus | undefined } {
  if (result.status !== 'critical') {
    const counts = { successes: before.successes + 1, failures: 0 }
    const enough = result.bypassThresholds === true || counts.successes >= limits.successBeforePassing
    return { counts, report: enough ? result.status : undefined }
  }
  const counts = { successes: 0, failures: before.failures + 1 }
  if (result.bypassThresholds === true || counts.failures >= limits.failuresBeforeCritical)
    return { counts, report: 'critical' }
  const warns = limits.failuresBeforeWarning > 0 && counts.failures >= limits.failuresBeforeWarning
  return { counts, report: warns ? 'warning' : undefined }
}
