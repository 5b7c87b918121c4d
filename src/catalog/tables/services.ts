import type { Change } from '../../store/index.js'
import { canonicalAddress } from '../address.js'
import { Index } from '../bucket.js'
import { decodeService } from '../codec.js'
import { serviceKey } from '../keys.js'
import { pair } from '../order.js'
import { same } from '../same.js'
import type { Topics, TopicFamily, Touched } from '../topics.js'
import type { Service } from '../types.js'
import { RowStore } from './row-store.js'
import { ServiceNames } from './service-names.js'
import type { Table } from './table.js'

/** Service instances, by node, by name and by address. Names of nodes and services are asked for in lower case. */
export class ServiceTable implements Table {
  readonly prefix = 'service'
  /** Topics `service:<name>`. */
  readonly byNameTopics: TopicFamily
  /** Topics `node:<name>`; held here because the node table is built on this one. */
  readonly byNodeTopics: TopicFamily
  readonly names = new ServiceNames()
  readonly #rows = new RowStore<Service>(decodeService, service => pair(service.node.toLowerCase(), service.id))
  readonly #byName = new Index<Service>()
  readonly #byNode = new Index<Service>()
  readonly #byAddress = new Index<Service>()

  constructor(
    private readonly topics: Topics,
    nodeExists: (node: string) => boolean,
  ) {
    this.byNameTopics = topics.family('service', name => this.#byName.has(name))
    this.byNodeTopics = topics.family('node', nodeExists)
  }

  get(node: string, id: string): Service | undefined {
    return this.#rows.get(serviceKey(node, id))
  }
  ofNode(node: string): readonly Service[] {
    return this.#byNode.values(node)
  }
  named(name: string): readonly Service[] {
    return this.#byName.values(name)
  }
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
    if (before?.name === after?.name && same(before?.tags, after?.tags)) return
    touched.add(this.topics.tables, 'services-on-nodes')
    this.names.replace(before, after)
  }

  settle(touched: Touched): void {
    if (this.names.settle()) touched.add(this.topics.tables, 'services')
  }
}
