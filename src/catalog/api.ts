import type { Duration } from '../common/duration.js'
import type { EndSignal } from '../common/end-signal.js'
import type { MusterError } from '../common/errors.js'
import type { Condition, LeaseId, Revision, Snapshot, Write } from '../store/index.js'
import type { UserEvent } from './events/types.js'
import type { KvEntry, Lock } from './kv/types.js'
import type { AutopilotRecord, LeaseMark, MemberRecord, WanServer } from './members/types.js'
import type { PreparedQuery } from './queries/types.js'
import type { SavedEntry } from './saved-state.js'
import type { Session } from './sessions/types.js'
import type { NodeCoordinate } from './tables/coordinates.js'
import type { Check, Instance, Node, Service } from './types.js'

/**
 * Something that a reader can wait on: a table, one service, one node, one check state. `index` is the newest revision
 * that changed it (at least 1, never going back); an answer built at one `index` stays right until `index` moves, so
 * answer caches compare it and nothing else. Topics of things that do not exist are waitable too, and wake when the
 * thing is born.
 */
export interface Topic {
  readonly name: string
  readonly index: Revision
}

/** Reads of the catalog's memory, all synchronous and all of one revision. Names match without regard to case. */
export interface CatalogReads {
  /** Whether the state has been loaded; until then nothing may be answered from it. */
  readonly loaded: boolean
  readonly revision: Revision

  nodes(): Iterable<Node>
  /** By name, full node id, or unique prefix (>= 4 hex digits) of a node id. */
  node(nameOrId: string): Node | undefined
  /** Nodes whose own address (`address` or one of the tagged ones) is this one, for PTR. */
  nodesByAddress(address: string): readonly Node[]
  servicesOfNode(node: string): readonly Service[]
  service(node: string, id: string): Service | undefined
  /** Union of tags by registered service name, as `/v1/catalog/services` shows it. */
  serviceNames(): Iterable<{ readonly name: string; readonly tags: ReadonlySet<string> }>
  /** All instances of a service, by node name then service id (byte order). */
  instances(service: string): readonly Instance[]
  /** Services whose own address is this one, for PTR. */
  servicesByAddress(address: string): readonly Service[]
  checksOfNode(node: string): readonly Check[]
  check(node: string, id: string): Check | undefined
  /** Checks of one service instance, node checks left out; service id '' gives those of the node itself. */
  checksOfInstance(node: string, serviceId: string): readonly Check[]
  /** Checks of a service's instances, node checks left out. */
  checksOfService(service: string): readonly Check[]
  /** Checks in a state; `any` gives all. */
  checksInState(state: string): readonly Check[]

  /** Network coordinates of nodes, by node name. */
  coordinates(): readonly NodeCoordinate[]
  coordinate(node: string): NodeCoordinate | undefined

  /** User events that are still delivered, or those of them that were fired after a revision, the oldest first. */
  events(since?: Revision): readonly UserEvent[]

  /** All prepared queries, by id. */
  preparedQueries(): readonly PreparedQuery[]
  preparedQuery(id: string): PreparedQuery | undefined
  /** The prepared query of exactly this name, a template or not. */
  preparedQueryNamed(name: string): PreparedQuery | undefined
  /** The template whose name is the longest beginning of this one. */
  preparedQueryTemplate(name: string): PreparedQuery | undefined
  /** Prepared queries that are deleted with this session. */
  preparedQueriesOfSession(session: string): readonly PreparedQuery[]

  /** The KV entry of exactly this name. */
  kv(key: string): KvEntry | undefined
  /** KV entries whose names begin with `prefix`, in byte order. Read them before the next write. */
  kvBelow(prefix: string): Iterable<KvEntry>
  /** The names of {@link kvBelow}, without the cost of the rest. */
  kvKeysBelow(prefix: string): Iterable<string>
  /** Who holds a KV entry; undefined when nobody ever did. */
  kvLock(key: string): Lock | undefined
  /** Names of the KV entries that a session holds. */
  kvHeldBy(session: string): readonly string[]
  /** Whether a KV entry may not be acquired yet: its holder ended a short while ago. */
  kvDelayed(key: string): boolean

  /** All sessions, by id. */
  sessions(): readonly Session[]
  session(id: string): Session | undefined
  sessionsOfNode(node: string): readonly Session[]
  /** Sessions that end when this check turns critical or goes. */
  sessionsOfCheck(node: string, check: string): readonly Session[]

