import { impliedType } from '../../check-kinds/index.js'
import { formatDuration, milliseconds, parseDuration } from '../../common/duration.js'

type Definition = Readonly<Record<string, unknown>>

/**
 * Keys whose values are durations. Each may also come as `<key>Duration`, the same value under the name that Go's
 * client has for it.
 */
const durations = ['Interval', 'Timeout', 'DeregisterCriticalServiceAfter'] as const

const nanoseconds = 1e6

/**
 * A check definition as the catalog keeps it: durations as text in Go's spelling (`1h0m0s`, numbers count nanoseconds),
 * and nothing that says nothing (empty texts, lists and maps, zero, false, null). Other keys are kept as they came.
 */
export function normaliseDefinition(given: Definition): Definition {
  const definition: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const known = durations.find(name => key === name || key === `${name}Duration`)
    const kept = known === undefined ? value : durationText(value)
    if (!isEmpty(kept)) definition[known ?? key] = kept
  }
  return definition
}

/** A check's type word as its definition implies it, '' when it implies none. */
export const checkType = (definition: Definition): string => impliedType(name => !isEmpty(definition[name]))

function durationText(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? '' : formatDuration(milliseconds(value / nanoseconds))
  if (typeof value !== 'string') return value
  const parsed = parseDuration(value)
  if (parsed === undefined) return value
  return parsed === 0 ? '' : formatDuration(parsed)
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
