import type { Tables } from './tables.js'
import type { Topic, Topics, Touched } from './topics.js'
import type { Instance, Service } from './types.js'

/** What is known of services with all that decides their health: nodes, services and checks joined. */
export interface HealthReads {
  /** All instances of a service, by node name then service id (byte order). */
  instances(service: string): readonly Instance[]
  readonly topics: {
    /** One service: its instances, their checks, and the nodes they run on (address, meta, node checks). */
    instances(service: string): Topic
  }
}

/** Joins services with their nodes and checks. */
export class ServiceHealth implements HealthReads {
  readonly #tables: Pick<Tables, 'nodes' | 'services' | 'checks'>
  /** Joined instances by service, kept until the service's topic moves: the hot path of DNS and HTTP. */
  readonly #instances = new Map<string, readonly Instance[]>()
  readonly topics: HealthReads['topics']

  constructor(registry: Topics, tables: Pick<Tables, 'nodes' | 'services' | 'checks'>) {
    this.#tables = tables
    this.topics = { instances: service => registry.of(tables.services.byNameTopics, service.toLowerCase()) }
  }

  instances(service: string): readonly Instance[] {
    const name = service.toLowerCase()
    const kept = this.#instances.get(name)
    if (kept !== undefined) return kept
    const joined = this.#tables.services.named(name).flatMap(instance => this.#join(instance))
    if (joined.length > 0) this.#instances.set(name, joined)
    return joined
  }

  /** Drops the joined instances that a batch of changes made outdated. */
  forget(touched: Touched): void {
    for (const name of touched.names(this.#tables.services.byNameTopics)) this.#instances.delete(name)
  }

  /** An instance with its node and checks; none while its node is missing. */
  #join(service: Service): readonly Instance[] {
    const node = this.#tables.nodes.named(service.node)
    if (node === undefined) return []
    const shared = this.#tables.checks.ofInstance(service.node, '')
    const own = this.#tables.checks.ofInstance(service.node, service.id)
    return [{ node, service, checks: own.length === 0 ? shared : [...shared, ...own] }]
  }
}
