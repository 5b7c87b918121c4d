import { isText } from '../common/accepts.js'
import { judgeAddress } from './judge.js'
import type { KindOf, Timed } from './kind.js'
import { timed, timedKept } from './options.js'

/** What a check of the kind `udp` does. */
export interface UdpOptions extends Timed {
  readonly type: 'udp'
  readonly address: string
}

/** Sends a datagram. */
export const udp: KindOf<UdpOptions> = {
  name: 'udp',
  targets: ['udp'],
  keys: { udp: { value: 'text', description: 'UDP check: `host:port` must not refuse.', api: ['UDP'] } },
  polled: true,
  judge(written, findings) {
    judgeAddress('udp', written.udp ?? '', findings)
  },
  options: written => ({ type: 'udp', address: written.udp ?? '', ...timed(written) }),
  kept: { address: isText, ...timedKept },
}
