import type { Change } from '../../store/index.js'
import { Bucket, Index } from '../bucket.js'
import { memberKey } from '../keys.js'
import { decodeMember } from '../members/member-codec.js'
import type { MemberRecord } from '../members/types.js'
import { pair } from '../order.js'
import type { Topic, Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** Members of the datacenter. */
export interface MemberReads {
  /** All of them, those that failed or left included, by name. */
  all(): readonly MemberRecord[]
  /** The member with this node id. */
  get(id: string): MemberRecord | undefined
  /** Members of this name: one, and besides it those that had the name before and are not forgotten yet. */
  named(name: string): readonly MemberRecord[]
  readonly topics: {
    all(): Topic
  }
}

/** Members of the datacenter by node id and by name. */
export class MemberTable implements Table<MemberReads>, MemberReads {
  readonly prefix = 'member'
  readonly reads: MemberReads = this
  readonly topics: MemberReads['topics'] = { all: () => this.#registry.table('members') }
  readonly #rows = new RowStore<MemberRecord>(decodeMember, ({ info }) => pair(info.name.toLowerCase(), info.id))
  readonly #all = new Bucket<MemberRecord>()
  readonly #byName = new Index<MemberRecord>()
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
  }

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
      touched.add(this.#registry.tables, 'members')
    })
  }
}
