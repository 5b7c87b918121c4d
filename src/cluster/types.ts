import type { AgentInfo, AutopilotConfiguration, MemberStatus } from '../catalog/index.js'
import type { Revision } from '../store/index.js'

/** Nouns of the catalog of which the cluster speaks on every page. */
export type { AgentInfo, AutopilotConfiguration, MemberStatus }

/** An agent of the cluster as membership sees it. */
export interface Member {
  readonly name: string
  readonly id: string
  readonly address: string
  /** The cluster port (LAN, or WAN for members of the WAN list). */
  readonly port: number
  readonly status: MemberStatus
  readonly tags: Readonly<Record<string, string>>
}

/**
 * Whether what is written through an agent would be answered. If not: whether reads of what it knew last are, why, and
 * what to do; the ids of agents that are heard all the same, and since when (wall-clock ms) the others are not.
 */
export type ClusterStanding =
  | { readonly writable: true }
  | {
      readonly writable: false
      readonly serving: boolean
      readonly reason: string
      readonly hint: string
      readonly heard: readonly string[]
      readonly since?: number
    }

/**
 * The status of members is unknown, except for those with an id in `heard`; `since`: wall-clock ms, undefined for the
 * whole run of this agent.
 */
export interface Unheard {
  readonly since?: number
  readonly heard: readonly string[]
}

/** Whether writes through an agent can succeed. */
export interface StandingSource {
  /** Never rejects; within some two seconds where another agent has to be asked. */
  standing(): Promise<ClusterStanding>
  /** Of this moment, without asking; undefined while members are vouched for. */
  unheard(): Unheard | undefined
}

/** Who is in the cluster and who leads it. One implementation for a single machine, one for a cluster on etcd. */
export interface Membership {
  members(): readonly Member[]
  /** Names are `node.datacenter`, ports the WAN ones. */
  wanMembers(): readonly Member[]
  /** `address:port` of the leader's server port, '' when there is none. */
  leader(): string
  /** Server ports of all Raft peers, `address:port`. */
  peers(): readonly string[]
  datacenters(): readonly string[]
  /**
   * Joins through `host[:port]`; resolves with how many addresses answered. Rejects CLUSTER_JOIN_FAILED naming each
   * failure.
   */
  join(addresses: readonly string[], wan: boolean): Promise<number>
  /** Raft and autopilot; undefined on a client agent, which forwards what is asked of them. */
  readonly operator: ClusterOperator | undefined
  /** Servers that this agent knows of its datacenter, itself included. */
  servers(): readonly ServerInfo[]
  /** Lines of `info`: sections `raft`, `serf_lan`, `serf_wan` and what `consul` has beyond the agent's own, by key. */
  stats(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>>
  /** Rejects CLUSTER_UNKNOWN_MEMBER for a name that is no member. */
  forceLeave(name: string, prune: boolean): Promise<void>
  /**
   * Puts this node in the catalog (its node entry, serfHealth, and the `consul` service of a server) and keeps it
   * there.
   */
  start(): Promise<void>
  /** Takes this node out of the catalog and of the members. */
  leave(): Promise<void>
  close(): Promise<void>
}

/** A server agent. */
export type ServerInfo = AgentInfo & { readonly server: true }

/** One voter (or learner) of Raft. `id` is the node id, `address` its Raft address `ip:port`. */
export interface RaftServer {
  readonly id: string
  readonly node: string
  readonly address: string
  readonly leader: boolean
  readonly voter: boolean
}

/** One server as autopilot judges it. `lastContact` in ms (undefined: never heard of), `stableSince` wall-clock ms. */
export interface ServerHealth {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly status: MemberStatus
  readonly version: string
  readonly leader: boolean
  readonly voter: boolean
  readonly lastContact: number | undefined
  readonly lastTerm: number
  readonly lastIndex: number
  readonly healthy: boolean
  readonly stableSince: number
}

/**
 * What operators ask of and do to the servers. Rejects with STORE_NO_LEADER where a leader is needed and there is none.
 */
export interface ClusterOperator {
  /** `stale`: as this server last saw it, with or without a leader. */
  raft(options?: {
    readonly stale?: boolean
  }): Promise<{ readonly index: number; readonly servers: readonly RaftServer[] }>
  /** Rejects CLUSTER_UNKNOWN_PEER: `id "x" was not found in the Raft configuration`. */
  removePeer(by: { readonly id: string } | { readonly address: string }): Promise<void>
  /** To a certain server, or to the best one. */
  transferLeader(id: string | undefined): Promise<void>
  autopilot(): Promise<{
    readonly configuration: AutopilotConfiguration
    readonly created: Revision
    readonly modified: Revision
  }>
  /** With `cas` only when the configuration was last changed at that revision; resolves whether it was written. */
  setAutopilot(configuration: AutopilotConfiguration, cas?: number): Promise<boolean>
  health(): Promise<{
    readonly healthy: boolean
    readonly failureTolerance: number
    readonly servers: readonly ServerHealth[]
  }>
}
