import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { formatDuration, milliseconds } from '../common/duration.js'
import type { HostPort } from '../common/host-port.js'
import { readAddress } from '../common/service-ports.js'
import { dialError } from './dial-error.js'
import { dialTarget, expectedName } from './dial-target.js'
import type { PolledKind } from './types.js'
import { withDeadline } from '../common/with-deadline.js'

type Options = Parameters<PolledKind<'tcp'>['run']>[0]

/**
 * Passing when a connection (with TLS: a handshake) succeeds. A name with addresses of both families is tried on all of
 * them.
 */
export const tcp: PolledKind<'tcp'> = {
  type: 'tcp',
  async run(options, { signal }) {
    const at = await readAddress(options.address, 'tcp')
    if (typeof at === 'string') return { status: 'critical', output: at }
    const ended = await withDeadline<{ error?: unknown }>(signal, options.timeout, done => {
      const socket = open(options, at)
      socket.once(options.useTls ? 'secureConnect' : 'connect', () => {
        done({})
      })
      socket.on('error', error => {
        done({ error })
      })
      return () => {
        socket.destroy()
      }
    })
    if (ended === 'timeout' || ended === 'aborted') {
      return {
        status: 'critical',
        output: `dial tcp ${options.address}: timed out after ${formatDuration(milliseconds(options.timeout))}`,
      }
    }
    if ('error' in ended) return { status: 'critical', output: dialError('tcp', options.address, ended.error) }
    return { status: 'passing', output: `TCP connect ${options.address}: Success` }
  },
}

function open(options: Options, at: HostPort): Socket {
  const target = dialTarget(at, options.timeout)
  if (!options.useTls) return connect(target)
  const servername = expectedName(options.tlsServerName, at.host)
  return connectTls({ ...target, servername, rejectUnauthorized: !options.tlsSkipVerify })
}
