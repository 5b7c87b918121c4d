import { deregister, register, removeNode, type CatalogReads, type CatalogWrites } from '../catalog/index.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { serfHealthCheckId } from '../common/health.js'
import { version } from '../common/version.js'
import type { Logger } from '../telemetry/index.js'
import type { Member, Membership, ServerInfo } from './types.js'

/** What a lone server is to others. Addresses are IPs without ports. */
export interface SelfDescription {
  readonly name: string
  readonly id: string
  readonly datacenter: string
  readonly address: string
  readonly wanAddress: string
  readonly ports: { readonly server: number; readonly serfLan: number; readonly serfWan: number }
}

/** Tag values that Consul's clients look for on a server: it speaks these protocol numbers. */
const protocolTags = { vsn: '2', vsn_min: '2', vsn_max: '3', raft_vsn: '3' } as const

/**
 * Membership of one machine: this server is the only member and its own leader. Alive means that this process runs.
 * Joining its own address succeeds, as it does in any cluster; other addresses are refused, because a catalog on the
 * embedded store has a single writer.
 */
export class SingleMachine implements Membership {
  readonly operator = undefined
  readonly #self: SelfDescription
  readonly #catalog: CatalogReads & CatalogWrites
  readonly #log: Logger

  constructor(self: SelfDescription, catalog: CatalogReads & CatalogWrites, log: Logger) {
    this.#self = self
    this.#catalog = catalog
    this.#log = log
  }

  members(): readonly Member[] {
    return [this.#member(this.#self.name, this.#self.address, this.#self.ports.serfLan)]
  }

  wanMembers(): readonly Member[] {
    if (this.#self.ports.serfWan < 0) return []
    return [this.#member(`${this.#self.name}.${this.#self.datacenter}`, this.#self.wanAddress, this.#self.ports.serfWan)]
  }

  leader(): string {
    return hostPort(this.#self.address, this.#self.ports.server)
  }

  peers(): readonly string[] {
    return [this.leader()]
  }

  datacenters(): readonly string[] {
    return [this.#self.datacenter]
  }

  servers(): readonly ServerInfo[] {
    const { id, name, datacenter, address, wanAddress, ports } = this.#self
    return [{ id, name, datacenter, address, wanAddress, ports: { raft: ports.server, lan: ports.serfLan, wan: ports.serfWan }, build: `${version}:`, server: true }]
  }

  stats(): ReturnType<Membership['stats']> {
    return Promise.resolve({ raft: { state: 'Leader', num_peers: '0' }, serf_lan: { members: '1', failed: '0', left: '0' } })
  }

  join(addresses: readonly string[], wan: boolean): Promise<number> {
    const { address, wanAddress, ports } = this.#self
    const own = wan ? [wanAddress, hostPort(wanAddress, ports.serfWan)] : [address, hostPort(address, ports.serfLan)]
    const foreign = addresses.filter(candidate => !own.includes(candidate))
    if (foreign.length > 0) {
      return Promise.reject(new MusterError('CLUSTER_JOIN_FAILED',
        foreign.map(candidate => `Failed to join ${candidate}: this agent keeps its catalog on one machine`).join('; '),
        { hint: 'an agent on the embedded store can only join itself' }))
    }
    return Promise.resolve(addresses.length)
  }

  forceLeave(name: string): Promise<void> {
    if (name.toLowerCase() !== this.#self.name.toLowerCase()) {
      return Promise.reject(new MusterError('CLUSTER_UNKNOWN_MEMBER', `agent: No node found with name '${name}'`,
        { hint: `the only member is ${this.#self.name}` }))
    }
    // A live member that is told to leave by force refutes it, as in any cluster: there is nothing to remove.
    return Promise.resolve()
  }

  /** Registers the node, its liveness check and the `consul` service. What the agent itself has put there already stays. */
  async start(): Promise<void> {
    const { name, id, address, ports } = this.#self
    await this.#removeFormerSelves()
    const known = this.#catalog.node(name)
    await this.#catalog.execute(register({
      node: name,
      id,
      address,
      skipNodeUpdate: known?.id === id && known.address === address,
      service: {
        id: 'consul', name: 'consul', kind: '', tags: [], address: '', taggedAddresses: null, port: ports.server, socketPath: '',
        meta: { version, raft_version: '3', serf_protocol_current: '2', serf_protocol_min: '1', serf_protocol_max: '5', read_replica: 'false', non_voter: 'false' },
        weights: { passing: 1, warning: 1 }, enableTagOverride: false,
      },
      checks: [{
        node: name, id: serfHealthCheckId, name: 'Serf Health Status', status: 'passing', notes: '',
        output: 'Agent alive and reachable', serviceId: '', type: '', definition: {},
      }],
    }))
  }

  /**
   * The embedded store has one server at a time, so another id that was its server is this one before its node id was lost or replaced.
   * Nobody else would ever find it dead, and it would keep the name.
   */
  async #removeFormerSelves(): Promise<void> {
    const former = [...this.#catalog.nodes()].filter(({ node, id }) =>
      id !== '' && id !== this.#self.id && this.#catalog.check(node, serfHealthCheckId) !== undefined && this.#catalog.service(node, 'consul') !== undefined)
    for (const { node, id } of former) {
      this.#log.warn('the node id has changed: what the catalog knew of this server under its former id is removed', { node, former: id, now: this.#self.id })
      await this.#catalog.execute(removeNode(node, id))
    }
  }

  async leave(): Promise<void> {
    try {
      await this.#catalog.execute(deregister({ node: this.#self.name }))
    } catch (error) {
      this.#log.error('could not take this node out of the catalog', { node: this.#self.name, error: errorMessage(error) })
      throw error
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #member(name: string, address: string, port: number): Member {
    const { id, datacenter, ports } = this.#self
    return {
      name, id, address, port, status: 'alive',
      tags: {
        role: 'consul', dc: datacenter, id, port: String(ports.server), build: `${version}:`, bootstrap: '1', expect: '1',
        acls: '0', segment: '', wan_join_port: String(ports.serfWan), ft_fs: '1', ft_si: '1', ...protocolTags,
      },
    }
  }
}

/** `address:port`, with brackets around an IPv6 address. */
const hostPort = (address: string, port: number): string => address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
