import type { Clock } from '../../common/clock.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { Repeats, type Logger } from '../../telemetry/index.js'
import type { RpcClient, RpcServer } from '../../rpc/index.js'
import { clientTags } from '../membership/member-tags.js'
import { readStanding } from '../membership/standing.js'
import { memberMethods } from '../membership/types.js'
import { hostPort } from '../../common/host-port.js'
import { joinAddresses, retryJoin } from '../join.js'
import { methods, readHello, readHelloAnswer, type HelloAnswer } from '../server-messages.js'
import type {
  AgentInfo,
  ClusterOperator,
  ClusterStanding,
  Member,
  Membership,
  ServerInfo,
  StandingSource,
  Unheard,
} from '../types.js'
import { Heartbeats } from './heartbeats.js'
import { MemberList } from './member-list.js'
import type { ServerPool } from './server-pool.js'

/** What the membership of a client agent is built on. */
export interface ClientMembershipOptions {
  /** This agent as others reach it; asked on each use, since ports are known once they are bound. */
  readonly self: () => AgentInfo
  readonly pool: ServerPool
  readonly rpc: RpcClient
  /** Takes the greeting of agents that join through this one; registered at once, before it is started. */
  readonly server: RpcServer
  /** The cluster port of addresses that are given without one. */
  readonly port: number
  readonly startJoin: readonly string[]
  readonly retryJoin: readonly string[]
  /** ms */
  readonly retryInterval: number
  /** 0: without end. */
  readonly retryMax: number
  /** A server takes this agent's heartbeats, after none did. */
  readonly onServers: () => void
  /** `retry_join` has been tried as often as it may be: the agent ends with this error. */
  readonly onGivenUp: (error: MusterError) => void
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Logger
}

/**
 * Heartbeats missed in a row after which the agents are looked for that could know new addresses of servers: some five
 * seconds.
 */
const lost = 4
/** How long a server may take to say how it stands, in ms: it knows without asking anyone. */
const standingWithin = 2000
/** How long leaving may take before the agent goes all the same, in ms; servers count it as failed then. */
const leaveWithin = 5000

/**
 * A client agent's view of the cluster: it knows servers, tells one of them that it lives, and has from it who the
 * members are.
 */
export class ClientMembership implements Membership, StandingSource {
  readonly operator: ClusterOperator | undefined = undefined
  readonly #options: ClientMembershipOptions
  readonly #heartbeats: Heartbeats
  readonly #list: MemberList
  readonly #closing = new AbortController()
  #leader = ''
  #peers: readonly string[] = []
  #datacenters: readonly string[] = []
  #searching = false

