import type { Catalog } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { configurationInForce, type ConfigurationStore } from '../formation/autopilot/index.js'
import { raftAddress } from '../addresses.js'
import { unknownPeer } from '../formation/unknown-peer.js'
import type {
  AutopilotConfiguration,
  ClusterOperator,
  MemberStatus,
  RaftServer,
  ServerHealth,
  ServerInfo,
} from '../types.js'

/** What the servers of a cluster without a Raft of its own are shown from. */
export interface LoneOperatorParts {
  readonly catalog: Catalog
  readonly configuration: ConfigurationStore
  /** All servers, this one included, and what they are seen as. */
  readonly servers: () => readonly { readonly info: ServerInfo; readonly status: MemberStatus }[]
  /** Raft address of the one that leads. */
  readonly leader: () => string
  /** Wall-clock ms since which this server runs. */
  readonly since: number
}

/**
 * What operators ask where no server runs Raft: a server on a store of its own, and servers on an etcd of someone
 * else's, whose members are not muster's to change.
 */
export class LoneOperator implements ClusterOperator {
  readonly #parts: LoneOperatorParts

  constructor(parts: LoneOperatorParts) {
    this.#parts = parts
  }

  async raft({ stale = false }: { readonly stale?: boolean } = {}): Promise<{
    readonly index: number
    readonly servers: readonly RaftServer[]
  }> {
    if (!stale) await this.#parts.catalog.barrier()
    return { index: this.#parts.catalog.revision, servers: this.#servers() }
  }

  removePeer(by: { readonly id: string } | { readonly address: string }): Promise<void> {
    const known = this.#servers().some(server => ('id' in by ? server.id === by.id : server.address === by.address))
    const what = 'id' in by ? `id "${by.id}"` : `address "${by.address}"`
    return Promise.reject(
      known
        ? new MusterError('CLUSTER_NO_RAFT', `${what} cannot be removed: this server runs no Raft`, {
            status: 409,
            hint: 'let the server leave instead',
          })
        : unknownPeer(what),
    )
  }

  transferLeader(): Promise<void> {
    return Promise.reject(
      new MusterError('CLUSTER_NO_RAFT', 'there is no server that leadership could be handed to', {
        status: 409,
        hint: 'this server runs no Raft: "muster operator raft list-peers" shows the servers there are',
      }),
    )
  }

  autopilot() {
    return configurationInForce(this.#parts.configuration)
  }

  async setAutopilot(configuration: AutopilotConfiguration, cas?: number): Promise<boolean> {
    // Create the default configuration first, so that `cas` has something to compare with.
    await configurationInForce(this.#parts.configuration)
    return this.#parts.configuration.write(configuration, cas)
  }

  async health(): Promise<{
    readonly healthy: boolean
    readonly failureTolerance: number
    readonly servers: readonly ServerHealth[]
  }> {
    await this.#parts.catalog.barrier()
    const { catalog, since, leader } = this.#parts
    const servers = this.#parts.servers().map(({ info, status }): ServerHealth => ({
      id: info.id,
      name: info.name,
      address: raftAddress(info),
      status,
      version: info.build,
      leader: raftAddress(info) === leader(),
      voter: true,
      lastContact: 0,
      lastTerm: 1,
      lastIndex: catalog.revision,
      healthy: status === 'alive',
      stableSince: since,
    }))
    return {
      healthy: servers.every(({ healthy }) => healthy),
      failureTolerance: Math.max(0, servers.filter(({ healthy }) => healthy).length - 1),
      servers,
    }
  }

  #servers(): readonly RaftServer[] {
    const { servers, leader } = this.#parts
    return servers().map(({ info }) => ({
      id: info.id,
      node: info.name,
      address: raftAddress(info),
      leader: raftAddress(info) === leader(),
      voter: true,
    }))
  }
}
