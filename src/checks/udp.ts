import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns'
import { readAddress } from '../common/service-ports.js'
import { dialError } from './dial-error.js'
import type { PolledKind } from './types.js'
import { withDeadline } from '../common/with-deadline.js'

/**
 * Sends one datagram. An answer is passing, and so is silence until the timeout, since many UDP services answer nothing
 * they do not understand; that the port is closed (ICMP, seen as connection refused) is critical.
 */
export const udp: PolledKind<'udp'> = {
  type: 'udp',
  async run(options, { signal }) {
    const at = await readAddress(options.address, 'udp')
    if (typeof at === 'string') return { status: 'critical', output: at }
    let sent = false
    const ended = await withDeadline<{ error?: unknown }>(signal, options.timeout, done => {
      let release: (() => void) | undefined
      let over = false
      lookup(at.host, (error, address, family) => {
        if (over) return
        if (error !== null) {
          done({ error })
          return
        }
        const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
        release = () => {
          socket.close()
        }
        socket.on('error', cause => {
          done({ error: cause })
        })
        socket.on('message', () => {
          done({})
        })
        // Only a connected socket receives the ICMP error of a closed port.
        socket.connect(at.port, address, () => {
          socket.send('\n', failed => {
            if (failed === null) sent = true
            else done({ error: failed })
          })
        })
      })
      return () => {
        over = true
        release?.()
      }
    })
    if (ended !== 'timeout' && ended !== 'aborted' && 'error' in ended) {
      return { status: 'critical', output: dialError('udp', options.address, ended.error) }
    }
    if (!sent && ended === 'timeout')
      return { status: 'critical', output: `dial udp ${options.address}: name resolution timed out` }
    return { status: 'passing', output: `UDP connect ${options.address}: Success` }
  },
}
