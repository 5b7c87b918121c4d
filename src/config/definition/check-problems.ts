import { formatDuration, milliseconds } from '../../common/duration.js'
import { isCheckStatus } from '../../common/health.js'
import { splitHostPort } from '../../common/host-port.js'
import { readHttpUrl } from '../../common/http-url.js'
import { isUsualService } from '../../common/service-ports.js'
import type { WrittenCheck } from '../../generated/types.js'
import { filled, kindsOf, minDeregister, minInterval, splitGrpc } from './check-kinds.js'
import type { CheckKind } from './check-kinds.js'
import { durationOf } from './durations.js'
import type { Problems } from './problem.js'

/** How messages call a kind; in files its key. */
const nouns: Readonly<Record<CheckKind, string>> = {
  ttl: 'ttl',
  http: 'http',
  tcp: 'tcp',
  udp: 'udp',
  grpc: 'grpc',
  docker: 'docker_container_id',
  script: 'args',
  h2ping: 'h2ping',
  os_service: 'os_service',
  alias: 'alias_service or alias_node',
}

/**
 * Judges a check in a file. Stricter than Consul, which starts with a check that can never run and says so in the log
 * only: what is missing or contradicts itself is an error here. Returns the kind when there is exactly one.
 */
export function judgeCheck(written: WrittenCheck, problems: Problems): CheckKind | undefined {
  const kinds = kindsOf(written)
  const kind = kinds[0]
  if (kind === undefined) nothingToTest(written, problems)
  else if (kinds.length > 1) {
    const found = kinds.map(one => nouns[one]).join(' and ')
    problems.error(
      [],
      'two-kinds',
      `a check tests one thing, this one has ${found}`,
      'make it several checks, one for each',
    )
  } else {
    judgeTimes(written, kind, problems)
    judgeTarget(written, kind, problems)
  }
  judgeRest(written, problems)
  return kinds.length === 1 ? kind : undefined
}

function nothingToTest(written: WrittenCheck, problems: Problems): void {
  if (filled(written.docker_container_id)) {
    problems.error(
      [],
      'missing-args',
      'the check names a container but no program to run in it',
      'write args: ["/path/to/program"]',
    )
    return
  }
  problems.error(
    [],
    'missing-kind',
    'the check does not say what to test',
    'write ttl: "30s" where the application reports itself, or one of http, tcp, udp, grpc, h2ping, args, os_service with an interval',
  )
}

function judgeTimes(written: WrittenCheck, kind: CheckKind, problems: Problems): void {
  const interval = duration(written, 'interval', problems)
  const timeout = duration(written, 'timeout', problems)
  if (timeout !== undefined && timeout < 0)
    problems.error(['timeout'], 'bad-duration', `timeout is ${written.timeout ?? ''}, it cannot be negative`)
  if (kind === 'ttl') {
    const ttl = duration(written, 'ttl', problems)
    if (ttl !== undefined && ttl <= 0)
      problems.error(['ttl'], 'bad-duration', `ttl is ${written.ttl ?? ''}, it must be above 0`)
    if (interval !== undefined) {
      problems.error(
        ['interval'],
        'ttl-and-interval',
        'a ttl check has no interval: the application reports by itself',
        'remove interval, or say what to test instead of ttl',
      )
    }
  } else if (kind === 'alias') {
    if (interval !== undefined)
      problems.warning(
        ['interval'],
        'no-effect',
        'interval has no effect: an alias check follows what it mirrors at once',
      )
  } else if (!filled(written.interval)) {
    problems.error([], 'missing-interval', `the ${nouns[kind]} check has no interval`, 'write interval: "10s"')
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

function judgeTarget(written: WrittenCheck, kind: CheckKind, problems: Problems): void {
  if (kind === 'http') {
    const url = written.http ?? ''
    if (readHttpUrl(url) === undefined) {
      problems.error(
        ['http'],
        'bad-url',
        `"${url}" is not an http or https URL`,
        url.includes('://') ? undefined : `write http: "http://${url}"`,
      )
    }
  } else if (kind === 'tcp' || kind === 'udp' || kind === 'h2ping') judgeAddress(kind, written[kind] ?? '', problems)
  else if (kind === 'grpc') judgeAddress(kind, splitGrpc(written.grpc ?? '')[0], problems)
}

function judgeAddress(key: string, address: string, problems: Problems): void {
  const read = splitHostPort(address)
  if (read === undefined) {
    const hint = address.includes('://')
      ? 'leave out what stands before ://'
      : /:.*:/.test(address)
        ? 'write an IPv6 address in brackets: "[::1]:80"'
        : `write ${key}: "host:port"`
    problems.error(
      [key],
      'bad-address',
      `"${address}" is not host:port, with a port from 1 to 65535 or a service's name`,
      hint,
    )
  } else if (typeof read.port === 'string' && !isUsualService(read.port)) {
    problems.warning(
      [key],
      'named-port',
      `"${address}" names its port: where the check runs, "${read.port}" has to stand in /etc/services`,
      'write the number of the port',
    )
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
  const after = duration(written, 'deregister_critical_service_after', problems)
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

/** A duration of the check; reports one that cannot be read. */
function duration(
  written: WrittenCheck,
  key: 'interval' | 'timeout' | 'ttl' | 'deregister_critical_service_after',
  problems: Problems,
): number | undefined {
  const text = written[key]
  const value = durationOf(text)
  if (value === undefined && filled(text))
    problems.error([key], 'bad-duration', `"${text}" is not a duration`, 'write it like "10s", "1m30s" or "300ms"')
  return value
}