  /** All members of the datacenter, those that failed or left included, by name. */
  members(): readonly MemberRecord[]
  /** The member with this node id. */
  member(id: string): MemberRecord | undefined
  /** Members of this name: one, and besides it those that had the name before and are not forgotten yet. */
  membersNamed(name: string): readonly MemberRecord[]
  /** The lease that keeps a member alive; undefined once it has lapsed. */
  aliveMark(id: string): LeaseMark | undefined
  /** There until a member that failed or left is to be forgotten. */
  reapMark(id: string): Revision | undefined
  /** Who does the work of which there is one in the cluster, where that is decided in the store. */
  stewardMark(): LeaseMark | undefined
  /** Autopilot's configuration, once somebody has set one. */
  autopilot(): AutopilotRecord | undefined
  /** Servers of other datacenters, or of one of them. */
  wanServers(datacenter?: string): readonly WanServer[]
  /**
   * The revision of a key that guards what a plan has seen of a range (see `keys.ts`); undefined when it is not there.
   */
  guard(storeKey: string): Revision | undefined

  /** The topics to wait on; the same object as long as the process lives and the topic is in use. */
  readonly topics: {
    /** The table of nodes. */
    nodes(): Topic
    /** Names and tags of all services: `/v1/catalog/services`. */
    services(): Topic
    /** Names and tags of services node by node, and the nodes' meta: `/v1/catalog/services?node-meta=`. */
    servicesOnNodes(): Topic
    /** One service: its instances, their checks, and the nodes they run on (address, meta, node checks). */
    service(name: string): Topic
    /** One node with its services and checks. */
    node(nameOrId: string): Topic
    /** Checks of one service's instances. */
    serviceChecks(name: string): Topic
    /** Checks in one state, or `any`. */
    checkState(state: string): Topic
    /** The table of network coordinates. */
    coordinates(): Topic
    /** The coordinate of one node. */
    coordinate(node: string): Topic
    /** Moves with each user event that is fired. */
    events(): Topic
    /** The table of prepared queries. */
    queries(): Topic
    /** One prepared query, by id. */
    query(id: string): Topic
    /** The KV entry of exactly this name: its index is the entry's ModifyIndex while there is one. */
    kv(key: string): Topic
    /** All KV entries whose names begin with `prefix`, deletions included. */
    kvBelow(prefix: string): Topic
    /** The table of sessions. */
    sessions(): Topic
    /** One session. */
    session(id: string): Topic
    /** The sessions of one node. */
    sessionsOfNode(node: string): Topic
    /** The table of members. */
    members(): Topic
    /** Moves when the lease of a member, or of the steward, begins or ends. */
    liveness(): Topic
    /** Autopilot's configuration. */
    autopilot(): Topic
    /** Servers of other datacenters. */
    wanServers(): Topic
    /** Everything at all: moves with each revision. */
    all(): Topic
  }

  /**
   * Resolves true when `topic.index` is above `after`, false when `ms` have passed or `signal` was aborted. At once
   * when it already is. Readers that wait on one topic share one wake-up.
   */
  wait(topic: Topic, after: Revision, ms: number, signal?: EndSignal): Promise<boolean>
}

/**
 * A write, as a pure function of the state it reads. It returns either what to commit, or a refusal. `result` is handed
 * back to the caller of {@link Catalog.execute}. An empty `then` commits nothing and moves no index.
 */
export type Command<Result> = (state: CatalogReads) => Plan<Result>

/**
 * One write of a plan. With `ttl` the key vanishes again that long after the commit, with `lease` when that lease ends,
 * unless it is written anew before.
 */
export type PlannedWrite =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: Uint8Array
      readonly ttl?: Duration
      readonly lease?: LeaseId
    }
  | Extract<Write, { readonly kind: 'delete' }>
  | RangeDelete

/** A whole range that goes, with those of its keys that are known. */
export type RangeDelete = Extract<Write, { readonly kind: 'delete-range' }> & { readonly keys: readonly string[] }

/** Outcome of a command before it is committed. */
export type Plan<Result> =
  | { readonly when: readonly Condition[]; readonly then: readonly PlannedWrite[]; readonly result: Result }
  | { readonly refusal: MusterError }

/** Where writes go in and reads come out: the only writer to a store. */
export interface CatalogWrites {
  /**
   * Plans the command on the present state and commits it; when a condition failed, waits for the state to catch up and
   * plans again (at most 10 times, then rejects with CATALOG_CONFLICT). Resolves once the write is durable and visible
   * in this catalog's reads.
   */
  execute<Result>(command: Command<Result>): Promise<{ readonly result: Result; readonly revision: Revision }>
  /**
   * Starts a session's TTL afresh. Undefined when there is no such session, in a state that has every acknowledged
   * write.
   */
  renewSession(id: string): Promise<Session | undefined>
  /**
   * Everything that a snapshot keeps (see `saved-state.ts`), at one revision and with every write acknowledged before
   * the call. `stale`: what this server knows will do, also without a leader.
   */
  save(options?: { readonly stale?: boolean }): Promise<Snapshot>
  /**
   * Makes the catalog what was saved, by writing the difference; resolves with the revision at which it is. A state too
   * large for one transaction is written in several, and readers meanwhile see parts of both.
   */
  restore(saved: readonly SavedEntry[]): Promise<Revision>
  /** Passes when reads are as new as every write acknowledged before the call. Nothing to do on an embedded store. */
  barrier(): Promise<void>
}
