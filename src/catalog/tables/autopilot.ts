import type { Change } from '../../store/index.js'
import { autopilotKey } from '../keys.js'
import { decodeAutopilot } from '../members/codec.js'
import type { AutopilotRecord } from '../members/types.js'
import type { Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** What operators have set: autopilot's configuration. */
export class AutopilotTable implements Table {
  readonly prefix = 'autopilot'
  readonly #rows = new RowStore<AutopilotRecord>(decodeAutopilot, () => '')

  constructor(private readonly topics: Topics) {}

  get(): AutopilotRecord | undefined {
    return this.#rows.get(autopilotKey)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, () => {
      touched.add(this.topics.tables, 'autopilot')
    })
  }
}
