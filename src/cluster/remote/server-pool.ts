import type { Clock } from '../../common/clock.js'
import { MusterError } from '../../common/errors.js'
import type { CallOptions, RpcClient } from '../../rpc/index.js'
import { isUnreachable, wasNotSent } from '../../rpc/index.js'
import { lanAddress } from '../addresses.js'
import type { ServerInfo } from '../types.js'

/**
 * How long a server that could not be reached is asked last, in milliseconds: long enough to let it come back, short
 * enough to spread load again.
 */
const failedPenaltyMs = 30_000
/** Far above what a cluster has; a stranger's answer must not grow the pool. */
const maxServers = 64

/** What a pool is built on. */
export interface ServerPoolOptions {
  /** This agent's node id: it decides which server is its first choice. */
  readonly agentId: string
  /** Servers known from before. */
  readonly initial: readonly ServerInfo[]
  readonly rpc: RpcClient
  readonly clock: Clock
  /** Told after each change of the servers, to remember them over a restart. */
  readonly changed?: (servers: readonly ServerInfo[]) => void
}

interface Known {
  readonly info: ServerInfo
  readonly address: string
  readonly rank: number
  failed: number
}

/**
 * The servers of the datacenter as a client agent knows them. Each agent has an order of its own, drawn from its id and
 * theirs: so thousands of agents spread evenly without talking about it, a new server gets its share at once, and the
 * loss of one moves nobody but those who were there.
 */
export class ServerPool {
  readonly #options: ServerPoolOptions
  #known = new Map<string, Known>()

  constructor(options: ServerPoolOptions) {
    this.#options = options
    this.#known = this.#rankAll(options.initial)
  }

  servers(): readonly ServerInfo[] {
    return [...this.#known.values()].map(({ info }) => info)
  }

  /** Where to ask, the best first: those that failed a while ago stand at the end. */
  addresses(): readonly string[] {
    const now = this.#options.clock.monotonic()
    const late = ({ failed }: Known): number => (now - failed < failedPenaltyMs ? failed : -Infinity)
    return [...this.#known.values()]
      .sort((a, b) => compare(late(a), late(b)) || a.rank - b.rank)
      .map(({ address }) => address)
  }

  /** Replaces the list of servers. An empty list is ignored. */
  replace(servers: readonly ServerInfo[]): void {
    if (servers.length > 0) this.#set(this.#rankAll(servers))
  }

  /** Takes in servers that somebody knows, beside those that are known. */
  add(servers: readonly ServerInfo[]): void {
    if (servers.length > 0) this.#set(new Map([...this.#known, ...this.#rankAll(servers)].slice(-maxServers)))
  }

  /** A server that could not be reached. */
  failed(address: string): void {
    for (const one of this.#known.values()) if (one.address === address) one.failed = this.#options.clock.monotonic()
  }

  worked(address: string): void {
    for (const one of this.#known.values()) if (one.address === address) one.failed = -Infinity
  }

  /**
   * Calls the first server that can be reached. Only what was certainly not done is tried at the next one, unless doing
   * it twice is as good as once.
   * @throws MusterError CLUSTER_NO_SERVERS, the last CLUSTER_UNREACHABLE, or what the server threw
   */
  async call(
    method: string,
    body: unknown,
    { mayRepeat = false, ...options }: CallOptions & { readonly mayRepeat?: boolean } = {},
  ): Promise<unknown> {
    let last: unknown = new MusterError('CLUSTER_NO_SERVERS', 'No known Consul servers', { status: 500 })
    for (const address of this.addresses()) {
      try {
        const answer = await this.#options.rpc.call(address, method, body, options)
        this.worked(address)
        return answer
      } catch (error) {
        if (!isUnreachable(error)) throw error
        this.failed(address)
        last = error
        if (!mayRepeat && !wasNotSent(error)) break
      }
    }
    throw last
  }

  #set(known: Map<string, Known>): void {
    for (const [id, one] of known) {
      const before = this.#known.get(id)
      if (before?.address === one.address) one.failed = before.failed
    }
    const text = (from: Map<string, Known>): string => JSON.stringify([...from.values()].map(({ info }) => info))
    const same = text(this.#known) === text(known)
    this.#known = known
    if (!same) this.#options.changed?.(this.servers())
  }

  #rankAll(servers: readonly ServerInfo[]): Map<string, Known> {
    const sorted = [...servers].slice(0, maxServers).sort((a, b) => compare(a.id, b.id))
    return new Map(
      sorted.map(info => [
        info.id,
        { info, address: lanAddress(info), rank: hash(`${this.#options.agentId} ${info.id}`), failed: -Infinity },
      ]),
    )
  }
}

const compare = <Value extends string | number>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)

/** FNV-1a with a final mix, so that texts which differ in one character are far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
