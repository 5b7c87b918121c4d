import type * as Library from '@grpc/grpc-js'
import { bracketed, type HostPort } from '../common/host-port.js'
import { readAddress } from '../common/service-ports.js'
import { decodeServingStatus, encodeHealthRequest, servingStatusName } from './grpc-health.js'
import type { CheckResult, PolledKind } from './types.js'
import { withDeadline } from '../common/with-deadline.js'

type Options = Parameters<PolledKind<'grpc'>['run']>[0]

/** Calls grpc.health.v1.Health/Check: SERVING is passing, all else critical. */
export const grpc: PolledKind<'grpc'> = {
  type: 'grpc',
  async run(options, { signal }) {
    const at = await readAddress(options.address, 'tcp')
    if (typeof at === 'string') return { status: 'critical', output: at }
    const target = options.service === '' ? options.address : `${options.address}/${options.service}`
    // Loaded with the first gRPC check, because it takes longer than the rest of the agent.
    const library = await import('@grpc/grpc-js')
    const client = open(library, options, at)
    const ended = await withDeadline<CheckResult>(signal, options.timeout, done => {
      const call = client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        encodeHealthRequest,
        decodeServingStatus,
        options.service,
        { deadline: Date.now() + options.timeout },
        (error, status) => {
          done(resultOf(target, library.status, error, status))
        },
      )
      return () => {
        call.cancel()
      }
    })
    client.close()
    if (ended !== 'timeout' && ended !== 'aborted') return ended
    return { status: 'critical', output: `gRPC check ${target}: rpc error: code = DEADLINE_EXCEEDED desc = timed out` }
  },
}

function open(library: typeof Library, options: Options, at: HostPort): Library.Client {
  const credentials = options.useTls
    ? library.credentials.createSsl(null, null, null, { rejectUnauthorized: !options.tlsSkipVerify })
    : library.credentials.createInsecure()
  const name = options.tlsServerName
  const host = bracketed(at.host)
  return new library.Client(`${host}:${at.port}`, credentials, {
    // Each run makes its own connection, straight to the target and without asking DNS for service configs.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_retries': 0,
    ...(name === '' ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
  })
}

function resultOf(
  target: string,
  codes: Readonly<Record<number, string>>,
  error: Library.ServiceError | null,
  status: number | undefined,
): CheckResult {
  if (error !== null) {
    const code = codes[error.code] ?? error.code
    return { status: 'critical', output: `gRPC check ${target}: rpc error: code = ${code} desc = ${error.details}` }
  }
  if (status === 1) return { status: 'passing', output: `gRPC check ${target}: success` }
  return { status: 'critical', output: `gRPC check ${target}: ${servingStatusName(status ?? 0)}` }
}
