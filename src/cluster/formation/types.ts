import type { Store } from '../../store/index.js'
import type { ClusterOperator, ServerInfo } from '../types.js'

/** Where a server stands: looking for enough others, becoming part of a cluster, or a member of one. */
export type FormationState =
  | { readonly phase: 'waiting'; readonly expect: number; readonly known: readonly ServerInfo[] }
  | { readonly phase: 'forming' | 'entering' }
  | { readonly phase: 'member'; readonly cluster: string }
  | { readonly phase: 'left' }

/** A server agent among the servers of its datacenter, each of which runs an etcd member. */
export interface Formation {
  readonly state: FormationState
  /**
   * The store, once this server is part of a cluster: at once after a restart (before there is a quorum), else when
   * enough servers know each other.
   */
  readonly store: Promise<Store>
  /** Every server known, itself included, with the newest address. */
  servers(): readonly ServerInfo[]
  /** Whether a known server answered recently; for members() while there is no catalog. */
  isReachable(id: string): boolean
  /**
   * Raft address `ip:port` of the leader, '' while there is none; and whether it is this server. Kept up to date, no
   * waiting.
   */
  readonly leader: { readonly address: string; readonly self: boolean }
  /** Raft addresses of the voters as last seen. */
  peers(): readonly string[]
  /**
   * Resolves with how many of the addresses (`host[:port]`, hosts may resolve to several) answered. Rejects
   * CLUSTER_JOIN_FAILED naming each failure.
   */
  join(addresses: readonly string[]): Promise<number>
  /** Leaves the cluster for good; the others keep quorum. The data is moved aside. */
  leave(): Promise<void>
  /** Takes another server's member out of Raft. False when it is no member. */
  remove(nodeId: string): Promise<boolean>
  readonly operator: ClusterOperator
  /** Facts for `info`, section raft. */
  stats(): Promise<Readonly<Record<string, string>>>
  close(): Promise<void>
}
