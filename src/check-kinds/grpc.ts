import { isBoolean, isText } from '../common/accepts.js'
import { judgeAddress } from './judge.js'
import type { KindOf, Timed, Tls } from './kind.js'
import { timed, timedKept, tlsKept, tlsOptions } from './options.js'

/** What a check of the kind `grpc` does. */
export interface GrpcOptions extends Timed, Tls {
  readonly type: 'grpc'
  readonly address: string
  /** '' for the server as a whole. */
  readonly service: string
  readonly useTls: boolean
}

/** Calls the health service of a gRPC server. */
export const grpc: KindOf<GrpcOptions> = {
  name: 'grpc',
  targets: ['grpc'],
  keys: {
    grpc: { value: 'text', description: 'gRPC health check: `host:port` or `host:port/service`.', api: ['GRPC'] },
    grpc_use_tls: {
      value: 'flag',
      description: 'gRPC check with TLS.',
      default: false,
      api: ['GRPCUseTLS', 'grpc_use_tls'],
    },
  },
  polled: true,
  judge(written, findings) {
    judgeAddress('grpc', split(written.grpc ?? '')[0], findings)
  },
  options: written => {
    const [address, service] = split(written.grpc ?? '')
    return {
      type: 'grpc',
      address,
      service,
      useTls: written.grpc_use_tls ?? false,
      ...timed(written),
      ...tlsOptions(written),
    }
  },
  kept: { address: isText, service: isText, useTls: isBoolean, ...timedKept, ...tlsKept },
}

/** `host:port` and the service behind the first slash, '' for the server as a whole. */
function split(target: string): [address: string, service: string] {
  const slash = target.indexOf('/')
  return slash < 0 ? [target, ''] : [target.slice(0, slash), target.slice(slash + 1)]
}
