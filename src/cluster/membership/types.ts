import type { Catalog } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { Duration } from '../../common/duration.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcClient, RpcServer } from '../../rpc/index.js'
import type { Formation } from '../formation/types.js'
import type { AgentInfo, AutopilotConfiguration, Member, ServerInfo } from '../types.js'

/** The WAN as membership passes it on. */
export interface WanPart {
  /** Servers of all datacenters, `node.datacenter`. */
  members(): readonly Member[]
  /** This datacenter first. */
  datacenters(): readonly string[]
  join(addresses: readonly string[]): Promise<number>
}

/** Work of which one server does all. Begun when this server becomes the steward, closed when it is not any more. */
export type Duty = () => { close(): void }

/** What the membership of a server is made of. */
export interface MembershipOptions {
  /** This server, as it is reached. Asked again each time, since ports are known only once they are bound. */
  readonly self: () => ServerInfo
  /** How many servers are to found the cluster: 1 on a store of its own; 0 when it was not said. */
  readonly expect: number
  /**
   * `own`: a store in this process, so this server is alone and alive as long as it runs. `raft`: servers that run an
   * etcd each, see `formation`. `shared`: an etcd of someone else's, in which the servers also decide who does the
   * common work.
   */
  readonly store: 'own' | 'raft' | 'shared'
  readonly catalog: Catalog
  /** With `raft`. */
  readonly formation?: Formation
  readonly wan?: WanPart
  /** Calls of other agents, and calls to them. Without it there are no client agents. */
  readonly calls?: { readonly server: RpcServer; readonly client: RpcClient }
  /** How long a failed member stays listed. */
  readonly reconnectTimeout: Duration
  /** How long renewals of sessions wait for a steward. */
  readonly holdTimeout: Duration
  /** Autopilot's configuration while nobody has set one. */
  readonly autopilot: AutopilotConfiguration
  /** Whether what agents say to each other is encrypted, for `info`. */
  readonly encrypted: boolean
  readonly duties?: readonly Duty[]
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Logger
}

/** `member/heartbeat`: a client agent lives. */
export interface Heartbeat {
  readonly info: AgentInfo
  readonly tags: Readonly<Record<string, string>>
}

/** Answer to `member/heartbeat`. Times in milliseconds. */
export interface HeartbeatAnswer {
  /** How long the agent counts as alive without another heartbeat. */
  readonly ttl: number
  /** When the next one is due. */
  readonly every: number
  readonly servers: readonly ServerInfo[]
  /** `address:port` of the leader's server port, '' for none or not told. */
  readonly leader: string
  /** Server ports of all Raft peers, `address:port`. */
  readonly peers: readonly string[]
  readonly datacenters: readonly string[]
  /** The revision that last changed one of the members. */
  readonly membersRevision: number
}

/** Answer to `member/list`. */
export interface MemberList {
  readonly revision: number
  readonly members: readonly Member[]
}

/** Names of the methods that membership answers. */
export const memberMethods = {
  heartbeat: 'member/heartbeat',
  list: 'member/list',
  leave: 'member/leave',
  forceLeave: 'member/force-leave',
  renewSession: 'session/renew',
  standing: 'member/standing',
} as const
