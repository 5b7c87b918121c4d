import { coordinateFault, type Coordinate } from '../../common/coordinate.js'
import type { Change, Entry, Revision } from '../../store/index.js'
import { Bucket } from '../bucket.js'
import { bytes, number, parse, text, unreadable } from '../fields.js'
import { coordinateKey } from '../keys.js'
import type { Topic, Topics, TopicFamily, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Where a node is in the space of round trips. */
export interface NodeCoordinate {
  readonly node: string
  readonly coordinate: Coordinate
  readonly created: Revision
  readonly modified: Revision
}

/** Bytes of a node's coordinate. */
export const encodeCoordinate = (node: string, { vec, error, adjustment, height }: Coordinate): Uint8Array =>
  bytes({ node, vec, error, adjustment, height })

/** The coordinate of an entry. @throws MusterError CATALOG_UNREADABLE */
function decodeCoordinate(entry: Entry): NodeCoordinate {
  const fields = parse(entry)
  const coordinate = {
    vec: Array.isArray(fields.vec) ? fields.vec.map(one => number(one, Number.NaN)) : [],
    error: number(fields.error, Number.NaN),
    adjustment: number(fields.adjustment, Number.NaN),
    height: number(fields.height, Number.NaN),
  }
  const fault = coordinateFault(coordinate)
  if (fault !== undefined) throw unreadable(entry.key, `is no coordinate: ${fault}`, undefined)
  return { node: text(fields.node), coordinate, created: entry.created, modified: entry.modified }
}

/** Network coordinates of nodes, by node name. */
export interface CoordinateReads {
  all(): readonly NodeCoordinate[]
  get(node: string): NodeCoordinate | undefined
  readonly topics: {
    all(): Topic
    one(node: string): Topic
  }
}

/** Network coordinates by node. */
export class CoordinateTable implements Table<CoordinateReads>, CoordinateReads {
  readonly prefix = 'coordinate'
  readonly reads: CoordinateReads = this
  readonly topics: CoordinateReads['topics'] = {
    all: () => this.#registry.table('coordinates'),
    one: node => this.#registry.of(this.#byNodeTopics, node.toLowerCase()),
  }
  /** Topics `coordinate:<node>`. */
  readonly #byNodeTopics: TopicFamily
  readonly #rows = new RowStore<NodeCoordinate>(decodeCoordinate, row => row.node)
  readonly #all = new Bucket<NodeCoordinate>()
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
    this.#byNodeTopics = registry.family('coordinate', node => this.get(node) !== undefined)
  }

  get(node: string): NodeCoordinate | undefined {
    return this.#rows.get(coordinateKey(node))
  }
  all(): readonly NodeCoordinate[] {
    return this.#all.values()
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) this.#all.delete(before.key)
      if (after !== undefined) this.#all.set(after)
      touched.add(this.#registry.tables, 'coordinates')
      const row = after ?? before
      if (row !== undefined) touched.add(this.#byNodeTopics, row.value.node.toLowerCase())
    })
  }
}
