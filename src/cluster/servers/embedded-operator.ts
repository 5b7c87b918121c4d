import type { Clock } from '../../common/clock.js'
import { MusterError } from '../../common/errors.js'
import type { Store } from '../../store/index.js'
import { configurationInForce, type ConfigurationStore } from '../autopilot/index.js'
import type { ClusterOperator, ServerInfo } from '../types.js'
import { raftAddress } from './addresses.js'

/** What a lone server answers operators from. */
export interface EmbeddedOperatorOptions {
  readonly store: Store
  readonly clock: Clock
  readonly configuration: ConfigurationStore
}

/** Raft and autopilot of a server that keeps its data alone: one voter, which leads, and can neither be removed nor hand leadership over. */
export function embeddedOperator(self: ServerInfo, { store, clock, configuration }: EmbeddedOperatorOptions): ClusterOperator {
  const address = raftAddress(self)
  const since = clock.now()
  const last = (): Promise<never> => Promise.reject(new MusterError('CLUSTER_LAST_SERVER', 'the only server cannot be taken out of Raft', {
    hint: 'this server keeps its catalog alone; start several with bootstrap_expect to have more',
  }))
  return {
    raft: async () => ({ index: (await store.status()).revision, servers: [{ id: self.id, node: self.name, address, leader: true, voter: true }] }),
    removePeer: by => {
      if ('id' in by ? by.id === self.id : by.address === address) return last()
      const what = 'id' in by ? `id "${by.id}"` : `address "${by.address}"`
      return Promise.reject(new MusterError('CLUSTER_UNKNOWN_PEER', `${what} was not found in the Raft configuration`, { hint: `the only server is ${self.id} at ${address}` }))
    },
    transferLeader: id => {
      if (id === self.id) return Promise.resolve()
      return Promise.reject(new MusterError('CLUSTER_LAST_SERVER', 'there is no other server to lead', { hint: 'this server keeps its catalog alone' }))
    },
    autopilot: () => configurationInForce(configuration),
    setAutopilot: (changed, cas) => configuration.write(changed, cas),
    health: async () => {
      const { term, revision, writable } = await store.status()
      return {
        healthy: writable, failureTolerance: 0,
        servers: [{
          id: self.id, name: self.name, address, status: 'alive', version: self.build, leader: true, voter: true, lastContact: 0, lastTerm: term, lastIndex: revision,
          healthy: writable, stableSince: since,
        }],
      }
    },
  }
}
