import { ABORT } from 'lmdb'
import type { Clock, Timer } from '../common/clock.js'
import type { MusterError } from '../common/errors.js'
import type { Duration } from '../common/duration.js'
import type { Final } from './decide.js'
import type { Engine } from './embedded.js'
import { compareText } from '../common/text-order.js'
import { causeOfRejection, displaced, displacedCode, isInputOutput, writeFailed } from './lmdb-errors.js'
import { displacement, growthFault, type FileIdentity } from './lmdb-file.js'
import { damagedRecord, ownerKey, type Database } from './lmdb-format.js'
import {
  decodeRecord,
  encodeRecord,
  encodeRevision,
  entryKey,
  entryRange,
  recordModified,
  revisionKey,
} from './lmdb-record.js'
import { locked, parseOwner, release } from './owner.js'
import type { Owner } from './owner.js'
import type { Entry, LeaseId, Revision } from './store.js'

/**
 * Milliseconds between two looks at whether the data file is where it was: each write looks as well, but there may be
 * none.
 */
const lookEvery = 5_000

/** What the LMDB half of a store works with. */
export interface LmdbParts {
  readonly database: Database
  readonly directory: string
  /** The data file that is open. */
  readonly identity: FileIdentity
  /** This process, as it stands in the database. */
  readonly owner: Owner
  /** Called when its files are closed. */
  readonly closed: () => void
  /** Told when writes begin to fail, and (undefined) when they succeed again. */
  readonly report: (fault: MusterError | undefined) => void
  readonly clock: Clock
}

/** The LMDB half of the durable store: bytes in, bytes out. */
export const lmdbEngine = (parts: LmdbParts): Engine => new LmdbEngine(parts)

class LmdbEngine implements Engine {
  readonly name = 'lmdb'
  readonly #parts: LmdbParts
  /** Set by a failure after which nothing may be written any more. */
  #failure: MusterError | undefined
  /** What was last reported. */
  #reported: MusterError | undefined
  /** The last write failed. */
  #isFailing = false
  #timer: Timer | undefined

  constructor(parts: LmdbParts) {
    this.#parts = parts
    this.#lookLater()
  }

  fault(): MusterError | undefined {
    if (this.#failure !== undefined) return this.#failure
    const { directory, identity } = this.#parts
    const what = displacement(directory, identity)
    return what === undefined ? undefined : displaced(directory, what)
  }

  entries(modifiedAfter: number): Entry[] {
    const { database, directory } = this.#parts
    const entries: Entry[] = []
    let unordered = false
    for (const { key: databaseKey, value: bytes } of database.getRange(entryRange)) {
      if (recordModified(bytes) <= modifiedAfter) continue
      const record = decodeRecord(databaseKey, bytes)
      if (record === undefined) throw damagedRecord(directory, databaseKey)
      const {
        key,
        value,
        state: { created, modified },
      } = record
      entries.push({ key, value, created, modified })
      unordered ||= databaseKey[0] !== orderedPrefix
    }
    return unordered ? entries.sort((a, b) => compareText(a.key, b.key)) : entries
  }

  async write(
    finals: ReadonlyMap<string, Final>,
    revision: Revision,
    ttlOf: (lease: LeaseId) => Duration | undefined,
  ): Promise<void> {
    this.#assertOwned()
    const { database } = this.#parts
    const writes = [...finals].map(([key, final]) => {
      const databaseKey = entryKey(key)
      return {
        databaseKey,
        record: final && encodeRecord(databaseKey, key, final.state, leaseTtl(final, ttlOf), final.value),
      }
    })
    try {
      // A batch is one LMDB transaction. Nothing in it may throw, since the writes before would be committed.
      await database.batch(() => {
        for (const { databaseKey, record } of writes) {
          if (record === undefined) void database.remove(databaseKey)
          else void database.put(databaseKey, record)
        }
        void database.put(revisionKey, encodeRevision(revision))
      })
    } catch (rejection) {
      throw this.#tell(
        this.#failed(
          await causeOfRejection(rejection),
          writes.reduce((sum, { record }) => sum + (record?.length ?? 0), 0),
        ),
      )
    }
    this.#isFailing = false
  }

  async close(): Promise<void> {
    const { database, owner, closed } = this.#parts
    this.#timer?.cancel()
    try {
      if (this.#holds()) database.removeSync(ownerKey)
    } catch {
      // Ignore a full disk: the record then names a process that no longer runs, which counts as unlocked.
    }
    await database.close()
    closed()
    release(owner)
  }

  /** The error of a failed write of about so many bytes; finds out whether there can be another write. */
  #failed(cause: unknown, bytes: number): MusterError {
    const { database, directory } = this.#parts
    const error = writeFailed(
      directory,
      isInputOutput(cause) ? (growthFault(directory, 2 * bytes + probeBytes) ?? cause) : cause,
    )
    try {
      // LMDB begins no more transactions after a failed write of its meta pages.
      database.transactionSync(() => ABORT)
    } catch {
      this.#failure = error
    }
    return error
  }

  #holds(): boolean {
    return parseOwner(this.#parts.database.get(ownerKey)?.toString() ?? '')?.token === this.#parts.owner.token
  }

  /**
   * A process in another container may have taken a directory that both see, where neither sees the other's processes.
   * Two writers would destroy each other's revisions, so the earlier one stops. And what is written to a file that
   * nobody will find again is not kept: that ends when the file is back.
   */
  #assertOwned(): void {
    const { database, directory, owner } = this.#parts
    if (this.#failure === undefined && !this.#holds()) {
      const other = parseOwner(database.get(ownerKey)?.toString() ?? '')
      this.#failure = locked(directory, other ?? owner)
    }
    const fault = this.fault()
    if (fault !== undefined) throw this.#tell(fault)
  }

  /** Reports a fault: the same one again is no news. */
  #tell(fault: MusterError): MusterError {
    if (fault.message !== this.#reported?.message) this.#parts.report(fault)
    this.#reported = fault
    this.#isFailing = true
    return fault
  }

  /**
   * That it is over is told here, and not by the first write that succeeds: on a nearly full disk every other one may.
   */
  #lookLater(): void {
    this.#timer = this.#parts.clock.after(lookEvery, () => {
      const fault = this.fault()
      if (fault !== undefined) this.#tell(fault)
      else if (this.#reported !== undefined && (!this.#isFailing || this.#reported.code === displacedCode)) {
        this.#reported = undefined
        this.#parts.report(undefined)
      }
      this.#lookLater()
    })
  }
}

/** Room that a transaction may need beside its records, for the pages of the tree above them. */
const probeBytes = 1024 * 1024

/** First byte of the database keys that are in key order by themselves. */
const orderedPrefix = entryRange.start[0]

const leaseTtl = (final: NonNullable<Final>, ttlOf: (lease: LeaseId) => Duration | undefined): Duration | undefined =>
  final.state.lease === undefined ? undefined : ttlOf(final.state.lease)
