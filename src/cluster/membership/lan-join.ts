import { MusterError } from '../../common/errors.js'
import type { RpcClient } from '../../rpc/index.js'
import { hostPort } from '../../common/host-port.js'
import { joinAddresses } from '../join.js'
import { methods, readHelloAnswer } from '../server-messages.js'
import type { AgentInfo } from '../types.js'

/** What joining takes where servers do not form a cluster among themselves. */
export interface LanJoinParts {
  readonly self: AgentInfo
  readonly isMember: (id: string) => boolean
  readonly client: RpcClient | undefined
  /** Why somebody who is no member cannot be joined. */
  readonly refusal: MusterError
}

/**
 * Joins from a server that is a member by its store already: itself and whoever is a member as well are contacted. A
 * client agent without servers learns of this one by that; others cannot become members this way. Rejects
 * CLUSTER_JOIN_FAILED.
 */
export function joinMembers(
  addresses: readonly string[],
  { self, isMember, client, refusal }: LanJoinParts,
): Promise<number> {
  const own = hostPort(self.address, self.ports.lan)
  return joinAddresses(addresses, {
    port: self.ports.lan,
    greet: async address => {
      if (address === own) return
      if (client === undefined) throw refusal
      const answer = readHelloAnswer(await client.call(address, methods.hello, { from: self, known: [] }))
      if (answer.datacenter !== self.datacenter) {
        throw new MusterError(
          'CLUSTER_DATACENTER',
          `Member '${answer.self.name}' part of wrong datacenter '${answer.datacenter}'`,
          { hint: 'join other datacenters with -wan' },
        )
      }
      const isFree = !answer.self.server && answer.servers.every(({ id }) => id === self.id)
      if (answer.self.id !== self.id && !isFree && !isMember(answer.self.id)) throw refusal
    },
  })
}

/** A server on a store of its own has the only catalog there is. */
export const storeIsOwn = (): MusterError =>
  new MusterError('CLUSTER_JOIN_FAILED', 'this agent keeps its catalog on one machine', {
    hint: 'servers that are to share a catalog are started with bootstrap_expect of 2 or more; client agents that know other servers already belong to those, and an agent that is a server for want of other words joins from its own side (`muster join` there)',
  })

/** Servers on one etcd are members of one cluster by that alone. */
export const storeIsShared = (): MusterError =>
  new MusterError('CLUSTER_JOIN_FAILED', 'it is no member of this cluster', {
    hint: 'servers of a cluster use the same etcd and prefix (store.etcd); client agents join a server, not the other way round',
  })
