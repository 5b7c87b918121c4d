import { isKindOptions } from '../check-kinds/index.js'
import { hasAll, isBoolean, isMapOf, isNumber, isText, isTexts, type Accepted } from '../common/accepts.js'
import { isCheckStatus } from '../common/health.js'
import { isObject } from '../common/plain-data.js'
import type { CheckDefinition, ServiceDefinition } from '../config/index.js'

/**
 * What the files of `services/` and `checks/` in data-dir hold. `Source` is where it came from, for people who look.
 */
export type PersistedService = { readonly Source: 'remote'; readonly Service: ServiceDefinition }
/**
 * A check registered over the API, or a maintenance mark (`ServiceID` '' for the node's; `Since`: wall-clock ms,
 * missing in what earlier versions wrote).
 */
export type PersistedCheck =
  | { readonly Source: 'remote'; readonly Check: CheckDefinition }
  | { readonly Source: 'maintenance'; readonly ServiceID: string; readonly Reason: string; readonly Since?: number }

/**
 * What is kept of a check's state. `expires` is the wall-clock millisecond at which a TTL check runs out, `since` that
 * of the last change of its status, which earlier versions did not keep.
 */
export interface PersistedStatus {
  readonly status: 'passing' | 'warning' | 'critical'
  readonly output: string
  readonly reported: boolean
  readonly expires?: number
  readonly since?: number
}

const isMeta = isMapOf(isText)

const checkShape: Accepted = {
  id: isText,
  name: isText,
  notes: isText,
  serviceId: isText,
  token: isText,
  status: value => isText(value) && isCheckStatus(value),
  kind: isKindOptions,
  successBeforePassing: isNumber,
  failuresBeforeWarning: isNumber,
  failuresBeforeCritical: isNumber,
  outputMaxSize: isNumber,
  deregisterCriticalServiceAfter: value => value === undefined || isNumber(value),
  written: isObject,
}

const isAddresses = (value: unknown): boolean =>
  value === null
  || (isObject(value)
    && Object.values(value).every(at => isObject(at) && hasAll(at, { address: isText, port: isNumber })))

const serviceShape: Accepted = {
  id: isText,
  name: isText,
  kind: isText,
  tags: isTexts,
  address: isText,
  taggedAddresses: isAddresses,
  meta: isMeta,
  port: isNumber,
  socketPath: isText,
  weights: value => isObject(value) && hasAll(value, { passing: isNumber, warning: isNumber }),
  enableTagOverride: isBoolean,
  mesh: value => value === undefined || isObject(value),
  token: isText,
  checks: value => Array.isArray(value) && value.every(isCheckDefinition),
}

const isCheckDefinition = (value: unknown): value is CheckDefinition => isObject(value) && hasAll(value, checkShape)
const isServiceDefinition = (value: unknown): value is ServiceDefinition =>
  isObject(value) && hasAll(value, serviceShape)

/** A service entry as read from disk, or undefined when it is not one. */
export function parsePersistedService(value: unknown): ServiceDefinition | undefined {
  return isObject(value) && isServiceDefinition(value.Service) ? value.Service : undefined
}

/** A check entry as read from disk, or undefined when it is not one. */
export function parsePersistedCheck(value: unknown): PersistedCheck | undefined {
  if (!isObject(value)) return undefined
  const { Source, ServiceID, Reason, Since, Check } = value
  if (Source === 'maintenance')
    return isText(ServiceID) && isText(Reason)
      ? { Source, ServiceID, Reason, ...(isNumber(Since) && { Since }) }
      : undefined
  return isCheckDefinition(Check) ? { Source: 'remote', Check } : undefined
}

/** A check's state as read from disk, or undefined when it is not one. */
export function parsePersistedStatus(value: unknown): PersistedStatus | undefined {
  if (!isObject(value)) return undefined
  const { status, output, reported, expires, since } = value
  if (!isText(status) || !isCheckStatus(status) || !isText(output) || typeof reported !== 'boolean') return undefined
  return { status, output, reported, ...(isNumber(expires) && { expires }), ...(isNumber(since) && { since }) }
}
