import { open } from 'lmdb'
import type { Duration } from '../common/duration.js'
import { ensureFolder } from '../common/folder.js'
import { hideFromChildren } from '../common/spawn.js'
import { EmbeddedStore } from './embedded.js'
import type { EmbeddedOptions, KeyFound, Opened } from './embedded.js'
import { inheritableDescriptors } from './lmdb-descriptors.js'
import { lmdbEngine, ownerKey } from './lmdb-engine.js'
import type { Database } from './lmdb-engine.js'
import { corrupt, openFailed, unknownFormat } from './lmdb-errors.js'
import { assertRoomForLocks, coverPages, headerFault, pageSize } from './lmdb-file.js'
import { decodeRecord, decodeRevision, encodeRevision, entryRange, metaKey, revisionKey } from './lmdb-record.js'
import { becomeOwner, isHeld, locked, parseOwner, release, systemProcesses } from './owner.js'
import type { Owner } from './owner.js'
import { revision } from './store.js'
import type { LeaseId, Store } from './store.js'

/** Written into every database; a later layout gets another number. */
const format = 'muster-store-1'
const formatKey = metaKey('format')

/** Address space for the map to begin with, no memory and no disk: the map grows by itself, this only makes that rare. */
const defaultMapSize = 256 * 1024 * 1024

export interface LmdbOptions extends EmbeddedOptions {
  /** Holds `data.mdb` and `lock.mdb`; made when it is missing. */
  readonly directory: string
  /** Bytes of address space to begin with; grows as needed. */
  readonly mapSize?: number
}

/**
 * A durable store in a directory of this machine, for one agent at a time. Commits that come together are written in one LMDB
 * transaction and acknowledged after it was flushed to the disk. The bytes of a committed value belong to the store: the
 * caller must not change them afterwards.
 * @throws MusterError STORE_LOCKED naming the process that has the directory open, STORE_FORMAT when something else or a later
 * version wrote it, STORE_FULL, or STORE_FAILED when it cannot be opened or is damaged.
 */
export async function openLmdbStore(options: LmdbOptions): Promise<Store> {
  const { directory } = options
  let database: Database | undefined
  let owner: Owner | undefined
  let showAgain: (() => void) | undefined
  try {
    ensureFolder(directory, 0o700)
    const fault = headerFault(directory)
    if (fault !== undefined) throw corrupt(directory, fault)
    assertRoomForLocks(directory)
    database = openDatabase(directory, options.mapSize ?? defaultMapSize)
    showAgain = hideFromChildren(inheritableDescriptors(directory))
    owner = takeOwnership(database, directory)
    return new EmbeddedStore(readAll(database, directory, owner, showAgain), options)
  } catch (thrown) {
    if (owner !== undefined) release(owner)
    await database?.close()
    showAgain?.()
    throw openFailed(directory, thrown)
  }
}

function openDatabase(directory: string, mapSize: number): Database {
  const database: Database = open({
    path: directory,
    // Otherwise a directory with a dot in its name is taken for a file.
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    mapSize,
    pageSize,
    // A commit is then durable as soon as it is acknowledged, and a failed flush fails the commit.
    overlappingSync: false,
    // Groups are gathered above; gathering again leaves a rejected promise behind that nobody can handle when a write fails.
    eventTurnBatching: false,
  })
  coverPages(directory, (database as unknown as Geometry).env.info().lastPageNumber)
  return database
}

/** The part of the database object that tells its geometry; the package's types leave it out. */
interface Geometry {
  readonly env: { info(): { readonly lastPageNumber: number } }
}

/**
 * Takes the directory for this process, in one write transaction, which LMDB lets only one process at a time have. A holder
 * that has died, or an earlier process with the same pid, is replaced.
 */
function takeOwnership(database: Database, directory: string): Owner {
  const owner = becomeOwner(systemProcesses)
  try {
    database.transactionSync(() => {
      checkFormat(database, directory)
      const holder = parseOwner(database.get(ownerKey)?.toString() ?? '')
      if (holder !== undefined && isHeld(holder, systemProcesses)) throw locked(directory, holder)
      void database.put(ownerKey, Buffer.from(JSON.stringify(owner)))
    })
  } catch (thrown) {
    release(owner)
    throw thrown
  }
  return owner
}

function checkFormat(database: Database, directory: string): void {
  const found = database.get(formatKey)?.toString()
  if (found === format) return
  if (found !== undefined) throw unknownFormat(directory, found, format)
  for (const _ of database.getKeys({ limit: 1 })) throw unknownFormat(directory, 'of another program', format)
  void database.put(formatKey, Buffer.from(format))
  // Revision 1 is the empty store, as in etcd: an index is never 0.
  void database.put(revisionKey, encodeRevision(revision(1)))
}

function readAll(database: Database, directory: string, owner: Owner, closed: () => void): Opened {
  const present = decodeRevision(database.get(revisionKey))
  if (present === undefined) throw corrupt(directory, 'it has no revision')
  const keys: KeyFound[] = []
  const leases = new Map<LeaseId, Duration>()
  for (const { key: databaseKey, value } of database.getRange(entryRange)) {
    const record = decodeRecord(databaseKey, value)
    if (record === undefined || record.state.modified > present) {
      throw corrupt(directory, `the record of key ${databaseKey.toString('latin1', 1, 80)} cannot be read`)
    }
    const { key, state, ttl } = record
    keys.push({ key, state })
    if (state.lease !== undefined && ttl !== undefined) leases.set(state.lease, ttl)
  }
  return { engine: lmdbEngine(database, directory, owner, closed), revision: present, keys, leases }
}
