import type { Revision } from '../store.js'

/**
 * How to reach an etcd. `endpoints`: `http(s)://host:port`, or `unix:///path/of/socket` of the etcd on this machine.
 * Texts are PEM.
 */
export interface EtcdConnection {
  readonly endpoints: readonly string[]
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly auth?: { readonly user: string; readonly password: string }
}

/** A member of an etcd cluster. `id` is etcd's, in hexadecimal; `name` '' until it has started for the first time. */
export interface EtcdMember {
  readonly id: string
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly learner: boolean
}

/** How one etcd process sees itself and its cluster. `leader` is a member's id, '' while there is none. */
export interface EtcdStatus {
  readonly member: string
  readonly cluster: string
  readonly leader: string
  readonly learner: boolean
  readonly term: number
  readonly raftIndex: number
  readonly appliedIndex: number
  readonly revision: Revision
  readonly version: string
  /** Bytes of the database file. */
  readonly size: number
  /** Of those the ones that hold something: present values, and former ones that are not compacted away. */
  readonly inUse: number
  /** Alarms raised anywhere in the cluster: NOSPACE, CORRUPT. */
  readonly alarms: readonly string[]
}

/**
 * Changes and facts of an etcd cluster, through one of its members. Rejects with STORE_NO_LEADER without a quorum,
 * STORE_UNREACHABLE when nobody answers, STORE_REFUSED with etcd's reason otherwise. Each call ends within its timeout.
 */
export interface EtcdAdmin {
  /** Answered by the process itself, also without a quorum. */
  status(): Promise<EtcdStatus>
  /** `linearizable` false answers from this member's own knowledge, without a quorum. */
  members(linearizable: boolean): Promise<readonly EtcdMember[]>
  addLearner(
    peerUrls: readonly string[],
  ): Promise<{ readonly member: EtcdMember; readonly members: readonly EtcdMember[] }>
  /** Rejects STORE_REFUSED while the learner has not caught up. */
  promote(id: string): Promise<void>
  remove(id: string): Promise<void>
  update(id: string, peerUrls: readonly string[]): Promise<void>
  /** To be asked of the leader's own process. */
  moveLeader(to: string): Promise<void>
  /** Ends the alarm that space is short, on every member. */
  disarm(): Promise<void>
  /**
   * Forgets what was replaced or deleted before a revision; one that is compacted away already is no error. Resolves
   * when it is done.
   */
  compact(at: Revision): Promise<void>
  /** Gives the room in this member's database file back to the disk. It answers nothing meanwhile. */
  defragment(): Promise<void>
  close(): void
}
