import type { Clock } from '../common/clock.js'
import type { EndSignal } from '../common/end-signal.js'
import { MusterError } from '../common/errors.js'
import { revision } from '../store/index.js'
import type { Batch, Change, Revision, Snapshot } from '../store/index.js'
import type { CatalogReads, Topic } from './api.js'
import { aliveKey, lockDelayKey, reapKey, stewardKey, tableOf } from './keys.js'
import type { UserEvent } from './events/types.js'
import type { KvEntry, Lock } from './kv/types.js'
import type { AutopilotRecord, LeaseMark, MemberRecord, WanServer } from './members/types.js'
import type { PreparedQuery } from './queries/types.js'
import type { Session, SessionFollower } from './sessions/types.js'
import { createTables } from './tables.js'
import type { NodeCoordinate } from './tables/coordinates.js'
import { looksLikeId } from './tables/nodes.js'
import { changedKey } from './tables/table.js'
import type { Table } from './tables/table.js'
import { Topics, Touched } from './topics.js'
import type { Check, Instance, Node, Service } from './types.js'

/** Called for a value in the store that is not muster's; the entry counts as absent. */
export type UnreadableHandler = (key: string, error: MusterError) => void

const unlocked = { session: '', lockIndex: 0 } as const

/** The catalog in memory: what `load` gave and `watch` changed since, nothing else. */
export class CatalogState implements CatalogReads {
  #loaded = false
  #revision = revision(1)
  readonly #topics: Topics
  readonly #tables
  readonly #byPrefix: ReadonlyMap<string, Table>
  readonly #onUnreadable: UnreadableHandler
  /** Joined instances by service, kept until the service's topic moves: the hot path of DNS and HTTP. */
  readonly #instances = new Map<string, readonly Instance[]>()
  readonly topics: CatalogReads['topics']

  constructor(clock: Clock, onUnreadable: UnreadableHandler, tombstoneLimit?: number) {
    this.#onUnreadable = onUnreadable
    this.#topics = new Topics(clock, tombstoneLimit)
    this.#tables = createTables(this.#topics, tombstoneLimit)
    this.#byPrefix = new Map(Object.values(this.#tables).map(table => [table.prefix, table]))
    this.topics = this.#namedTopics()
  }

  get loaded(): boolean {
    return this.#loaded
  }
  get revision(): Revision {
    return this.#revision
  }
  /** How many topics are kept track of. */
  get topicCount(): number {
    return this.#topics.size
  }

  nodes(): readonly Node[] {
    return this.#tables.nodes.all()
  }
  node(nameOrId: string): Node | undefined {
    return this.#tables.nodes.find(nameOrId)
  }
  nodesByAddress(address: string): readonly Node[] {
    return this.#tables.nodes.at(address)
  }
  servicesOfNode(node: string): readonly Service[] {
    return this.#tables.services.ofNode(node.toLowerCase())
  }
  service(node: string, id: string): Service | undefined {
    return this.#tables.services.get(node, id)
  }
  serviceNames(): readonly { readonly name: string; readonly tags: ReadonlySet<string> }[] {
    return this.#tables.services.names.list()
  }
  servicesByAddress(address: string): readonly Service[] {
    return this.#tables.services.at(address)
  }
  checksOfNode(node: string): readonly Check[] {
    return this.#tables.checks.ofNode(node.toLowerCase())
  }
  check(node: string, id: string): Check | undefined {
    return this.#tables.checks.get(node, id)
  }
  checksOfInstance(node: string, serviceId: string): readonly Check[] {
    return this.#tables.checks.ofInstance(node.toLowerCase(), serviceId)
  }
  checksOfService(service: string): readonly Check[] {
    return this.#tables.checks.ofService(service.toLowerCase())
  }
  checksInState(state: string): readonly Check[] {
    return state === 'any' ? this.#tables.checks.all() : this.#tables.checks.inState(state)
  }

  coordinates(): readonly NodeCoordinate[] {
    return this.#tables.coordinates.all()
  }
  coordinate(node: string): NodeCoordinate | undefined {
    return this.#tables.coordinates.get(node)
  }

