import { MusterError } from '../../common/errors.js'
import type { Clock } from '../../common/clock.js'
import type { EtcdAdmin } from '../../store/index.js'
import {
  configurationInForce,
  quorum,
  type Autopilot,
  type ConfigurationStore,
  type KeptConfiguration,
} from './autopilot/index.js'
import type { RpcClient } from '../../rpc/index.js'
import { isUnreachable } from '../../rpc/index.js'
import type { AutopilotConfiguration, ClusterOperator, RaftServer, ServerHealth } from '../types.js'
import { lanAddress } from '../addresses.js'
import type { Contacts } from './contacts.js'
import { methods } from '../server-messages.js'
import type { OwnMember } from './own-member.js'
import { readHealth, type ClusterHealth } from './health-message.js'
import { unknownPeer } from './unknown-peer.js'

/** What an operator's wishes are carried out with. */
export interface RaftOperatorOptions {
  readonly self: string
  readonly admin: EtcdAdmin
  readonly member: OwnMember
  readonly contacts: Contacts
  readonly rpc: Pick<RpcClient, 'call'>
  readonly clock: Clock
  readonly autopilot: Autopilot
  readonly configuration: ConfigurationStore
  /** ms that a request waits for a leader. */
  readonly holdTimeout: number
}

/**
 * Raft and autopilot of a cluster of servers with an etcd each. What only the leader's server can do is asked of it.
 */
export class RaftOperator implements ClusterOperator {
  readonly #options: RaftOperatorOptions

  constructor(options: RaftOperatorOptions) {
    this.#options = options
  }

  async raft({ stale = false }: { readonly stale?: boolean } = {}): Promise<{
    readonly index: number
    readonly servers: readonly RaftServer[]
  }> {
    if (!stale) await this.#leader()
    const { member } = this.#options
    return { index: member.status?.raftIndex ?? 0, servers: member.raftServers() }
  }

  async removePeer(by: { readonly id: string } | { readonly address: string }): Promise<void> {
    await this.#leader()
    const { member } = this.#options
    await member.look()
    const peer = member.raftServers().find(server => ('id' in by ? server.id === by.id : server.address === by.address))
    const what = 'id' in by ? `id "${by.id}"` : `address "${by.address}"`
    if (peer === undefined) throw unknownPeer(what)
    await this.remove(peer.id)
  }

  /** Takes a server's member out of Raft, leadership first when it has it. False when it is no member. */
  async remove(id: string): Promise<boolean> {
    const { member, admin } = this.#options
    await member.look()
    const target = member.members.find(({ name }) => name === id)
    if (target === undefined || id === '') return false
    const voters = member.members.filter(({ learner }) => !learner)
    if (!target.learner && voters.length === 1) {
      throw new MusterError('CLUSTER_LAST_SERVER', 'the only server cannot be taken out of Raft', {
        status: 409,
        hint: 'it holds all data; let another server enter first',
      })
    }
    if (!target.learner)
      this.#requireMajority(voters.filter(({ id: voter }) => voter !== target.id).map(({ name }) => name))
    if (target.id === member.status?.leader) {
      await this.transferLeader(undefined)
      // Ask the new leader: the leaving server could stop before the others know of the removal.
      await this.#askLeader(methods.remove, { id })
    } else {
      await admin.remove(target.id)
    }
    member.soon()
    return true
  }

  async transferLeader(id: string | undefined): Promise<void> {
    await this.#leader()
    const { member } = this.#options
    const before = member.leaderNode
    const target = this.#successor(id, before)
    if (target === before) return
    if (before === this.#options.self) await this.moveLeader(target)
    else await this.#askLeader(methods.moveLeader, { to: target })
    await this.#until(() => member.leader.address !== '' && member.leaderNode !== before)
  }

  /** Hands leadership over; only the leader's own etcd does so. */
  async moveLeader(to: string): Promise<void> {
    const { member, admin } = this.#options
    const target = member.members.find(({ name }) => name === to)
    if (target === undefined) throw unknownPeer(`id "${to}"`)
    await admin.moveLeader(target.id)
    member.soon()
  }

  autopilot(): Promise<KeptConfiguration> {
    return configurationInForce(this.#options.configuration)
  }

  setAutopilot(configuration: AutopilotConfiguration, cas?: number): Promise<boolean> {
    return this.#options.configuration.write(configuration, cas)
  }

  async health(): Promise<{
    readonly healthy: boolean
    readonly failureTolerance: number
    readonly servers: readonly ServerHealth[]
  }> {
    await this.#leader()
    const { autopilot, member } = this.#options
    if (member.leader.self) return autopilot.health()
    try {
      return readHealth(await this.#askLeader(methods.health, {}))
    } catch (error) {
      if (!isUnreachable(error)) throw error
      // The leader's agent may be dead while its etcd leads. Operators look just then, so examine the servers from
      // here.
      return autopilot.health()
    }
  }

  /** Health as the leader's server answers others. @throws MusterError STORE_NO_LEADER when it does not lead */
  ownHealth(): Promise<ClusterHealth> {
    if (!this.#options.member.leader.self) return Promise.reject(noLeader())
    return this.#options.autopilot.health()
  }

  /**
   * Etcd's own check is off, as it would hold up forming: the voters that would be left must have a majority that
   * answers.
   */
  #requireMajority(left: readonly string[]): void {
    const { contacts, self } = this.#options
    const answering = left.filter(name => name === self || contacts.isReachable(name))
    if (answering.length >= quorum(left.length)) return
    throw new MusterError(
      'CLUSTER_UNSAFE',
      `only ${answering.length} of the ${left.length} servers that would be left answer: the cluster would have no leader`,
      {
        status: 409,
        hint: 'remove the servers that are dead first, or bring them back',
      },
    )
  }

  /** A voter to lead next: the one asked for, else one that answers. */
  #successor(id: string | undefined, leader: string): string {
    const { member, contacts, self } = this.#options
    const voters = member.members.filter(({ learner, name }) => !learner && name !== '')
    if (id !== undefined) {
      if (!voters.some(({ name }) => name === id)) throw unknownPeer(`id "${id}"`)
      return id
    }
    const others = voters.filter(({ name }) => name !== leader)
    const target = others.find(({ name }) => name === self || contacts.isReachable(name)) ?? others[0]
    if (target === undefined)
      throw new MusterError('CLUSTER_LAST_SERVER', 'there is no other server to lead', {
        status: 409,
        hint: 'let another server enter first',
      })
    return target.name
  }

  async #askLeader(method: string, body: unknown): Promise<unknown> {
    const { member, contacts, rpc } = this.#options
    const leader = contacts.get(member.leaderNode)
    if (leader === undefined) throw noLeader()
    return rpc.call(lanAddress(leader), method, body, { timeout: 10_000 })
  }

  /** Waits for a leader as long as requests do. */
  async #leader(): Promise<void> {
    const { member } = this.#options
    if (member.leader.address === '') await this.#until(() => member.leader.address !== '')
  }

  async #until(done: () => boolean): Promise<void> {
    const { member, clock, holdTimeout } = this.#options
    const end = clock.monotonic() + holdTimeout
    for (;;) {
      await member.look()
      if (done()) return
      if (clock.monotonic() >= end) throw noLeader()
      await new Promise<void>(resolve => {
        clock.after(50, resolve)
      })
    }
  }
}

const noLeader = (): MusterError => new MusterError('STORE_NO_LEADER', 'No cluster leader')
