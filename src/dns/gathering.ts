import type { CatalogReads, Instance, Node, Topic, ViewKind } from '../catalog/index.js'
import type { Duration } from '../common/duration.js'
import type { Profile } from './profile.js'
import type { AnswerSet, DnsRecord } from './records.js'

/**
 * The client's address: prepared queries with `Near: "_ip"` sort by it. `subnet` is the address of the client subnet
 * option, if one was sent.
 */
export interface QueryClient {
  readonly address: string
  readonly subnet: string | undefined
}

/**
 * What a prepared query gave. `instances` are those to answer, health already looked at, in order; `ordered` keeps that
 * order (sorted by round trip), otherwise it is shuffled. `ttl` undefined: that of the service. `datacenter` is where
 * they are, undefined: here.
 */
export interface ResolvedQuery {
  readonly instances: readonly Instance[]
  readonly ttl: Duration | undefined
  readonly ordered?: boolean
  readonly datacenter?: string
}

/**
 * Prepared queries, by name (exact, then templates) or id; undefined when there is none. A promise where another
 * datacenter is asked.
 */
export interface PreparedQueries {
  resolve(nameOrId: string, client: QueryClient): ResolvedQuery | undefined | Promise<ResolvedQuery | undefined>
}

/**
 * Access rights of DNS: entries it may not read count as absent. `epoch` moves whenever an earlier decision may have
 * changed.
 */
export interface DnsAccess {
  readonly epoch: number
  node(name: string): boolean
  service(name: string): boolean
}

/** Parts of catalogs that have to be fetched before they can be answered from. */
export interface DnsViews {
  /** Whether a datacenter's catalog ('' for the local one) holds only what was asked about. */
  partial(datacenter: string): boolean
  /**
   * True when the catalog of that datacenter ('' for the local one) has what is asked about. Otherwise it is being
   * fetched, and the promise resolves with true once it is there, with false when it could not be had in time.
   */
  ready(datacenter: string, kind: ViewKind, name: string): true | Promise<boolean>
}

/** Where answers come from. */
export interface Sources {
  readonly catalog: CatalogReads
  /** The view of another datacenter by its lower-case name; undefined when it is not known. */
  readonly remote?: (datacenter: string) => CatalogReads | undefined
  readonly access?: DnsAccess
  readonly queries?: PreparedQueries
  /** Not given: the catalogs are whole. */
  readonly views?: DnsViews
}

/**
 * What was learned from elsewhere for a question, by {@link externalKey} and by query name. Empty at the first attempt.
 */
export interface Learned {
  readonly names: ReadonlyMap<string, readonly DnsRecord[]>
  readonly queries: ReadonlyMap<string, ResolvedQuery | undefined>
  /** Views that were asked for: whether they could be had. */
  readonly views: ReadonlyMap<string, boolean>
  /** A prepared query could not be run. */
  readonly failed: boolean
}

/** A name outside the zone that a recursor has to be asked for. */
export interface ExternalName {
  readonly name: string
  readonly type: 'A' | 'AAAA'
}

/** One key for a name and type. */
export const externalKey = ({ name, type }: ExternalName): string => `${type} ${name.toLowerCase()}`

/**
 * An answer from views is kept no longer than this, in ms: so each view that is in use is looked up, and not forgotten.
 */
const maxFromViews = 30_000

/**
 * Questions that one question may send to recursors, two for a name of which both families are wanted; a service of
 * hundreds of names keeps the rest as bare targets.
 */
const maxExternalQuestions = 32

/**
 * Reads the catalog for one question, and records what the answer depends on: its topics, how long it may be cached,
 * and data that must be fetched from other agents first. It reads memory only; the caller fetches the missing data and
 * tries again.
 */
export class Gathering {
  readonly #sources: Sources
  readonly profile: Profile
  readonly now: number
  readonly random: () => number
  readonly #client: QueryClient
  readonly #learned: Learned
  readonly inside: (gathering: Gathering, name: string, type: number, depth: number) => AnswerSet | undefined
  readonly topics = new Set<Topic>()
  /** Milliseconds for which the answer may be kept. */
  maxAge = Number.POSITIVE_INFINITY
  perClient = false
  /** Set when a datacenter's state is not there to answer from. */
  unavailable = false
  readonly wantedNames = new Map<string, ExternalName>()
  readonly wantedQueries = new Map<string, Promise<ResolvedQuery | undefined>>()
  readonly wantedViews = new Map<string, Promise<boolean>>()
  readonly #records = new Map<string, DnsRecord>()

  constructor(
    sources: Sources,
    profile: Profile,
    now: number,
    random: () => number,
    client: QueryClient,
    learned: Learned,
    /** Answers a name of the zone, for host names that lie in it; undefined for one that does not. */
    inside: (gathering: Gathering, name: string, type: number, depth: number) => AnswerSet | undefined,
  ) {
    this.#sources = sources
    this.profile = profile
    this.now = now
    this.random = random
    this.#client = client
    this.#learned = learned
    this.inside = inside
  }

