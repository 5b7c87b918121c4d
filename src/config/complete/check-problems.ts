import { checkKinds, judgeDuration, kindNamed, kindsOf, minInterval } from '../../check-kinds/index.js'
import type { KindName } from '../../check-kinds/index.js'
import { formatDuration, milliseconds } from '../../common/duration.js'
import { filled } from '../../common/filled.js'
import { isCheckStatus } from '../../common/health.js'
import type { WrittenCheck } from '../../generated/types.js'
import { minDeregister } from './build-check.js'
import type { Problems } from './problem.js'

/** How messages call a kind: by its keys in files. */
const noun = (kind: KindName): string => kindNamed(kind).targets.join(' or ')

/**
 * Judges a check in a file. Stricter than Consul, which starts with a check that can never run and says so in the log
 * only: what is missing or contradicts itself is an error here. Returns the kind when there is exactly one.
 */
export function judgeCheck(written: WrittenCheck, problems: Problems): KindName | undefined {
  const kinds = kindsOf(written)
  const kind = kinds[0]
  if (kind === undefined) nothingToTest(written, problems)
  else if (kinds.length > 1) {
    const found = kinds.map(noun).join(' and ')
    problems.error(
      [],
      'two-kinds',
      `a check tests one thing, this one has ${found}`,
      'make it several checks, one for each',
    )
  } else {
    judgeTimes(written, kind, problems)
    kindNamed(kind).judge?.(written, problems)
  }
  judgeRest(written, problems)
  return kinds.length === 1 ? kind : undefined
}

function nothingToTest(written: WrittenCheck, problems: Problems): void {
  if (checkKinds.some(kind => kind.judgeIncomplete?.(written, problems) === true)) return
  const keys = checkKinds.filter(kind => kind.polled && kind.variantOf === undefined).flatMap(kind => kind.targets)
  problems.error(
    [],
    'missing-kind',
    'the check does not say what to test',
    `write ttl: "30s" where the application reports itself, or one of ${keys.join(', ')} with an interval`,
  )
}

function judgeTimes(written: WrittenCheck, kind: KindName, problems: Problems): void {
  const interval = judgeDuration(written, 'interval', problems)
  const timeout = judgeDuration(written, 'timeout', problems)
  if (timeout !== undefined && timeout < 0)
    problems.error(['timeout'], 'bad-duration', `timeout is ${written.timeout ?? ''}, it cannot be negative`)
  if (!kindNamed(kind).polled) return
  if (!filled(written.interval)) {
    problems.error([], 'missing-interval', `the ${noun(kind)} check has no interval`, 'write interval: "10s"')
  } else if (interval !== undefined && interval <= 0) {
    problems.error(
      ['interval'],
      'bad-duration',
      `interval is ${written.interval}, it must be above 0`,
      'write interval: "10s"',
    )
  } else if (interval !== undefined && interval < minInterval) {
    problems.warning(['interval'], 'raised', `interval ${written.interval} is raised to 1s`, 'write interval: "1s"')
  }
}

function judgeRest(written: WrittenCheck, problems: Problems): void {
  const {
    status,
    output_max_size: size = 0,
    failures_before_warning: warning = 0,
    failures_before_critical: critical = 0,
  } = written
  if (filled(status) && !isCheckStatus(status)) {
    problems.error(['status'], 'bad-status', `status is "${String(status)}"; passing, warning and critical are allowed`)
  }
  if (size < 0) problems.error(['output_max_size'], 'out-of-range', `output_max_size is ${size}, it cannot be negative`)
  for (const key of ['success_before_passing', 'failures_before_warning', 'failures_before_critical'] as const) {
    if ((written[key] ?? 0) < 0)
      problems.error([key], 'out-of-range', `${key} is ${written[key] ?? 0}, it cannot be negative`)
  }
  if (warning > critical) {
    problems.error(
      ['failures_before_warning'],
      'out-of-range',
      `failures_before_warning is ${warning}, above failures_before_critical, which is ${critical}`,
      `write failures_before_critical: ${warning} or more`,
    )
  }
  const after = judgeDuration(written, 'deregister_critical_service_after', problems)
  if (after === undefined) return
  const text = formatDuration(milliseconds(after))
  if (after < 0)
    problems.error(
      ['deregister_critical_service_after'],
      'bad-duration',
      `deregister_critical_service_after is ${text}, it cannot be negative`,
    )
  else if (after > 0 && after < minDeregister) {
    problems.warning(
      ['deregister_critical_service_after'],
      'raised',
      `deregister_critical_service_after ${text} is raised to 1m`,
      'write deregister_critical_service_after: "1m"',
    )
  }
}
