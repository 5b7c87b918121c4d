import { MusterError, errorMessage } from '../../common/errors.js'
import type { Store } from '../../store/index.js'
import { configurationInForce } from '../autopilot/index.js'
import type { ClusterOperator, ServerInfo } from '../types.js'
import { raftAddress } from './addresses.js'
import { Deferred } from './deferred.js'
import type { OpenedFormation } from './etcd-formation.js'
import { Group } from './group.js'
import { pause } from './join.js'
import { methods, type ServerStanding } from './messages.js'
import type { FormationOptions, ServersEngine } from './options.js'
import type { FormationState } from './types.js'

/** Milliseconds between two rounds of greetings, and between two questions to an etcd that does not answer. */
const every = { round: 2000, etcd: 1000 }

/**
 * A server among servers that keep their data in an etcd that someone else runs. Raft is none of its business: the cluster is the etcd and the prefix in
 * it, and the leader is whoever stands for it.
 */
export class ExternalFormation implements OpenedFormation {
  readonly store: Promise<Store>
  readonly started: Promise<void>
  readonly operator: ClusterOperator
  readonly #options: FormationOptions
  readonly #engine: ServersEngine & { readonly kind: 'external' }
  readonly #group: Group
  readonly #store = new Deferred<Store>()
  #cluster: string | undefined
  #left = false
  #working: Promise<unknown> = Promise.resolve()

  constructor(options: FormationOptions, engine: ServersEngine & { readonly kind: 'external' }) {
    this.#options = options
    this.#engine = engine
    this.#group = new Group(options, () => ({ cluster: this.#cluster, expect: 0, carries: false }), () => undefined)
    this.#cluster = this.#group.record.facts.cluster
    this.#group.handle(methods.status, () => this.#standing())
    this.operator = externalOperator(this, options)
    this.store = this.#store.promise
    this.started = this.#start()
    this.started.catch(() => undefined)
  }

  get state(): FormationState {
    if (this.#left) return { phase: 'left' }
    return this.#cluster === undefined ? { phase: 'entering' } : { phase: 'member', cluster: this.#cluster }
  }

  get leader(): { readonly address: string; readonly self: boolean } { return this.#engine.steward() }

  servers(): readonly ServerInfo[] { return this.#group.contacts.list() }
  isReachable(id: string): boolean { return this.#group.contacts.isReachable(id) }
  peers(): readonly string[] { return this.servers().map(raftAddress) }
  join(addresses: readonly string[]): Promise<number> { return this.#group.join(addresses) }

  /** No server is a member of that etcd: there is nothing to take out, only to forget. */
  remove(nodeId: string): Promise<boolean> {
    const known = this.#group.contacts.others().some(({ id }) => id === nodeId)
    this.#group.contacts.forget(nodeId)
    return Promise.resolve(known)
  }

  async stats(): Promise<Readonly<Record<string, string>>> {
    try {
      const status = await this.#engine.admin.status()
      return {
        state: this.leader.self ? 'Leader' : 'Follower', term: String(status.term), commit_index: String(status.raftIndex), applied_index: String(status.appliedIndex),
        num_peers: String(this.peers().length - 1), etcd_version: status.version, etcd_cluster: status.cluster, etcd_size: String(status.size),
      }
    } catch (error) {
      return { state: 'Shutdown', etcd_error: errorMessage(error) }
    }
  }

  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    this.#group.close()
    await this.#working
    await this.#group.farewell()
    this.#group.record.set({ left: true, cluster: undefined })
  }

  async close(): Promise<void> {
    this.#group.close()
    this.#store.reject(new MusterError('CLUSTER_CLOSED', 'the server stopped before its store was open', { status: 503 }))
    await this.#working
  }

  async #start(): Promise<void> {
    await Promise.resolve()
    this.#working = Promise.all([this.#recognise(), this.#greet()])
    try {
      this.#store.resolve(await this.#options.openStore(this.#engine.connection))
    } catch (error) {
      this.#store.reject(error)
      throw error
    }
    await this.#group.joinAtStart()
  }

  /** Which cluster this is can be told once the etcd has answered. */
  async #recognise(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#group.signal.aborted) {
      try {
        const { cluster } = await this.#engine.admin.status()
        this.#cluster = `${cluster}/${this.#engine.prefix}`
        this.#group.record.set({ cluster: this.#cluster })
        return
      } catch (error) {
        log.warn('the external etcd does not answer', { error: errorMessage(error) })
        await pause(clock, every.etcd, this.#group.signal)
      }
    }
  }

  async #greet(): Promise<void> {
    const { contacts, signal } = this.#group
    while (!signal.aborted) {
      await contacts.round(signal)
      await pause(this.#options.clock, every.round, signal)
    }
  }

  async #standing(): Promise<ServerStanding> {
    const status = await this.#engine.admin.status()
    return {
      id: this.#options.self.id, cluster: this.#cluster ?? '', member: this.#options.self.id, leader: this.leader.address, learner: false, term: status.term,
      index: status.appliedIndex, lastContact: 0,
    }
  }
}

/** Raft's servers are those of another etcd: what is listed are muster's own, and nothing of Raft can be changed. */
function externalOperator(formation: ExternalFormation, { configuration, clock, self }: FormationOptions): ClusterOperator {
  const refuse = (what: string): Promise<never> => Promise.reject(new MusterError('CLUSTER_EXTERNAL', `${what}: the servers keep their data in an etcd that someone else runs`, {
    hint: 'use etcdctl with that etcd',
  }))
  const since = clock.now()
  return {
    raft: async () => {
      const { address } = formation.leader
      const stats = await formation.stats()
      return {
        index: Number(stats.commit_index ?? 0),
        servers: formation.servers().map(info => ({ id: info.id, node: info.name, address: raftAddress(info), leader: raftAddress(info) === address, voter: true })),
      }
    },
    removePeer: () => refuse('no peer can be removed'),
    transferLeader: () => refuse('leadership cannot be handed over'),
    autopilot: () => configurationInForce(configuration),
    setAutopilot: (changed, cas) => configuration.write(changed, cas),
    health: async () => {
      const stats = await formation.stats()
      const servers = formation.servers().map(info => {
        const alive = formation.isReachable(info.id)
        return {
          id: info.id, name: info.name, address: raftAddress(info), status: alive ? 'alive' as const : 'failed' as const, version: info.build,
          leader: raftAddress(info) === formation.leader.address, voter: true, lastContact: info.id === self.id ? 0 : undefined,
          lastTerm: Number(stats.term ?? 0), lastIndex: Number(stats.commit_index ?? 0), healthy: alive, stableSince: since,
        }
      })
      return { healthy: servers.every(({ healthy }) => healthy), failureTolerance: Math.max(0, servers.filter(({ healthy }) => healthy).length - 1), servers }
    },
  }
}
