import { connect } from 'node:http2'
import { bracketed } from '../common/host-port.js'
import { formatDuration, milliseconds } from '../common/duration.js'
import { readAddress } from '../common/service-ports.js'
import { networkReason } from './dial-error.js'
import type { CheckResult, PolledKind } from './types.js'
import { withDeadline } from '../common/with-deadline.js'

/** Passing when an HTTP/2 server answers a ping frame. */
export const h2ping: PolledKind<'h2ping'> = {
  type: 'h2ping',
  async run(options, { signal }) {
    const at = await readAddress(options.address, 'tcp')
    if (typeof at === 'string') return { status: 'critical', output: at }
    // A URL cannot hold the zone of an IPv6 address, so the host is passed separately.
    const host = at.host.includes(':') ? bracketed(at.host.replace(/%.*/, '')) : at.host
    let connected = false
    const ended = await withDeadline<CheckResult>(signal, options.timeout, done => {
      const session = connect(`${options.useTls ? 'https' : 'http'}://${host}:${at.port}`, {
        host: at.host,
        rejectUnauthorized: !options.tlsSkipVerify,
        ...(options.tlsServerName === '' ? {} : { servername: options.tlsServerName }),
      })
      const failed = (error: unknown): void => {
        const what = connected ? 'Failed to send HTTP2 ping' : `Failed to dial to ${options.address}`
        done({ status: 'critical', output: `${what}: ${networkReason(error)}` })
      }
      session.on('error', failed)
      session.on('close', () => {
        failed(new Error('the server closed the connection'))
      })
      // The server's settings prove that it speaks HTTP/2; without them a ping would go to any TCP port.
      session.once('remoteSettings', () => {
        connected = true
        session.ping(error => {
          if (error === null) done({ status: 'passing', output: 'HTTP2 ping was successful' })
          else failed(error)
        })
      })
      return () => {
        session.destroy()
      }
    })
    if (ended !== 'timeout' && ended !== 'aborted') return ended
    const doing = connected ? 'waiting for the ping answer of' : 'connecting to'
    return {
      status: 'critical',
      output: `timed out after ${formatDuration(milliseconds(options.timeout))} ${doing} ${options.address}`,
    }
  },
}
