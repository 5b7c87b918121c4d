import type { Change } from '../../store/index.js'
import { canonicalAddress } from '../address.js'
import { Bucket, Index } from '../bucket.js'
import type { Row } from '../bucket.js'
import { decodeNode } from '../entry-codec.js'
import { nodeKey } from '../keys.js'
import { sameData } from '../../common/plain-data.js'
import { compareText } from '../../common/text-order.js'
import type { Topic, Topics, Touched } from '../topics.js'
import type { Node } from '../types.js'
import { RowStore } from './row-store.js'
import type { ServiceTable } from './services.js'
import type { Table } from './table.js'

/** Shortest prefix of a node id that is taken for one, in characters. */
const minIdPrefix = 4

/** Whether a text could be a node id or the beginning of one. */
const looksLikeId = (text: string): boolean =>
  text.length <= 36 && text.replaceAll('-', '').length >= minIdPrefix && /^[0-9a-f-]+$/i.test(text)

/** Nodes. */
export interface NodeReads {
  all(): readonly Node[]
  /** By name, full node id, or unique prefix (>= 4 hex digits) of a node id. */
  find(nameOrId: string): Node | undefined
  /** Nodes whose own address (`address` or one of the tagged ones) is this one, for PTR. */
  at(address: string): readonly Node[]
  readonly topics: {
    all(): Topic
    /** One node with its services and checks. */
    one(nameOrId: string): Topic
  }
}

/** Nodes by name, by id and by address. */
export class NodeTable implements Table<NodeReads>, NodeReads {
  readonly prefix = 'node'
  readonly reads: NodeReads = this
  readonly topics: NodeReads['topics'] = {
    all: () => this.#registry.table('nodes'),
    one: nameOrId => this.#topicOf(nameOrId),
  }
  readonly #rows = new RowStore<Node>(decodeNode, node => node.node.toLowerCase())
  readonly #all = new Bucket<Node>()
  readonly #byId = new Index<Node>()
  readonly #byAddress = new Index<Node>()
  #ids: readonly string[] | undefined
  readonly #registry: Topics
  readonly #services: ServiceTable

  constructor(registry: Topics, services: ServiceTable) {
    this.#registry = registry
    this.#services = services
  }

  all(): readonly Node[] {
    return this.#all.values()
  }
  /** The node of exactly this name. */
  named(name: string): Node | undefined {
    return this.#rows.get(nodeKey(name))
  }
  at(address: string): readonly Node[] {
    return this.#byAddress.values(canonicalAddress(address))
  }

  find(nameOrId: string): Node | undefined {
    return this.named(nameOrId) ?? (looksLikeId(nameOrId) ? this.#identified(nameOrId.toLowerCase()) : undefined)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) this.#forget(before)
      if (after !== undefined) this.#learn(after)
      this.#touch(before?.value, after?.value, touched)
    })
  }

  #topicOf(nameOrId: string): Topic {
    const topics = this.#services.byNodeTopics
    const found = this.find(nameOrId)
    if (found !== undefined) return this.#registry.of(topics, found.node.toLowerCase())
    // Readers by id have seen the index of the node that had the id. Start above the last change of any node, so that
    // the index never goes back.
    const atLeast = looksLikeId(nameOrId) ? this.topics.all().index : undefined
    return this.#registry.of(topics, nameOrId.toLowerCase(), atLeast)
  }

  #identified(prefix: string): Node | undefined {
    this.#ids ??= [...this.#byId.names()].sort(compareText)
    const first = lowerBound(this.#ids, prefix)
    const id = this.#ids[first]
    if (id?.startsWith(prefix) !== true) return undefined
    if (id !== prefix && this.#ids[first + 1]?.startsWith(prefix) === true) return undefined
    return this.#byId.values(id)[0]
  }

  #forget({ key, value }: Row<Node>): void {
    this.#all.delete(key)
    this.#ids = undefined
    this.#byId.remove(value.id.toLowerCase(), key)
    for (const address of addressesOf(value)) this.#byAddress.remove(address, key)
  }

  #learn(row: Row<Node>): void {
    this.#all.set(row)
    this.#ids = undefined
    if (row.value.id !== '') this.#byId.put(row.value.id.toLowerCase(), row)
    for (const address of addressesOf(row.value)) this.#byAddress.put(address, row)
  }

  #touch(before: Node | undefined, after: Node | undefined, touched: Touched): void {
    const name = (after ?? before)?.node.toLowerCase() ?? ''
    touched.add(this.#registry.tables, 'nodes')
    touched.add(this.#services.byNodeTopics, name)
    this.#services.touchNode(name, touched)
    if (this.#services.runsOn(name) && !sameData(before?.meta, after?.meta))
      touched.add(this.#registry.tables, 'services-on-nodes')
    if (before?.id !== after?.id)
      for (const node of [before, after]) this.#touchId(node?.id.toLowerCase() ?? '', touched)
  }

  /** Marks the topics of readers who asked for an id, or a prefix of one, that no node or several nodes had. */
  #touchId(id: string, touched: Touched): void {
    for (let length = minIdPrefix; length <= id.length; length++) {
      const prefix = id.slice(0, length)
      if (this.#services.byNodeTopics.find(prefix) !== undefined) touched.add(this.#services.byNodeTopics, prefix)
    }
  }
}

const addressesOf = (node: Node): ReadonlySet<string> =>
  new Set(
    [node.address, ...Object.values(node.taggedAddresses ?? {})]
      .filter(address => address !== '')
      .map(canonicalAddress),
  )

/** Where `text` is in the ordered list, or would be. */
function lowerBound(ordered: readonly string[], text: string): number {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareText(ordered[middle] ?? '', text) < 0) low = middle + 1
    else high = middle
  }
  return low
}
