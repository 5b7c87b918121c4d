import { isBoolean, isText } from '../common/accepts.js'
import { judgeAddress } from './judge.js'
import type { KindOf, Timed, Tls } from './kind.js'
import { timed, timedKept, tlsKept, tlsOptions } from './options.js'

/** What a check of the kind `h2ping` does. */
export interface H2pingOptions extends Timed, Tls {
  readonly type: 'h2ping'
  readonly address: string
  readonly useTls: boolean
}

/** Pings an HTTP/2 server. */
export const h2ping: KindOf<H2pingOptions> = {
  name: 'h2ping',
  targets: ['h2ping'],
  keys: {
    h2ping: { value: 'text', description: 'HTTP/2 ping: `host:port`.', api: ['H2PING'] },
    h2ping_use_tls: { value: 'flag', description: 'HTTP/2 ping with TLS.', default: true, api: ['H2PingUseTLS'] },
  },
  polled: true,
  judge(written, findings) {
    judgeAddress('h2ping', written.h2ping ?? '', findings)
  },
  options: written => ({
    type: 'h2ping',
    address: written.h2ping ?? '',
    useTls: written.h2ping_use_tls ?? true,
    ...timed(written),
    ...tlsOptions(written),
  }),
  kept: { address: isText, useTls: isBoolean, ...timedKept, ...tlsKept },
}