  /** Whether a datacenter, '' for the local one, is this agent's own. */
  isLocal(datacenter: string): boolean {
    return datacenter === '' || datacenter === this.profile.datacenter.toLowerCase()
  }

  /** Whether a datacenter other than the local one is known. */
  isKnown(datacenter: string): boolean {
    return this.#catalog(datacenter) !== undefined
  }

  /** The instances of a service, healthy or not; undefined when the datacenter is not known. */
  instances(datacenter: string, service: string): readonly Instance[] | undefined {
    // The list of datacenters may have to be fetched first.
    if (!this.#isThere(datacenter, 'service', service)) return []
    const catalog = this.#catalog(datacenter)
    if (catalog === undefined) return undefined
    const { access } = this.#sources
    const found = catalog.health.instances(service)
    // For an unknown name depend on the topic of the whole table: a topic for each made-up name would cost memory.
    this.topics.add(found.length === 0 ? catalog.services.topics.names() : catalog.health.topics.instances(service))
    if (access === undefined) return found
    return found.filter(instance => access.service(instance.service.name) && access.node(instance.node.node))
  }

  node(datacenter: string, nameOrId: string): Node | undefined {
    if (!this.#isThere(datacenter, 'node', nameOrId)) return undefined
    const catalog = this.#catalog(datacenter)
    if (catalog === undefined) return undefined
    const node = catalog.nodes.find(nameOrId)
    // Whether an id's prefix is the only one of its kind depends on the whole table.
    this.topics.add(
      node?.node.toLowerCase() === nameOrId ? catalog.nodes.topics.one(node.node) : catalog.nodes.topics.all(),
    )
    return node === undefined || this.#sources.access?.node(node.node) === false ? undefined : node
  }

  /** The first name for an address in the local datacenter: a node's, else a service's. */
  nameOf(address: string): { readonly node: string } | { readonly service: string } | undefined {
    const { access } = this.#sources
    const catalog = this.#catalog('')
    if (catalog === undefined || !this.#isThere('', 'address', address)) return undefined
    const node = catalog.nodes.at(address).find(({ node: name }) => access?.node(name) !== false)
    this.topics.add(node === undefined ? catalog.topics.all() : catalog.nodes.topics.all())
    if (node !== undefined) return { node: node.node }
    const service = catalog.services.at(address).find(({ name }) => access?.service(name) !== false)
    return service === undefined ? undefined : { service: service.name }
  }

  /** A prepared query's outcome; undefined when there is none, or while it is still asked for. */
  query(name: string): ResolvedQuery | undefined {
    this.perClient = true
    this.maxAge = 0
    if (this.#sources.queries === undefined) return undefined
    if (this.#learned.failed) this.unavailable = true
    if (this.#learned.queries.has(name)) return this.#learned.queries.get(name)
    const outcome = this.#sources.queries.resolve(name, this.#client)
    if (!(outcome instanceof Promise)) return outcome
    this.wantedQueries.set(name, outcome)
    return undefined
  }

  /** The records of a name outside the zone, as far as recursors were asked; none without recursors. */
  external(wanted: ExternalName): readonly DnsRecord[] {
    if (!this.profile.recursionAvailable) return []
    this.maxAge = 0
    const known = this.#learned.names.get(externalKey(wanted))
    if (known === undefined && this.wantedNames.size < maxExternalQuestions)
      this.wantedNames.set(externalKey(wanted), wanted)
    return known ?? []
  }

  /** One record for one thing: asked for again, the same object comes back. */
  once(key: string, make: () => DnsRecord): DnsRecord {
    const known = this.#records.get(key)
    if (known !== undefined) return known
    const record = make()
    this.#records.set(key, record)
    return record
  }

  /** Says that the answer holds the present second, and so is right for the rest of it only. */
  datedNow(): number {
    this.keepFor(1000 - (this.now % 1000))
    return Math.floor(this.now / 1000)
  }

  keepFor(milliseconds: number): void {
    this.maxAge = Math.min(this.maxAge, milliseconds)
  }

  /** Whether a catalog has what is asked about; if not, it is wanted. */
  #isThere(datacenter: string, kind: ViewKind, name: string): boolean {
    const { views } = this.#sources
    const local = this.isLocal(datacenter) ? '' : datacenter
    if (views?.partial(local) !== true) return true
    this.keepFor(maxFromViews)
    const key = `${local} ${kind} ${name}`
    if (this.#learned.views.get(key) === false) {
      this.unavailable = true
      return false
    }
    const ready = views.ready(local, kind, name)
    if (ready === true) return true
    this.wantedViews.set(key, ready)
    return false
  }

  #catalog(datacenter: string): CatalogReads | undefined {
    const catalog = this.isLocal(datacenter) ? this.#sources.catalog : this.#sources.remote?.(datacenter)
    if (!this.isLocal(datacenter)) this.keepFor(1000)
    if (catalog !== undefined && !catalog.loaded) this.unavailable = true
    return catalog?.loaded === true ? catalog : undefined
  }
}
