import type { Change, Entry } from '../../store/index.js'
import type { Row } from '../bucket.js'
import { changedKey } from './table.js'

/** What a change did to a row; either side may be missing. */
export interface Replaced<Value> {
  readonly before: Row<Value> | undefined
  readonly after: Row<Value> | undefined
}

/** The rows of a table by store key: decodes what comes in and tells what it replaced. */
export class RowStore<Value> {
  readonly #decode: (entry: Entry) => Value
  readonly #order: (value: Value) => string
  readonly #rows = new Map<string, Row<Value>>()

  constructor(decode: (entry: Entry) => Value, order: (value: Value) => string) {
    this.#decode = decode
    this.#order = order
  }

  get(key: string): Value | undefined {
    return this.#rows.get(key)?.value
  }

  /**
   * Applies a change and hands what it replaced to `then`, an unreadable value included: it counts as deleted, and is
   * thrown on.
   */
  apply(change: Change, then: (replaced: Replaced<Value>) => void): void {
    const key = changedKey(change)
    const before = this.#rows.get(key)
    if (change.kind === 'delete') {
      this.#rows.delete(key)
      then({ before, after: undefined })
      return
    }
    let value: Value
    try {
      value = this.#decode(change.entry)
    } catch (unreadable) {
      this.#rows.delete(key)
      then({ before, after: undefined })
      throw unreadable
    }
    const after = { key, order: this.#order(value), value }
    this.#rows.set(key, after)
    then({ before, after })
  }
}
