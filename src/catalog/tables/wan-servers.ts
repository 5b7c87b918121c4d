import type { Change } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import { decodeWanServer } from '../members/member-codec.js'
import type { WanServer } from '../members/types.js'
import { pair } from '../order.js'
import type { Topic, Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Servers of other datacenters. */
export interface WanServerReads {
  all(): readonly WanServer[]
  of(datacenter: string): readonly WanServer[]
  readonly topics: {
    all(): Topic
  }
}

/** Servers of other datacenters, by datacenter and node id. */
export class WanServerTable implements Table<WanServerReads>, WanServerReads {
  readonly prefix = 'wan'
  readonly reads: WanServerReads = this
  readonly topics: WanServerReads['topics'] = { all: () => this.#registry.table('wan') }
  readonly #rows = new RowStore<WanServer>(decodeWanServer, ({ info }) => pair(info.datacenter, info.id))
  readonly #all = new Bucket<WanServer>()
  readonly #byDatacenter = new Index<WanServer>()
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
  }

  all(): readonly WanServer[] {
    return this.#all.values()
  }
  of(datacenter: string): readonly WanServer[] {
    return this.#byDatacenter.values(datacenter)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        this.#all.delete(before.key)
        this.#byDatacenter.remove(before.value.info.datacenter, before.key)
      }
      if (after !== undefined) {
        this.#all.set(after)
        this.#byDatacenter.put(after.value.info.datacenter, after)
      }
      touched.add(this.#registry.tables, 'wan')
    })
  }
}
