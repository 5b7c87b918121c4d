/** One entry of a saved state: a key of the store, its bytes, and the revisions that created and last changed it. */
export interface SnapshotRecord {
  readonly key: string
  readonly value: Uint8Array
  readonly created: number
  readonly modified: number
}

/** What `meta.json` of an archive says. Names are those of Consul's archives, so that the same tools can show them. */
export interface SnapshotMeta {
  /** Of the form that the records are written in. */
  readonly Version: number
  /** `<term>-<index>-<wall-clock ms>`. */
  readonly ID: string
  /** Revision of the store at which everything in it was read. */
  readonly Index: number
  readonly Term: number
  /** Bytes of the records. */
  readonly Size: number
  /** Version of muster that wrote it. */
  readonly Build: string
  readonly Datacenter: string
}

/** A state of the catalog that was saved at one revision. */
export interface SavedState {
  readonly meta: SnapshotMeta
  readonly records: readonly SnapshotRecord[]
}
