import type { Change, Revision } from '../../store/index.js'
import { Bucket } from '../bucket.js'
import { decodeEvent } from '../events/codec.js'
import type { UserEvent } from '../events/types.js'
import type { Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** User events that are still delivered, the oldest first. */
export class EventTable implements Table {
  readonly prefix = 'event'
  readonly #rows = new RowStore<UserEvent>(
    decodeEvent,
    ({ created, id }) => `${String(created).padStart(16, '0')} ${id}`,
  )
  readonly #all = new Bucket<UserEvent>()

  constructor(private readonly topics: Topics) {}

  all(): readonly UserEvent[] {
    return this.#all.values()
  }

  /** Those fired after a revision. */
  since(revision: Revision): readonly UserEvent[] {
    const all = this.all()
    const first = all.findIndex(({ created }) => created > revision)
    return first < 0 ? [] : all.slice(first)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, ({ before, after }) => {
      if (before !== undefined) this.#all.delete(before.key)
      if (after === undefined) return
      this.#all.set(after)
      // That one runs out is no news.
      touched.add(this.topics.tables, 'events')
    })
  }
}
