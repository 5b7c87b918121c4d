import { isNumber, isText } from '../common/accepts.js'
import { judgeAddress } from './judge.js'
import type { KindOf, Timed, Tls } from './kind.js'
import { timed, timedKept, tlsKept, tlsOptions } from './options.js'

/** What a check of the kind `tls` does. */
export interface TlsCheckOptions extends Timed, Tls {
  readonly type: 'tls'
  readonly address: string
  /** It warns while the certificate has fewer days left than this. */
  readonly warningDays: number
  /** It is critical while the certificate has fewer days left than this. */
  readonly criticalDays: number
}

const defaultWarningDays = 28
const defaultCriticalDays = 7

/** Reads a server's certificate and judges how long it is still valid. */
export const tls: KindOf<TlsCheckOptions> = {
  name: 'tls',
  targets: ['tls'],
  keys: {
    tls: {
      value: 'text',
      description:
        'TLS certificate check: `host:port`. Warns, then is critical, when the certificate comes near its end; critical where it is not trusted.',
      api: ['TLS'],
    },
    tls_warning_days: {
      value: 'count',
      description: 'The certificate check warns below this many days left; never below `tls_critical_days`.',
      default: defaultWarningDays,
      api: ['TLSWarningDays', 'tls_warning_days'],
      schema: { minimum: 0 },
    },
    tls_critical_days: {
      value: 'count',
      description: 'The certificate check is critical below this many days left. 0: once it has expired.',
      default: defaultCriticalDays,
      api: ['TLSCriticalDays', 'tls_critical_days'],
      schema: { minimum: 0 },
    },
  },
  polled: true,
  judge(written, findings) {
    judgeAddress('tls', written.tls ?? '', findings)
    const { tls_warning_days: warning, tls_critical_days: critical = defaultCriticalDays } = written
    if (warning !== undefined && warning < critical) {
      findings.error(
        ['tls_warning_days'],
        'out-of-range',
        `tls_warning_days is ${warning}, below tls_critical_days, which is ${critical}`,
        `write tls_critical_days: ${warning} or less`,
      )
    }
  },
  options: written => {
    const criticalDays = Math.max(written.tls_critical_days ?? defaultCriticalDays, 0)
    return {
      type: 'tls',
      address: written.tls ?? '',
      warningDays: Math.max(written.tls_warning_days ?? defaultWarningDays, criticalDays),
      criticalDays,
      ...timed(written),
      ...tlsOptions(written),
    }
  },
  kept: { address: isText, warningDays: isNumber, criticalDays: isNumber, ...timedKept, ...tlsKept },
}
