import { filled } from '../common/filled.js'
import { splitHostPort } from '../common/host-port.js'
import { durationOf } from '../common/read-duration.js'
import { isUsualService } from '../common/service-ports.js'
import type { WrittenCheck } from '../generated/types.js'
import type { Findings } from './kind.js'

/** Judges the `host:port` that a check is to connect to; `key` is where it stands. */
export function judgeAddress(key: string, address: string, findings: Findings): void {
  const read = splitHostPort(address)
  if (read === undefined) {
    const hint = address.includes('://')
      ? 'leave out what stands before ://'
      : /:.*:/.test(address)
        ? 'write an IPv6 address in brackets: "[::1]:80"'
        : `write ${key}: "host:port"`
    findings.error(
      [key],
      'bad-address',
      `"${address}" is not host:port, with a port from 1 to 65535 or a service's name`,
      hint,
    )
  } else if (typeof read.port === 'string' && !isUsualService(read.port)) {
    findings.warning(
      [key],
      'named-port',
      `"${address}" names its port: where the check runs, "${read.port}" has to stand in /etc/services`,
      'write the number of the port',
    )
  }
}

/** A duration of the check in milliseconds; reports one that cannot be read. */
export function judgeDuration(
  written: WrittenCheck,
  key: 'interval' | 'timeout' | 'ttl' | 'deregister_critical_service_after',
  findings: Findings,
): number | undefined {
  const text = written[key]
  const value = durationOf(text)
  if (value === undefined && filled(text))
    findings.error([key], 'bad-duration', `"${text}" is not a duration`, 'write it like "10s", "1m30s" or "300ms"')
  return value
}
