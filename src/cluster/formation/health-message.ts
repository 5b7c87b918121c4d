import { isMemberStatus } from '../../catalog/index.js'
import type { ServerHealth } from '../types.js'
import { maxServers } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'

/** The servers' health as a whole. */
export interface ClusterHealth {
  readonly healthy: boolean
  readonly failureTolerance: number
  readonly servers: readonly ServerHealth[]
}

/** Reads the leader's answer. @throws MusterError CLUSTER_MESSAGE */
export function readHealth(body: unknown): ClusterHealth {
  const read = new Shape(body, 'the health of the servers')
  return {
    healthy: read.flag('healthy'),
    failureTolerance: read.number('failureTolerance'),
    servers: read.list('servers', maxServers, readServerHealth),
  }
}

function readServerHealth(item: unknown): ServerHealth {
  const one = new Shape(item, 'the health of a server')
  const status = one.text('status')
  return {
    id: one.text('id'),
    name: one.text('name'),
    address: one.text('address'),
    status: isMemberStatus(status) ? status : 'failed',
    version: one.text('version'),
    leader: one.flag('leader'),
    voter: one.flag('voter'),
    lastContact: one.has('lastContact') ? one.number('lastContact') : undefined,
    lastTerm: one.number('lastTerm'),
    lastIndex: one.number('lastIndex'),
    healthy: one.flag('healthy'),
    stableSince: one.number('stableSince'),
  }
}
