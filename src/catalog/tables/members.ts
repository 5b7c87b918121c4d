import type { Change } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import { memberKey } from '../keys.js'
import { decodeMember } from '../members/codec.js'
import type { MemberRecord } from '../members/types.js'
import { pair } from '../order.js'
import type { Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Members of the datacenter by node id and by name. */
export class MemberTable implements Table {
  readonly prefix = 'member'
  readonly #rows = new RowStore<MemberRecord>(decodeMember, ({ info }) => pair(info.name.toLowerCase(), info.id))
  readonly #all = new Bucket<MemberRecord>()
  readonly #byName = new Index<MemberRecord>()

  constructor(private readonly topics: Topics) {}

  /** By name. */
  all(): readonly MemberRecord[] {
    return this.#all.values()
  }
  get(id: string): MemberRecord | undefined {
    return this.#rows.get(memberKey(id))
  }
  named(name: string): readonly MemberRecord[] {
    return this.#byName.values(name.toLowerCase())
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) {
        this.#all.delete(before.key)
        this.#byName.remove(before.value.info.name.toLowerCase(), before.key)
      }
      if (after !== undefined) {
        this.#all.set(after)
        this.#byName.put(after.value.info.name.toLowerCase(), after)
      }
      touched.add(this.topics.tables, 'members')
    })
  }
}
