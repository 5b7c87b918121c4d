import { kindNamed } from '../../check-kinds/index.js'
import type { KindName } from '../../check-kinds/index.js'
import { filled } from '../../common/filled.js'
import { durationOf } from '../../common/read-duration.js'
import type { WrittenCheck } from '../../generated/types.js'
import type { CheckDefinition } from '../types.js'
import type { Limits } from './problem.js'
import { apiSpelling } from './written-keys.js'

/** Floor of `deregister_critical_service_after`, in milliseconds. */
export const minDeregister = 60_000

/**
 * Who a check is, as far as that does not stand in its own text. `alone`: it was declared by itself and not inside its
 * service.
 */
export interface CheckIdentity {
  readonly id: string
  readonly name: string
  readonly serviceId: string
  readonly token: string
  readonly alone: boolean
}

/**
 * What Consul shows of a check that was declared by itself without saying how often it runs; inside a service it shows
 * nothing then.
 */
const defaultTimes = { Interval: '0s', Timeout: '0s' }

/** The definition of a check that was found to be right. */
export function buildCheck(
  written: WrittenCheck,
  kind: KindName,
  identity: CheckIdentity,
  limits: Limits,
): CheckDefinition {
  const {
    output_max_size: size = 0,
    failures_before_critical: critical = 0,
    failures_before_warning: warning = 0,
  } = written
  const deregister = durationOf(written.deregister_critical_service_after) ?? 0
  return {
    id: identity.id,
    name: identity.name,
    notes: written.notes ?? '',
    serviceId: identity.serviceId,
    token: identity.token,
    status: filled(written.status) ? (written.status as CheckDefinition['status']) : 'critical',
    kind: kindNamed(kind).options(written),
    successBeforePassing: Math.max(written.success_before_passing ?? 0, 0),
    failuresBeforeWarning: Math.max(warning > 0 ? warning : critical, 0),
    failuresBeforeCritical: Math.max(critical, 0),
    outputMaxSize: size > 0 ? Math.min(size, limits.checkOutputMaxSize) : limits.checkOutputMaxSize,
    ...(deregister > 0 ? { deregisterCriticalServiceAfter: Math.max(deregister, minDeregister) } : {}),
    written: { ...(identity.alone && defaultTimes), ...apiSpelling(written) },
  }
}

/**
 * Id and name, each in one piece because it is kept, of the check at `position` (from 0) of `count` in a service, where
 * its text gives none.
 */
export function serviceCheckIdentity(
  written: WrittenCheck,
  position: number,
  count: number,
  service: { id: string; name: string; token: string },
): CheckIdentity {
  return {
    id: filled(written.id)
      ? written.id
      : (count > 1 ? ['service', service.id, position + 1] : ['service', service.id]).join(':'),
    name: filled(written.name) ? written.name : ["Service '", service.name, "' check"].join(''),
    serviceId: service.id,
    token: filled(written.token) ? written.token : service.token,
    alone: false,
  }
}
