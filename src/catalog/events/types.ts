import type { Revisions } from '../types.js'

/**
 * A user event as it is fired. Filters are RE2 expressions that each agent looks at for itself; '' for none. `payload`
 * is base64, '' for none.
 */
export interface EventData {
  /** A UUID. */
  readonly id: string
  readonly name: string
  readonly payload: string
  readonly nodeFilter: string
  readonly serviceFilter: string
  readonly tagFilter: string
}

/** A user event in the catalog's memory. The revision that created it is its place among all. */
export interface UserEvent extends EventData, Revisions {}
