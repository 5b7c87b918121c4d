import type { Change } from '../../store/index.js'
import { autopilotKey } from '../keys.js'
import { decodeAutopilot } from '../members/member-codec.js'
import type { AutopilotRecord } from '../members/types.js'
import type { Topic, Topics, Touched } from '../topics.js'
import { RowStore } from './row-store.js'
import type { Table } from './table.js'

/** What operators have set. */
export interface AutopilotReads {
  /** Autopilot's configuration, once somebody has set one. */
  get(): AutopilotRecord | undefined
  readonly topics: {
    all(): Topic
  }
}

/** What operators have set: autopilot's configuration. */
export class AutopilotTable implements Table<AutopilotReads>, AutopilotReads {
  readonly prefix = 'autopilot'
  readonly reads: AutopilotReads = this
  readonly topics: AutopilotReads['topics'] = { all: () => this.#registry.table('autopilot') }
  readonly #registry: Topics
  readonly #rows = new RowStore<AutopilotRecord>(decodeAutopilot, () => '')

  constructor(registry: Topics) {
    this.#registry = registry
  }

  get(): AutopilotRecord | undefined {
    return this.#rows.get(autopilotKey)
  }

  apply(change: Change, touched: Touched): void {
    this.#rows.apply(change, () => {
      touched.add(this.#registry.tables, 'autopilot')
    })
  }
}