  events(since?: Revision): readonly UserEvent[] {
    return since === undefined ? this.#tables.events.all() : this.#tables.events.since(since)
  }

  preparedQueries(): readonly PreparedQuery[] {
    return this.#tables.queries.all()
  }
  preparedQuery(id: string): PreparedQuery | undefined {
    return this.#tables.queries.get(id)
  }
  preparedQueryNamed(name: string): PreparedQuery | undefined {
    return this.#tables.queries.named(name)
  }
  preparedQueryTemplate(name: string): PreparedQuery | undefined {
    return this.#tables.queries.templateFor(name)
  }
  preparedQueriesOfSession(session: string): readonly PreparedQuery[] {
    return this.#tables.queries.ofSession(session)
  }

  kv(key: string): KvEntry | undefined {
    const row = this.#tables.kv.get(key)
    if (row === undefined) return undefined
    const { session, lockIndex } = this.#tables.locks.get(key) ?? unlocked
    return { key, ...row, session, lockIndex }
  }

  *kvBelow(prefix: string): Iterable<KvEntry> {
    for (const key of this.#tables.kv.keysBelow(prefix)) {
      const entry = this.kv(key)
      if (entry !== undefined) yield entry
    }
  }

  kvKeysBelow(prefix: string): Iterable<string> {
    return this.#tables.kv.keysBelow(prefix)
  }
  kvLock(key: string): Lock | undefined {
    return this.#tables.locks.get(key)
  }
  kvHeldBy(session: string): readonly string[] {
    return this.#tables.locks.heldBy(session)
  }
  kvDelayed(key: string): boolean {
    return this.#tables.lockDelays.get(lockDelayKey(key)) !== undefined
  }

  sessions(): readonly Session[] {
    return this.#tables.sessions.all()
  }
  session(id: string): Session | undefined {
    return this.#tables.sessions.get(id.toLowerCase())
  }
  sessionsOfNode(node: string): readonly Session[] {
    return this.#tables.sessions.ofNode(node.toLowerCase())
  }
  sessionsOfCheck(node: string, check: string): readonly Session[] {
    return this.#tables.sessions.ofCheck(node.toLowerCase(), check)
  }

  members(): readonly MemberRecord[] {
    return this.#tables.members.all()
  }
  member(id: string): MemberRecord | undefined {
    return this.#tables.members.get(id)
  }
  membersNamed(name: string): readonly MemberRecord[] {
    return this.#tables.members.named(name)
  }
  aliveMark(id: string): LeaseMark | undefined {
    return this.#tables.alive.get(aliveKey(id))
  }
  reapMark(id: string): Revision | undefined {
    return this.#tables.reap.get(reapKey(id))
  }
  stewardMark(): LeaseMark | undefined {
    return this.#tables.steward.get(stewardKey)
  }
  autopilot(): AutopilotRecord | undefined {
    return this.#tables.autopilot.get()
  }
  wanServers(datacenter?: string): readonly WanServer[] {
    return datacenter === undefined ? this.#tables.wanServers.all() : this.#tables.wanServers.of(datacenter)
  }

  guard(storeKey: string): Revision | undefined {
    return this.#tables.guards.get(storeKey)
  }

  /** Those who are told of sessions as they come and go. */
  protected get sessionFollowers(): Set<SessionFollower> {
    return this.#tables.sessions.followers
  }

  instances(service: string): readonly Instance[] {
    const name = service.toLowerCase()
    const kept = this.#instances.get(name)
    if (kept !== undefined) return kept
    const joined = this.#tables.services.named(name).flatMap(instance => this.#join(instance))
    if (joined.length > 0) this.#instances.set(name, joined)
    return joined
  }

  wait(topic: Topic, after: Revision, ms: number, signal?: EndSignal): Promise<boolean> {
    return this.#topics.wait(topic, after, ms, signal)
  }

