import { isBoolean, isNumber, isText } from '../common/accepts.js'
import { durationOf } from '../common/read-duration.js'
import type { WrittenCheck } from '../generated/types.js'
import type { Timed, Tls } from './kind.js'

/** Floor of `interval`, in milliseconds: a check may run once a second, not more often. */
export const minInterval = 1000

const defaultTimeout = 10_000

/** The times that a check gives. `fallback`: its timeout in milliseconds where it gives none. */
export function timed(written: WrittenCheck, fallback = defaultTimeout): Timed {
  const timeout = durationOf(written.timeout) ?? 0
  return {
    interval: Math.max(durationOf(written.interval) ?? 0, minInterval),
    timeout: timeout > 0 ? timeout : fallback,
  }
}

/** How {@link Timed} is kept. */
export const timedKept = { interval: isNumber, timeout: isNumber }

/** What a check says about certificates. */
export const tlsOptions = (written: WrittenCheck): Tls => ({
  tlsServerName: written.tls_server_name ?? '',
  tlsSkipVerify: written.tls_skip_verify ?? false,
})

/** How {@link Tls} is kept. */
export const tlsKept = { tlsServerName: isText, tlsSkipVerify: isBoolean }
