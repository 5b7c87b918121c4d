import type { Change, Revision } from '../../store/index.js'
import { Bucket } from '../bucket.js'
import { decodeEvent } from '../events/event-codec.js'
import type { UserEvent } from '../events/types.js'
import type { Topic, Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** User events that are still delivered, the oldest first. */
export interface EventReads {
  all(): readonly UserEvent[]
  /** Those fired after a revision. */
  since(revision: Revision): readonly UserEvent[]
  readonly topics: {
    /** Moves with each user event that is fired. */
    all(): Topic
  }
}

/** User events by when they were fired. */
export class EventTable implements Table<EventReads>, EventReads {
  readonly prefix = 'event'
  readonly reads: EventReads = this
  readonly topics: EventReads['topics'] = { all: () => this.#registry.table('events') }
  readonly #rows = new RowStore<UserEvent>(
    decodeEvent,
    ({ created, id }) => `${String(created).padStart(16, '0')} ${id}`,
  )
  readonly #all = new Bucket<UserEvent>()
  readonly #registry: Topics

  constructor(registry: Topics) {
    this.#registry = registry
  }

  all(): readonly UserEvent[] {
    return this.#all.values()
  }

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
      // The expiry of an event (no `after`) wakes no readers.
      touched.add(this.#registry.tables, 'events')
    })
  }
}
