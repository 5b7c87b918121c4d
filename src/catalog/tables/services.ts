import { sameData } from '../../common/plain-data.js'
import type { Change } from '../../store/index.js'
import { canonicalAddress } from '../address.js'
import { Index } from '../bucket.js'
import { decodeService } from '../entry-codec.js'
import { serviceKey } from '../keys.js'
import { pair } from '../order.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import type { Service } from '../types.js'
import { RowStore } from './row-store.js'
import { ServiceNames, type NamedTags } from './service-names.js'
import type { Table } from './table.js'

/** Service instances. */
export interface ServiceReads {
  get(node: string, id: string): Service | undefined
  ofNode(node: string): readonly Service[]
  /** Services whose own address is this one, for PTR. */
  at(address: string): readonly Service[]
  /** Union of tags by registered service name, as `/v1/catalog/services` shows it. */
  names(): readonly NamedTags[]
  readonly topics: {
    /** Names and tags of all services: `/v1/catalog/services`. */
    names(): Topic
    /** Names and tags of services node by node, and the nodes' meta: `/v1/catalog/services?node-meta=`. */
    namesOnNodes(): Topic
  }
}

/** Service instances, by node, by name and by address. */
export class ServiceTable implements Table<ServiceReads>, ServiceReads {
  readonly prefix = 'service'
  readonly reads: ServiceReads = this
  readonly topics: ServiceReads['topics'] = {
    names: () => this.#registry.table('services'),
    namesOnNodes: () => this.#registry.table('services-on-nodes'),
  }
  /** Topics `service:<name>`. */
  readonly byNameTopics: TopicFamily
  /** Topics `node:<name>`; held here because the node table is built on this one. */
  readonly byNodeTopics: TopicFamily
  readonly #names = new ServiceNames()
  readonly #rows = new RowStore<Service>(decodeService, service => pair(service.node.toLowerCase(), service.id))
  readonly #byName = new Index<Service>()
  readonly #byNode = new Index<Service>()
  readonly #byAddress = new Index<Service>()
  readonly #registry: Topics

  constructor(registry: Topics, nodeExists: (node: string) => boolean) {
    this.#registry = registry
    this.byNameTopics = registry.family('service', name => this.#byName.has(name))
    this.byNodeTopics = registry.family('node', nodeExists)
  }

  get(node: string, id: string): Service | undefined {
    return this.#rows.get(serviceKey(node, id))
  }
  ofNode(node: string): readonly Service[] {
    return this.#byNode.values(node.toLowerCase())
  }
  names(): readonly NamedTags[] {
    return this.#names.list()
  }
  /** Instances of a name in lower case. */
  named(name: string): readonly Service[] {
    return this.#byName.values(name)
  }
  /** Whether anything runs on a node, whose name is in lower case. */
  runsOn(node: string): boolean {
    return this.#byNode.has(node)
  }
  at(address: string): readonly Service[] {
    return this.#byAddress.values(canonicalAddress(address))
  }

  /** Marks each service that has an instance on the node: the node itself, or a check of it, changed. */
  touchNode(node: string, touched: Touched): void {
    for (const service of this.#byNode.unordered(node)) touched.add(this.byNameTopics, service.name.toLowerCase())
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        const { key, value } = before
        this.#byName.remove(value.name.toLowerCase(), key)
        this.#byNode.remove(value.node.toLowerCase(), key)
        this.#byAddress.remove(canonicalAddress(value.address), key)
      }
      if (after !== undefined) {
        const { value } = after
        this.#byName.put(value.name.toLowerCase(), after)
        this.#byNode.put(value.node.toLowerCase(), after)
        if (value.address !== '') this.#byAddress.put(canonicalAddress(value.address), after)
      }
      this.#touch(before?.value, after?.value, touched)
    })
  }

  #touch(before: Service | undefined, after: Service | undefined, touched: Touched): void {
    for (const service of [before, after]) {
      if (service === undefined) continue
      touched.add(this.byNameTopics, service.name.toLowerCase())
      touched.add(this.byNodeTopics, service.node.toLowerCase())
    }
    if (before?.name === after?.name && sameData(before?.tags, after?.tags)) return
    touched.add(this.#registry.tables, 'services-on-nodes')
    this.#names.replace(before, after)
  }

  settle(touched: Touched): void {
    if (this.#names.settle()) touched.add(this.#registry.tables, 'services')
  }
}
