import { connect, type PeerCertificate } from 'node:tls'
import { formatDuration, milliseconds } from '../common/duration.js'
import { printable } from '../common/printable.js'
import { readAddress } from '../common/service-ports.js'
import { withDeadline } from '../common/with-deadline.js'
import { dialError } from './dial-error.js'
import { dialTarget, expectedName } from './dial-target.js'
import type { CheckResult, PolledKind } from './types.js'

type Options = Parameters<PolledKind<'tls'>['run']>[0]

const day = 86_400_000

/** Maximum length of a certificate's name in the output: an untrusted peer chooses it. */
const maxNameLength = 200

/** What a server showed of itself. */
interface Shown {
  readonly certificate: PeerCertificate
  /** OpenSSL's or Node's code for why the certificate is not trusted. */
  readonly trustError: string | undefined
}

/** The codes that operators meet most, in OpenSSL's words. */
const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'a certificate of its chain has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for other names',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
}

/**
 * Reads a server's certificate: passing while it has more days left than the thresholds say, critical where it has
 * expired, is not trusted, or cannot be read.
 */
export const tls: PolledKind<'tls'> = {
  type: 'tls',
  async run(options, { signal }) {
    const at = await readAddress(options.address, 'tcp')
    if (typeof at === 'string') return critical(at)
    const ended = await withDeadline<Shown | { readonly error: unknown }>(signal, options.timeout, done => {
      const socket = connect({
        ...dialTarget(at, options.timeout),
        servername: expectedName(options.tlsServerName, at.host),
        // Accept an untrusted certificate here, so that the output can name it.
        rejectUnauthorized: false,
      })
      socket.once('secureConnect', () => {
        // Node types this as an Error, but sets a string code.
        const trustError: unknown = socket.authorizationError
        done({
          certificate: socket.getPeerCertificate(),
          trustError: socket.authorized ? undefined : String(trustError),
        })
      })
      socket.on('error', error => {
        done({ error })
      })
      return () => {
        socket.destroy()
      }
    })
    if (ended === 'timeout' || ended === 'aborted')
      return critical(`dial tcp ${options.address}: timed out after ${formatDuration(milliseconds(options.timeout))}`)
    if ('error' in ended) return critical(dialError('tcp', options.address, ended.error))
    return judged(ended, options, Date.now())
  },
}

const critical = (output: string): CheckResult => ({ status: 'critical', output })

/** `now`: wall-clock milliseconds. */
function judged({ certificate, trustError }: Shown, options: Options, now: number): CheckResult {
  const end = Date.parse(certificate.valid_to)
  const what = `The certificate "${nameOf(certificate)}" of ${options.address}`
  if (Number.isNaN(end)) return critical(`${what} does not say when it expires`)
  const until = new Date(end).toISOString().slice(0, 10)
  if (end <= now) return critical(`${what} expired on ${until}`)
  if (trustError !== undefined && !options.tlsSkipVerify)
    return critical(`${what}, which expires on ${until}, is not trusted: ${reasons[trustError] ?? trustError}`)
  const left = end - now
  const status =
    left < options.criticalDays * day ? 'critical' : left < options.warningDays * day ? 'warning' : 'passing'
  return { status, output: `${what} expires on ${until}, ${inDays(Math.floor(left / day))}` }
}

const inDays = (days: number): string =>
  days === 0 ? 'in less than a day' : days === 1 ? 'in 1 day' : `in ${days} days`

/** What a certificate is called: its common name, else the first name that it is for. */
function nameOf({ subject, subjectaltname: names = '' }: PeerCertificate): string {
  const common = [subject.CN as string | readonly string[] | undefined].flat()[0]
  return printable(common ?? names.split(', ')[0] ?? '').slice(0, maxNameLength)
}