  constructor(options: ClientMembershipOptions) {
    this.#options = options
    const { pool, self, clock, random, log } = options
    const tags = (): Readonly<Record<string, string>> => clientTags(self())
    this.#list = new MemberList(pool, clock, () => ({ ...memberOf(self()), tags: tags() }))
    this.#heartbeats = new Heartbeats({
      pool,
      self,
      tags,
      clock,
      random,
      log,
      answered: (answer, appeared) => {
        this.#leader = answer.leader
        this.#peers = answer.peers
        this.#datacenters = answer.datacenters
        this.#list.changed(answer.membersRevision)
        if (appeared) options.onServers()
      },
      missed: times => {
        this.#leader = ''
        if (times >= lost) void this.#search()
      },
    })
    options.server.handle(methods.hello, body => Promise.resolve(this.#greeted(body)))
  }

  members(): readonly Member[] {
    return this.#list.members
  }
  wanMembers(): readonly Member[] {
    return []
  }
  leader(): string {
    return this.#leader
  }
  peers(): readonly string[] {
    return this.#peers
  }
  datacenters(): readonly string[] {
    return this.#datacenters.length > 0 ? this.#datacenters : [this.#options.self().datacenter]
  }
  servers(): readonly ServerInfo[] {
    return this.#options.pool.servers()
  }

  /** A server says how it stands: the one that would be given what is written through this agent. */
  async standing(): Promise<ClusterStanding> {
    const { pool, self } = this.#options
    const since = this.#heartbeats.lastAnswer
    try {
      return readStanding(await pool.call(memberMethods.standing, {}, { timeout: standingWithin, mayRepeat: true }))
    } catch (error) {
      // A server of an earlier version does not answer this call, but it accepted a heartbeat, so it can write.
      if (error instanceof MusterError && error.code === 'CLUSTER_UNKNOWN_METHOD' && this.connected)
        return { writable: true }
      return {
        writable: false,
        serving: false,
        heard: [self().id],
        ...(since !== undefined && { since }),
        reason: `no server answers: ${errorMessage(error)}`,
        hint: 'see that a server runs and can be reached, or join one with "muster join ADDRESS"',
      }
    }
  }

  unheard(): Unheard | undefined {
    if (this.connected) return undefined
    const since = this.#heartbeats.lastAnswer
    return { ...(since !== undefined && { since }), heard: [this.#options.self().id] }
  }

  /** Whether a server took the last heartbeat. */
  get connected(): boolean {
    return this.#heartbeats.connected
  }

  stats(): ReturnType<Membership['stats']> {
    const members = this.members()
    const count = (status: Member['status']): string => String(members.filter(one => one.status === status).length)
    return Promise.resolve({
      consul: { known_servers: String(this.servers().length) },
      serf_lan: { members: String(members.length), failed: count('failed'), left: count('left') },
    })
  }

  async join(addresses: readonly string[], wan: boolean): Promise<number> {
    if (wan)
      throw new MusterError('CLUSTER_JOIN_FAILED', 'a client agent has no part in the WAN', {
        status: 500,
        hint: 'join -wan on a server',
      })
    const joined = await this.#greetAll(addresses)
    // Send a heartbeat now: operators check the list of members after a join.
    await this.#heartbeats.now()
    return joined
  }

  async forceLeave(name: string, prune: boolean): Promise<void> {
    await this.#options.pool.call(memberMethods.forceLeave, { name, prune }, { timeout: 10_000, mayRepeat: true })
    this.#list.stale()
  }

  /**
   * Begins to look for servers and to tell them of this agent. @throws MusterError with which a server refused it, or
   * CLUSTER_JOIN_FAILED when nobody in `startJoin` answered
   */
  async start(): Promise<void> {
    const { startJoin, log } = this.#options
    if (startJoin.length > 0) log.info('joined', { agents: await this.#greetAll(startJoin) })
    void this.#retryJoin()
    await this.#heartbeats.start()
  }

  async leave(): Promise<void> {
    await this.#heartbeats.stop()
    const { pool, self, log } = this.#options
    try {
      await pool.call(memberMethods.leave, { id: self().id }, { timeout: leaveWithin, mayRepeat: true })
    } catch (error) {
      log.warn('no server was told that this agent leaves: it will count as failed', { error: errorMessage(error) })
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#list.close()
    await this.#heartbeats.stop()
  }

  #greetAll(addresses: readonly string[]): Promise<number> {
    return joinAddresses(addresses, { port: this.#options.port, greet: address => this.#greet(address) })
  }

  async #greet(address: string): Promise<void> {
    const { rpc, pool, self } = this.#options
    const mine = self()
    const answer = readHelloAnswer(
      await rpc.call(address, methods.hello, { from: mine, known: pool.servers() }, { timeout: 5000 }),
    )
    if (answer.datacenter !== mine.datacenter) throw wrongDatacenter(answer.self)
    pool.add([...answer.servers, ...asServer(answer.self)].filter(({ datacenter }) => datacenter === mine.datacenter))
  }

  /** Another agent joins through this one. */
  #greeted(body: unknown): HelloAnswer {
    const { pool, self } = this.#options
    const mine = self()
    const { from, known } = readHello(body)
    if (from !== undefined && from.datacenter !== mine.datacenter) throw wrongDatacenter(from)
    pool.add(
      [...known, ...(from === undefined ? [] : asServer(from))].filter(
        ({ datacenter }) => datacenter === mine.datacenter,
      ),
    )
    this.#heartbeats.sendSoon()
    return { self: mine, datacenter: mine.datacenter, expect: 0, carries: false, servers: pool.servers() }
  }

  async #retryJoin(): Promise<void> {
    const { retryJoin: addresses, retryInterval, retryMax, clock, log, onGivenUp } = this.#options
    if (addresses.length === 0) return
    const failures = new Repeats(log, clock)
    try {
      const joined = await retryJoin(
        { addresses, interval: retryInterval, maxAttempts: retryMax },
        some => this.join(some, false),
        {
          clock,
          signal: this.#closing.signal,
          failed: (error, attempt) => {
            failures.tell('warn', 'retry_join failed, it is tried again', errorMessage(error), {
              attempt,
              error: errorMessage(error),
            })
          },
        },
      )
      if (joined > 0) log.info('joined', { agents: joined })
    } catch (error) {
      onGivenUp(
        error instanceof MusterError
          ? error
          : new MusterError('CLUSTER_JOIN_EXHAUSTED', errorMessage(error), { cause: error }),
      )
    }
  }

  /**
   * Servers may have moved to other addresses while none could be reached: whoever was a member, and what was
   * configured, may know.
   */
  async #search(): Promise<void> {
    if (this.#searching) return
    this.#searching = true
    const { startJoin, retryJoin: configured, self, log } = this.#options
    const others = this.members()
      .filter(({ id, status }) => id !== self().id && status === 'alive')
      .slice(0, 16)
      .map(({ address, port }) => hostPort(address, port))
    try {
      const addresses = [...new Set([...startJoin, ...configured, ...others])]
      if (addresses.length > 0) await this.join(addresses, false)
    } catch (error) {
      log.debug('nobody knows a server', { error: errorMessage(error) })
    } finally {
      this.#searching = false
    }
  }
}

/** The agent, when it is a server, as one of those that may be asked. */
export const asServer = (agent: AgentInfo): readonly ServerInfo[] => (agent.server ? [{ ...agent, server: true }] : [])

const wrongDatacenter = (other: AgentInfo): MusterError =>
  new MusterError('CLUSTER_WRONG_DATACENTER', `Member '${other.name}' part of wrong datacenter '${other.datacenter}'`, {
    hint: 'a client agent belongs to the datacenter of its servers: set datacenter (-datacenter)',
  })

/** An agent as a member that lives. */
const memberOf = ({ id, name, address, ports }: AgentInfo): Omit<Member, 'tags'> => ({
  id,
  name,
  address,
  port: ports.lan,
  status: 'alive',
})
