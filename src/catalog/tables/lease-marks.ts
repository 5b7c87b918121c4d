import type { Change } from '../../store/index.js'
import { decodeLeaseMark } from '../members/member-codec.js'
import type { LeaseMark } from '../members/types.js'
import type { Topic, Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Marks that are there as long as their leases live, by what they mark: `Name` is empty where there is one only. */
export interface LeaseMarkReads<Name extends readonly string[]> {
  get(...name: Name): LeaseMark | undefined
  readonly topics: {
    /** Moves when the lease of a member, or of the steward, begins or ends. */
    liveness(): Topic
  }
}

/** Keys of one kind that are there as long as their leases live. Those that come and go move topic `liveness`. */
export class LeaseMarkTable<Name extends readonly string[]>
  implements Table<LeaseMarkReads<Name>>, LeaseMarkReads<Name>
{
  readonly prefix: string
  readonly reads: LeaseMarkReads<Name> = this
  readonly topics: LeaseMarkReads<Name>['topics'] = { liveness: () => this.#registry.table('liveness') }
  readonly #rows = new RowStore<LeaseMark>(decodeLeaseMark, () => '')
  readonly #registry: Topics
  readonly #keyOf: (...name: Name) => string

  /** @param keyOf the store key of a mark */
  constructor(registry: Topics, prefix: string, keyOf: (...name: Name) => string) {
    this.#registry = registry
    this.prefix = prefix
    this.#keyOf = keyOf
  }

  get(...name: Name): LeaseMark | undefined {
    return this.#rows.get(this.#keyOf(...name))
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if ((before === undefined) !== (after === undefined)) touched.add(this.#registry.tables, 'liveness')
    })
  }
}
