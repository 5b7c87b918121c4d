import type { CatalogReads, RemoteDatacenters } from '../../catalog/index.js'
import type { Clock } from '../../common/clock.js'
import type { Coordinate } from '../../common/coordinate.js'
import type { Duration } from '../../common/duration.js'
import type { MusterError } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import type { DatacenterCoordinates } from '../coordinates/types.js'
import type { RequestRoute, RpcClient, RpcServer } from '../../rpc/index.js'
import type { Member, MemberStatus, ServerInfo } from '../types.js'

/** The servers of other datacenters, kept where all servers of this one find them and a restart does. */
export interface WanDirectory {
  servers(): readonly ServerInfo[]
  /** Calls `on` after each change, until closed. */
  follow(on: () => void): { close(): void }
  /** Keeps a server, in the place of what was known of it. */
  put(server: ServerInfo): Promise<void>
  /** Renews an unchanged record: records that are not renewed expire. */
  renew(server: ServerInfo): Promise<void>
  remove(server: ServerInfo): Promise<void>
}

/** What the WAN is built on. Servers only: client agents ask theirs. */
export interface WanOptions {
  /** This server, with the WAN port that it listens on (0: none, the WAN is off). Asked on each use. */
  readonly self: () => ServerInfo
  /** Servers of this datacenter as members of it; this one may be among them. */
  readonly lanServers: () => readonly (ServerInfo & { readonly status?: MemberStatus })[]
  readonly server: RpcServer
  readonly client: RpcClient
  readonly catalog: CatalogReads & { barrier(): Promise<void> }
  readonly directory: WanDirectory
  /** `start_join_wan`, tried once and logged; and `retry_join_wan`, tried until one answers. */
  readonly startJoin: readonly string[]
  readonly retryJoin: readonly string[]
  readonly retryInterval: Duration
  /** 0: without end. */
  readonly retryMax: number
  /**
   * Told when `retry_join_wan` is given up: the agent ends then, as Consul does. Without it that is logged and nothing
   * else.
   */
  readonly gaveUp?: (error: MusterError) => void
  /** How long servers that failed or left stay listed (`reconnect_timeout_wan`). */
  readonly reconnectTimeout: Duration
  /** The addresses of a host; the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Logger
}

/**
 * The datacenters that know each other through `join -wan`. Everything but `join` answers from memory, also while there
 * is no leader.
 */
export interface Wan {
  /** Begins to listen to what is known, to ping, and to join. */
  start(): void
  /** Servers of all datacenters, this one included: `node.datacenter` with WAN addresses and ports. */
  members(): readonly Member[]
  /** All datacenters, this one first, then the nearest. */
  datacenters(): readonly string[]
  /** Their servers in the space of round trips between servers. */
  coordinates(): readonly DatacenterCoordinates[]
  /** This server's place in that space. */
  readonly own: Coordinate
  /**
   * Resolves with how many of the addresses (`host[:port]`) answered. Rejects CLUSTER_JOIN_FAILED naming each failure
   * when none did.
   */
  join(addresses: readonly string[]): Promise<number>
  /** The way to another datacenter; undefined for one that is not known. Names match without regard to case. */
  route(datacenter: string): RequestRoute | undefined
  /** Servers of a datacenter in the order in which they should be asked, those that did not answer recently last. */
  servers(datacenter: string): readonly ServerInfo[]
  /** For prepared queries that find nothing here. */
  readonly remote: RemoteDatacenters
  /**
   * Counts `node.datacenter` as left when it has failed; with `prune` it is no longer listed. Resolves whether there is
   * such a server.
   */
  forceLeave(name: string, prune: boolean): Promise<boolean>
  /** Tells all that this server leaves. */
  leave(): Promise<void>
  close(): void
}