  /** Takes in everything the store held at one revision. Once only, on an empty state. */
  protected load(snapshot: Snapshot): void {
    this.#topics.begin(snapshot.revision)
    const touched = new Touched()
    touched.at = snapshot.revision
    for (const entry of snapshot.entries) this.#change({ kind: 'put', entry }, touched)
    this.#loaded = true
    this.#finish(snapshot.revision, touched)
    this.#topics.raise(snapshot.revision)
  }

  /** Takes in what changed since; all of it is readable before anyone who waits is woken. */
  protected apply(batch: Batch): void {
    const touched = new Touched()
    for (const change of batch.changes) {
      touched.at = change.kind === 'put' ? change.entry.modified : change.revision
      this.#change(change, touched)
    }
    touched.at = batch.revision
    this.#finish(batch.revision, touched)
  }

  /** Lets all who wait go. */
  protected release(): void {
    this.#topics.close()
  }

  #change(change: Change, touched: Touched): void {
    const key = changedKey(change)
    try {
      this.#byPrefix.get(tableOf(key))?.apply(change, touched)
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      this.#onUnreadable(key, error)
    }
  }

  #finish(at: Revision, touched: Touched): void {
    this.#revision = at
    touched.add(this.#topics.tables, 'all')
    for (const table of this.#byPrefix.values()) table.settle?.(touched)
    for (const name of touched.names(this.#tables.services.byNameTopics)) this.#instances.delete(name)
    this.#topics.move(touched)
  }

  /** An instance with its node and checks; none while its node is missing. */
  #join(service: Service): readonly Instance[] {
    const name = service.node.toLowerCase()
    const node = this.#tables.nodes.named(name)
    if (node === undefined) return []
    const shared = this.#tables.checks.ofInstance(name, '')
    const own = this.#tables.checks.ofInstance(name, service.id)
    return [{ node, service, checks: own.length === 0 ? shared : [...shared, ...own] }]
  }

  #namedTopics(): CatalogReads['topics'] {
    const topics = this.#topics
    const { nodes, services, checks, coordinates, queries, sessions, kv } = this.#tables
    return {
      nodes: () => topics.table('nodes'),
      services: () => topics.table('services'),
      servicesOnNodes: () => topics.table('services-on-nodes'),
      service: name => topics.of(services.byNameTopics, name.toLowerCase()),
      node: nameOrId => {
        const found = nodes.find(nameOrId)
        if (found !== undefined) return topics.of(services.byNodeTopics, found.node.toLowerCase())
        // Who asked by id was given the index of the node that had it: begin behind the last change of any node.
        const atLeast = looksLikeId(nameOrId) ? topics.table('nodes').index : undefined
        return topics.of(services.byNodeTopics, nameOrId.toLowerCase(), atLeast)
      },
      serviceChecks: name => topics.of(checks.byServiceTopics, name.toLowerCase()),
      checkState: state => (state === 'any' ? topics.table('state:any') : topics.of(checks.byStateTopics, state)),
      coordinates: () => topics.table('coordinates'),
      coordinate: node => topics.of(coordinates.byNodeTopics, node.toLowerCase()),
      events: () => topics.table('events'),
      queries: () => topics.table('queries'),
      query: id => topics.of(queries.byIdTopics, id.toLowerCase()),
      kv: key => kv.keyTopics.find(key) ?? kv.keyTopics.get(key, kv.indexOf(key)),
      kvBelow: prefix => {
        const found = kv.prefixTopics.find(prefix)
        if (found !== undefined) return found
        kv.watch(prefix)
        return kv.prefixTopics.get(prefix, kv.indexBelow(prefix))
      },
      sessions: () => topics.table('sessions'),
      session: id => topics.of(sessions.byIdTopics, id.toLowerCase()),
      sessionsOfNode: node => topics.of(sessions.byNodeTopics, node.toLowerCase()),
      members: () => topics.table('members'),
      liveness: () => topics.table('liveness'),
      autopilot: () => topics.table('autopilot'),
      wanServers: () => topics.table('wan'),
      all: () => topics.table('all'),
    }
  }
}
