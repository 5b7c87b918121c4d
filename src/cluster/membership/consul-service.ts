import type { ServiceData } from '../../catalog/index.js'
import { apiVersion } from '../../common/version.js'
import type { AgentInfo } from '../types.js'

/** What a server is registered as beside its node; undefined for a client agent. */
export const consulService = ({
  server,
  ports,
}: {
  readonly server: boolean
  readonly ports: Pick<AgentInfo['ports'], 'raft'>
}): Omit<ServiceData, 'node'> | undefined =>
  !server
    ? undefined
    : {
        id: 'consul',
        name: 'consul',
        kind: '',
        tags: [],
        address: '',
        taggedAddresses: null,
        port: ports.raft,
        socketPath: '',
        meta: {
          version: apiVersion,
          raft_version: '3',
          serf_protocol_current: '2',
          serf_protocol_min: '1',
          serf_protocol_max: '5',
          read_replica: 'false',
          non_voter: 'false',
        },
        weights: { passing: 1, warning: 1 },
        enableTagOverride: false,
      }
