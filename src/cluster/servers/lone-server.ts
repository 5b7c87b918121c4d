import type { Clock } from '../../common/clock.js'
import { MusterError } from '../../common/errors.js'
import type { Store } from '../../store/index.js'
import type { ConfigurationStore } from '../autopilot/index.js'
import type { RpcClient, RpcServer } from '../rpc/types.js'
import type { ClusterOperator, ServerInfo } from '../types.js'
import { lanAddress, raftAddress } from './addresses.js'
import { embeddedOperator } from './embedded-operator.js'
import { joinAddresses } from './join.js'
import { methods, readHello, readHelloAnswer, type HelloAnswer } from './messages.js'
import type { Formation, FormationState } from './types.js'

/** What a lone server is built on. */
export interface LoneServerOptions {
  readonly self: ServerInfo
  readonly store: Store
  readonly server: RpcServer
  readonly client: RpcClient
  readonly clock: Clock
  readonly configuration: ConfigurationStore
  readonly resolve?: (host: string) => Promise<readonly string[]>
}

/**
 * The servers of a datacenter that has one, with its data in memory or on its own disk. Client agents join it and are answered as by any server; other
 * servers cannot become one with it, because its store has a single writer.
 */
export function openLoneServer(options: LoneServerOptions): Formation {
  options.server.handle(methods.hello, body => Promise.resolve(greeted(options, body)))
  return new LoneServer(options)
}

class LoneServer implements Formation {
  readonly store: Promise<Store>
  readonly operator: ClusterOperator
  readonly #options: LoneServerOptions
  #left = false

  constructor(options: LoneServerOptions) {
    this.#options = options
    this.store = Promise.resolve(options.store)
    this.operator = embeddedOperator(options.self, options)
  }

  get state(): FormationState { return this.#left ? { phase: 'left' } : { phase: 'member', cluster: this.#options.self.id } }
  get leader(): { readonly address: string; readonly self: boolean } { return { address: raftAddress(this.#options.self), self: true } }
  servers(): readonly ServerInfo[] { return [this.#options.self] }
  isReachable(id: string): boolean { return id === this.#options.self.id }
  peers(): readonly string[] { return [raftAddress(this.#options.self)] }

  join(addresses: readonly string[]): Promise<number> {
    const { self, client, resolve } = this.#options
    const greet = async (address: string): Promise<void> => {
      if (address === lanAddress(self)) return
      const answer = readHelloAnswer(await client.call(address, methods.hello, { from: self, cluster: self.id, known: [] }, { timeout: 2000 }))
      if (answer.self.datacenter !== self.datacenter) throw wrongDatacenter(answer.self)
      if (answer.self.server && answer.self.id !== self.id) throw alone(answer.self.name)
    }
    return joinAddresses(addresses, { port: self.ports.lan, greet, ...resolve !== undefined && { resolve } })
  }

  leave(): Promise<void> {
    this.#left = true
    return Promise.resolve()
  }

  remove(): Promise<boolean> { return Promise.resolve(false) }

  async stats(): Promise<Readonly<Record<string, string>>> {
    const { revision, term } = await this.#options.store.status()
    const index = String(revision)
    return {
      state: 'Leader', term: String(term), last_log_term: String(term), commit_index: index, last_log_index: index, applied_index: index, fsm_pending: '0', last_contact: '0',
      num_peers: '0', protocol_version: '3',
    }
  }

  close(): Promise<void> { return Promise.resolve() }
}

function greeted({ self }: LoneServerOptions, body: unknown): HelloAnswer {
  const { from } = readHello(body)
  if (from !== undefined && from.datacenter !== self.datacenter) throw wrongDatacenter(from)
  if (from?.server === true && from.id !== self.id) throw alone(self.name)
  return { self, datacenter: self.datacenter, cluster: self.id, expect: 1, carries: false, servers: [self] }
}

const wrongDatacenter = ({ name, datacenter }: { readonly name: string; readonly datacenter: string }): MusterError =>
  new MusterError('CLUSTER_WRONG_DATACENTER', `Member '${name}' part of wrong datacenter '${datacenter}'`)

const alone = (name: string): MusterError => new MusterError('CLUSTER_DIFFERENT', `server '${name}' keeps its catalog alone, on one machine`, {
  hint: 'start both servers with bootstrap_expect 2: what it has kept goes into the cluster',
})
