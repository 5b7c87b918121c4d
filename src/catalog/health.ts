import { nodeMaintenanceCheckId, serviceMaintenancePrefix } from '../common/health.js'
import type { CheckStatus } from '../common/health.js'
import type { Check, Instance } from './types.js'

/** The aggregated status of checks for `/v1/agent/health` and the UI; '' when a check has an unknown status. */
export type AggregatedStatus = CheckStatus | 'maintenance' | ''

type Verdict = Pick<Check, 'id' | 'status'>

/**
 * Whether every check, of the service and of its node, is passing: what `?passing` and `only_passing` keep. No checks
 * at all count as passing.
 */
export const isPassing = (instance: Instance): boolean => instance.checks.every(check => check.status === 'passing')

/** Whether no check, of the service or of its node, is critical: what DNS answers by default. */
export const isAvailable = (instance: Instance): boolean => instance.checks.every(check => check.status !== 'critical')

/**
 * The worst of the checks' states; passing when there are none. Words that are no state, as foreign registrations may
 * hold, do not count.
 */
export function worstStatus(checks: readonly Pick<Check, 'status'>[]): CheckStatus {
  let worst: CheckStatus = 'passing'
  for (const { status } of checks) {
    if (status === 'critical') return 'critical'
    if (status === 'warning') worst = 'warning'
  }
  return worst
}

/** Whether a check is a maintenance mark, of a node or of a service. */
const isMaintenanceMark = (checkId: string): boolean =>
  checkId === nodeMaintenanceCheckId || checkId.startsWith(serviceMaintenancePrefix)

/** As {@link worstStatus}, with a maintenance mark standing above all states and an unknown word making it ''. */
export function aggregatedStatus(checks: readonly Verdict[]): AggregatedStatus {
  if (checks.some(check => !isMaintenanceMark(check.id) && !['passing', 'warning', 'critical'].includes(check.status)))
    return ''
  return checks.some(check => isMaintenanceMark(check.id)) ? 'maintenance' : worstStatus(checks)
}

/** The aggregated status of an instance: its own checks and its node's. */
export const instanceStatus = (instance: Instance): AggregatedStatus => aggregatedStatus(instance.checks)
