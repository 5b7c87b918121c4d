import type { Revision } from '../../store/index.js'
import type { Revisions } from '../types.js'

/** What a write gives a KV entry. `flags` is an unsigned 64-bit number that means nothing to muster. */
export interface KvData {
  readonly key: string
  readonly flags: bigint
  readonly value: Uint8Array
}

/**
 * A KV entry in the catalog's memory. `session` is who holds it, '' for nobody; `lockIndex` counts how often it was
 * taken.
 */
export interface KvEntry extends KvData, Revisions {
  readonly value: Buffer
  readonly lockIndex: number
  readonly session: string
}

/** Who holds a KV entry, as it is stored. */
export interface LockData {
  readonly session: string
  readonly lockIndex: number
}

/** Who holds a KV entry, with the revision that said so. */
export interface Lock extends LockData {
  readonly modified: Revision
}
