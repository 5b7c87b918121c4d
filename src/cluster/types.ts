/** Member states as Consul numbers them on the wire: 1 alive, 2 leaving, 3 left, 4 failed. */
export type MemberStatus = 'alive' | 'leaving' | 'left' | 'failed'

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
  /** Joins through `host[:port]`; resolves with how many addresses answered. Rejects CLUSTER_JOIN_FAILED naming each failure. */
  join(addresses: readonly string[], wan: boolean): Promise<number>
  /** Rejects CLUSTER_UNKNOWN_MEMBER for a name that is no member. */
  forceLeave(name: string, prune: boolean): Promise<void>
  /** Puts this node in the catalog (its node entry, serfHealth, and the `consul` service of a server) and keeps it there. */
  start(): Promise<void>
  /** Takes this node out of the catalog and of the members. */
  leave(): Promise<void>
  close(): Promise<void>
}
