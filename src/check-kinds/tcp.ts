import { isBoolean, isText } from '../common/accepts.js'
import { judgeAddress } from './judge.js'
import type { KindOf, Timed, Tls } from './kind.js'
import { timed, timedKept, tlsKept, tlsOptions } from './options.js'

/** What a check of the kind `tcp` does. */
export interface TcpOptions extends Timed, Tls {
  readonly type: 'tcp'
  readonly address: string
  readonly useTls: boolean
}

/** Opens a connection. */
export const tcp: KindOf<TcpOptions> = {
  name: 'tcp',
  targets: ['tcp'],
  keys: {
    tcp: { value: 'text', description: 'TCP check: `host:port` must accept a connection.', api: ['TCP'] },
    tcp_use_tls: { value: 'flag', description: 'TCP check with TLS.', default: false, api: ['TCPUseTLS'] },
  },
  polled: true,
  judge(written, findings) {
    judgeAddress('tcp', written.tcp ?? '', findings)
  },
  options: written => ({
    type: 'tcp',
    address: written.tcp ?? '',
    useTls: written.tcp_use_tls ?? false,
    ...timed(written),
    ...tlsOptions(written),
  }),
  kept: { address: isText, useTls: isBoolean, ...timedKept, ...tlsKept },
}
