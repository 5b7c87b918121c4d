import type { Change } from '../../store/index.js'
import { decodeLeaseMark } from '../members/codec.js'
import type { LeaseMark } from '../members/types.js'
import type { Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Keys of one kind that are there as long as their leases live. Those that come and go move topic `liveness`. */
export class LeaseMarkTable implements Table {
  readonly #rows = new RowStore<LeaseMark>(decodeLeaseMark, () => '')

  constructor(
    private readonly topics: Topics,
    readonly prefix: string,
  ) {}

  /** By the whole store key. */
  get(storeKey: string): LeaseMark | undefined {
    return this.#rows.get(storeKey)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if ((before === undefined) !== (after === undefined)) touched.add(this.topics.tables, 'liveness')
    })
  }
}
