import { createRpcClient, createRpcServer, streamsPerConnection, type RpcClient, type RpcServer } from '../rpc/index.js'
import type { Clock } from '../common/clock.js'
import { MusterError, errorCode } from '../common/errors.js'
import type { Settings } from '../config/index.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import type { Closers } from './closers.js'

interface CallsParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly opened: Closers
}

/**
 * Opens the cluster ports. An agent that nobody told to be part of anything goes on without them where another program
 * has them: several can be tried out on one machine, and none of them is found by others. An address or a port that no
 * agent could have here is a mistake for all.
 * @throws MusterError CLUSTER_LISTEN
 */
export async function openCalls(
  settings: Settings,
  parts: CallsParts,
): Promise<{ readonly server: RpcServer; readonly client: RpcClient }> {
  const client = createRpcClient({ clock: parts.clock })
  parts.opened.add('calls to other agents', () => {
    client.close()
  })
  try {
    return { server: await listen(settings, parts, true), client }
  } catch (error) {
    const optional = settings.dev || settings.lone
    if (
      !optional
      || !(error instanceof MusterError)
      || error.code !== 'CLUSTER_LISTEN'
      || errorCode(error.cause) !== 'EADDRINUSE'
    )
      throw error
    parts.log.warn('other agents cannot join this one: its cluster ports are taken', { reason: error.message })
    return { server: await listen(settings, parts, false), client }
  }
}

/** Connections that one address may have to each cluster port; 0: as many as it likes. */
export const connectionsPerClient = ({ cluster }: Settings): number =>
  cluster.rpcMaxConnsPerClient * streamsPerConnection

async function listen(
  settings: Settings,
  { clock, log, metrics, opened }: CallsParts,
  really: boolean,
): Promise<RpcServer> {
  const { ports, cluster } = settings
  const server = createRpcServer({
    lan: { bind: cluster.lanBind, port: really ? ports.serfLan : -1, allowed: cluster.lanAllowedCidrs },
    wan: {
      bind: cluster.wanBind,
      port: really && settings.server ? ports.serfWan : -1,
      allowed: cluster.wanAllowedCidrs,
    },
    connectionsPerClient: connectionsPerClient(settings),
    clock,
    log: log.child('cluster'),
    metrics,
  })
  await server.start()
  opened.add('cluster ports', () => server.close())
  return server
}
