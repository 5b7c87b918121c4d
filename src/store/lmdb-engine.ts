import { ABORT } from 'lmdb'
import type { RootDatabase } from 'lmdb'
import type { MusterError } from '../common/errors.js'
import type { Duration } from '../common/duration.js'
import type { Final } from './decide.js'
import type { Engine } from './embedded.js'
import { compareKeys } from './key-order.js'
import { causeOfRejection, corrupt, isInputOutput, writeFailed } from './lmdb-errors.js'
import { growthFault } from './lmdb-file.js'
import { decodeRecord, encodeRecord, encodeRevision, entryKey, entryRange, metaKey, recordModified, revisionKey } from './lmdb-record.js'
import { locked, parseOwner, release } from './owner.js'
import type { Owner } from './owner.js'
import type { Entry, LeaseId, Revision } from './store.js'

export type Database = RootDatabase<Buffer, Buffer>

/** Where the process stands that has the database open. */
export const ownerKey = metaKey('owner')

/** The LMDB half of the durable store: bytes in, bytes out. `owner` is this process, as it stands in the database; `closed` is called when its files are. */
export const lmdbEngine = (database: Database, directory: string, owner: Owner, closed: () => void): Engine =>
  new LmdbEngine(database, directory, owner, closed)

class LmdbEngine implements Engine {
  readonly name = 'lmdb'
  readonly #database: Database
  readonly #directory: string
  readonly #owner: Owner
  readonly #closed: () => void
  /** Set by a failure after which nothing may be written any more. */
  #failure: MusterError | undefined

  constructor(database: Database, directory: string, owner: Owner, closed: () => void) {
    this.#database = database
    this.#directory = directory
    this.#owner = owner
    this.#closed = closed
  }

  writable(): boolean { return this.#failure === undefined }

  entries(modifiedAfter: number): Entry[] {
    const entries: Entry[] = []
    let unordered = false
    for (const { key: databaseKey, value: bytes } of this.#database.getRange(entryRange)) {
      if (recordModified(bytes) <= modifiedAfter) continue
      const record = decodeRecord(databaseKey, bytes)
      if (record === undefined) throw corrupt(this.#directory, `the record of key ${databaseKey.toString('latin1', 1, 80)} cannot be read`)
      const { key, value, state: { created, modified } } = record
      entries.push({ key, value, created, modified })
      unordered ||= databaseKey[0] !== orderedPrefix
    }
    return unordered ? entries.sort((a, b) => compareKeys(a.key, b.key)) : entries
  }

  async write(finals: ReadonlyMap<string, Final>, revision: Revision, ttlOf: (lease: LeaseId) => Duration | undefined): Promise<void> {
    this.#mustBeOurs()
    const writes = [...finals].map(([key, final]) => {
      const databaseKey = entryKey(key)
      return { databaseKey, record: final && encodeRecord(databaseKey, key, final.state, leaseTtl(final, ttlOf), final.value) }
    })
    try {
      // A batch is one transaction of LMDB, applied whole or not at all. Nothing in it may throw: what came before would stand.
      await this.#database.batch(() => {
        for (const { databaseKey, record } of writes) {
          if (record === undefined) void this.#database.remove(databaseKey)
          else void this.#database.put(databaseKey, record)
        }
        void this.#database.put(revisionKey, encodeRevision(revision))
      })
    } catch (rejection) {
      throw this.#failed(await causeOfRejection(rejection), writes.reduce((sum, { record }) => sum + (record?.length ?? 0), 0))
    }
  }

  async close(): Promise<void> {
    try {
      if (this.#holds()) this.#database.removeSync(ownerKey)
    } catch {
      // On a full disk the record stays, and names a process that will not be found alive.
    }
    await this.#database.close()
    this.#closed()
    release(this.#owner)
  }

  /** The error of a failed write of about so many bytes; finds out whether there can be another write. */
  #failed(cause: unknown, bytes: number): MusterError {
    const error = writeFailed(this.#directory, isInputOutput(cause) ? growthFault(this.#directory, 2 * bytes + probeBytes) ?? cause : cause)
    try {
      // LMDB refuses to begin a transaction once it could not keep its own first pages in order.
      this.#database.transactionSync(() => ABORT)
    } catch {
      this.#failure = error
    }
    return error
  }

  #holds(): boolean {
    return parseOwner(this.#database.get(ownerKey)?.toString() ?? '')?.token === this.#owner.token
  }

  /**
   * A process in another container may have taken a directory that both see, where neither sees the other's processes.
   * Two writers would destroy each other's revisions, so the earlier one stops.
   */
  #mustBeOurs(): void {
    if (this.#failure === undefined && !this.#holds()) {
      const other = parseOwner(this.#database.get(ownerKey)?.toString() ?? '')
      this.#failure = locked(this.#directory, other ?? this.#owner)
    }
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** Room that a transaction may need beside its records, for the pages of the tree above them. */
const probeBytes = 1024 * 1024

/** First byte of the database keys that are in key order by themselves. */
const orderedPrefix = entryRange.start[0]

const leaseTtl = (final: NonNullable<Final>, ttlOf: (lease: LeaseId) => Duration | undefined): Duration | undefined =>
  final.state.lease === undefined ? undefined : ttlOf(final.state.lease)
