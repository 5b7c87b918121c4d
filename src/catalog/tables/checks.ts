import type { Change } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import { decodeCheck } from '../entry-codec.js'
import { checkKey } from '../keys.js'
import { pair } from '../order.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import type { Check } from '../types.js'
import { RowStore } from './row-store.js'
import type { ServiceTable } from './services.js'
import type { Table } from './table.js'

/** Checks of nodes and services. */
export interface CheckReads {
  all(): readonly Check[]
  get(node: string, id: string): Check | undefined
  ofNode(node: string): readonly Check[]
  /** Checks of one service instance, node checks left out; service id '' gives those of the node itself. */
  ofInstance(node: string, serviceId: string): readonly Check[]
  /** Checks of a service's instances, node checks left out. */
  ofService(service: string): readonly Check[]
  /** Checks in a state; `any` gives all. */
  inState(state: string): readonly Check[]
  readonly topics: {
    ofService(service: string): Topic
    inState(state: string): Topic
  }
}

/** Checks by node, by the service instance they belong to, by service name and by state. */
export class CheckTable implements Table<CheckReads>, CheckReads {
  readonly prefix = 'check'
  readonly reads: CheckReads = this
  readonly topics: CheckReads['topics'] = {
    ofService: service => this.#registry.of(this.#byServiceTopics, service.toLowerCase()),
    inState: state =>
      state === 'any' ? this.#registry.table('state:any') : this.#registry.of(this.#byStateTopics, state),
  }
  /** Topics `checks:<service name>`. */
  readonly #byServiceTopics: TopicFamily
  /** Topics `state:<state>`. */
  readonly #byStateTopics: TopicFamily
  readonly #rows = new RowStore<Check>(decodeCheck, check => pair(check.node.toLowerCase(), check.id))
  readonly #all = new Bucket<Check>()
  readonly #byNode = new Index<Check>()
  readonly #byOwner = new Index<Check>()
  readonly #byServiceName = new Index<Check>()
  readonly #byState = new Index<Check>()

  readonly #registry: Topics
  readonly #services: ServiceTable

  constructor(registry: Topics, services: ServiceTable) {
    this.#registry = registry
    this.#services = services
    this.#byServiceTopics = registry.family('checks', name => this.#byServiceName.has(name))
    this.#byStateTopics = registry.family('state', state => this.#byState.has(state))
  }

  get(node: string, id: string): Check | undefined {
    return this.#rows.get(checkKey(node, id))
  }
  all(): readonly Check[] {
    return this.#all.values()
  }
  ofNode(node: string): readonly Check[] {
    return this.#byNode.values(node.toLowerCase())
  }
  ofInstance(node: string, serviceId: string): readonly Check[] {
    return this.#byOwner.values(pair(node.toLowerCase(), serviceId))
  }
  ofService(service: string): readonly Check[] {
    return this.#byServiceName.values(service.toLowerCase())
  }
  inState(state: string): readonly Check[] {
    return state === 'any' ? this.all() : this.#byState.values(state)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        const { key, value } = before
        this.#all.delete(key)
        this.#byNode.remove(value.node.toLowerCase(), key)
        this.#byOwner.remove(pair(value.node.toLowerCase(), value.serviceId), key)
        this.#byServiceName.remove(value.serviceName.toLowerCase(), key)
        this.#byState.remove(value.status, key)
      }
      if (after !== undefined) {
        const { value } = after
        this.#all.set(after)
        this.#byNode.put(value.node.toLowerCase(), after)
        this.#byOwner.put(pair(value.node.toLowerCase(), value.serviceId), after)
        if (value.serviceName !== '') this.#byServiceName.put(value.serviceName.toLowerCase(), after)
        this.#byState.put(value.status, after)
      }
      touched.add(this.#registry.tables, 'state:any')
      if (before !== undefined) this.#touch(before.value, touched)
      if (after !== undefined) this.#touch(after.value, touched)
    })
  }

  /**
   * The service is looked up as it is now: when its own change is in the same batch, before or after this one, that
   * change marks its names itself.
   */
  #touch(check: Check, touched: Touched): void {
    const node = check.node.toLowerCase()
    touched.add(this.#services.byNodeTopics, node)
    touched.add(this.#byStateTopics, check.status)
    if (check.serviceName !== '') touched.add(this.#byServiceTopics, check.serviceName.toLowerCase())
    if (check.serviceId === '') {
      this.#services.touchNode(node, touched)
      return
    }
    const service = this.#services.get(node, check.serviceId)
    if (service !== undefined) touched.add(this.#services.byNameTopics, service.name.toLowerCase())
  }
}
