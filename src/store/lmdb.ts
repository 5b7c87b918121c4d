import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { systemClock } from '../common/clock.js'
import type { Duration } from '../common/duration.js'
import type { MusterError } from '../common/errors.js'
import { ensureFolder } from '../common/folder.js'
import { nextTurn } from '../common/next-turn.js'
import { hideFromChildren } from '../common/spawn.js'
import { EmbeddedStore } from './embedded.js'
import type { EmbeddedOptions, KeyFound, Opened } from './embedded.js'
import { damageOf, newestTransaction, valueIn } from './lmdb-check.js'
import { inheritableDescriptors } from './lmdb-descriptors.js'
import { lmdbEngine } from './lmdb-engine.js'
import { corrupt, openFailed } from './lmdb-errors.js'
import {
  assertRoomForLocks,
  coverPages,
  dataFile,
  dataFileIdentity,
  fileFault,
  hasDataFile,
  placeDataFile,
  removeUnfinished,
  unfinishedSuffix,
} from './lmdb-file.js'
import {
  damagedRecord,
  dropFile,
  foreignFormat,
  formatKey,
  hasFormerFormat,
  initialise,
  ownerKey,
  recordName,
  revisionOf,
  upgrade,
  type Database,
} from './lmdb-format.js'
import { pageSize } from './lmdb-pages.js'
import { decodeRecord, entryRange } from './lmdb-record.js'
import { becomeOwner, isHeld, locked, parseOwner, release, systemProcesses } from './owner.js'
import type { Owner } from './owner.js'
import type { LeaseId, Store } from './store.js'

/**
 * Address space for the map to begin with, no memory and no disk: the map grows by itself, this only makes that rare.
 */
const defaultMapSize = 256 * 1024 * 1024

/** How often a file is looked at again that seems damaged while somebody writes to it. */
const looksAtOnce = 5

export interface LmdbOptions extends EmbeddedOptions {
  /** Holds `data.mdb` and `lock.mdb`; made when it is missing. */
  readonly directory: string
  /** Bytes of address space to begin with; grows as needed. */
  readonly mapSize?: number
  /** Told when writes begin to fail, and (undefined) when they succeed again. */
  readonly report?: (fault: MusterError | undefined) => void
  /** Told the keys, for people, of damaged records that were dropped because the file `drop-damaged` asked for that. */
  readonly dropped?: (keys: readonly string[]) => void
}

/**
 * A durable store in a directory of this machine, for one agent at a time. Commits that come together are written in
 * one LMDB transaction and acknowledged after it was flushed to the disk. The bytes of a committed value belong to the
 * store: the caller must not change them afterwards.
 * @throws MusterError STORE_LOCKED naming the process that has the directory open, STORE_FORMAT when something else or
 *   a later version wrote it, STORE_FULL, or STORE_FAILED when it cannot be opened or is damaged.
 */
export async function openLmdbStore(options: LmdbOptions): Promise<Store> {
  const { directory } = options
  let database: Database | undefined
  let owner: Owner | undefined
  let restoreInheritance: (() => void) | undefined
  try {
    ensureFolder(directory, 0o700)
    await assertWhole(directory)
    assertRoomForLocks(directory)
    if (!hasDataFile(directory)) await create(directory)
    database = openDatabase(directory, options.mapSize ?? defaultMapSize)
    restoreInheritance = hideFromChildren(inheritableDescriptors(directory))
    const taken = takeOwnership(database, directory)
    owner = taken.owner
    removeUnfinished(directory)
    if (taken.former) upgrade(database, directory)
    return new EmbeddedStore(readAll(database, options, owner, restoreInheritance), options)
  } catch (thrown) {
    if (owner !== undefined) release(owner)
    await database?.close()
    restoreInheritance?.()
    throw openFailed(directory, thrown)
  }
}

/**
 * Looks at the files before LMDB does, which would follow what a damaged page says into memory that is not there.
 * @throws MusterError STORE_FAILED, or STORE_LOCKED when another process is at work on them
 */
async function assertWhole(directory: string): Promise<void> {
  const fault = fileFault(directory)
  if (fault !== undefined) throw corrupt(directory, fault)
  if (!hasDataFile(directory)) return
  const file = dataFile(directory)
  const holder = parseOwner(valueIn(file, ownerKey)?.toString() ?? '')
  if (holder !== undefined && isHeld(holder, systemProcesses)) throw locked(directory, holder)
  const found = valueIn(file, formatKey)?.toString()
  const foreign = foreignFormat(directory, found)
  if (found !== undefined && foreign !== undefined) throw foreign
  for (let look = 1; ; look++) {
    const before = newestTransaction(file)
    const damage = damageOf(file)
    if (damage === undefined) return
    if (damage.foreign && foreign !== undefined) throw foreign
    // A process in another container may write to the file while it is being checked.
    if (look === looksAtOnce || newestTransaction(file) === before) throw corrupt(directory, damage.what)
    await nextTurn()
  }
}

/**
 * Makes a store whose data file is there whole or not at all: an empty one then is a loss, and no start that was
 * interrupted.
 */
async function create(directory: string): Promise<void> {
  const unfinished = join(directory, `${randomUUID()}${unfinishedSuffix}`)
  try {
    mkdirSync(unfinished, { mode: 0o700 })
    const database = openDatabase(unfinished, 1024 * 1024)
    database.transactionSync(() => {
      initialise(database)
    })
    await database.close()
    placeDataFile(unfinished, directory)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function openDatabase(directory: string, mapSize: number): Database {
  const database: Database = open({
    path: directory,
    // Without this, lmdb takes a directory with a dot in its name for a file.
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    mapSize,
    pageSize,
    // A commit is then durable as soon as it is acknowledged, and a failed flush fails the commit.
    overlappingSync: false,
    // Groups are gathered above; gathering again leaves a rejected promise behind that nobody can handle when a write
    // fails.
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
 * Takes the directory for this process, in one write transaction, which LMDB lets only one process at a time have. A
 * holder that has died, or an earlier process with the same pid, is replaced. Tells whether the records have the format
 * before.
 */
function takeOwnership(database: Database, directory: string): { readonly owner: Owner; readonly former: boolean } {
  const owner = becomeOwner(systemProcesses)
  let former = false
  try {
    database.transactionSync(() => {
      former = hasFormerFormat(database, directory)
      const holder = parseOwner(database.get(ownerKey)?.toString() ?? '')
      if (holder !== undefined && isHeld(holder, systemProcesses)) throw locked(directory, holder)
      void database.put(ownerKey, Buffer.from(JSON.stringify(owner)))
    })
  } catch (thrown) {
    release(owner)
    throw thrown
  }
  return { owner, former }
}

function readAll(database: Database, options: LmdbOptions, owner: Owner, closed: () => void): Opened {
  const { directory, report = () => undefined, clock = systemClock } = options
  const present = revisionOf(database, directory)
  const keys: KeyFound[] = []
  const leases = new Map<LeaseId, Duration>()
  const damaged: Buffer[] = []
  for (const { key: databaseKey, value } of database.getRange(entryRange)) {
    const record = decodeRecord(databaseKey, value)
    if (record === undefined || record.state.modified > present) {
      damaged.push(Buffer.from(databaseKey))
      continue
    }
    const { key, state, ttl } = record
    keys.push({ key, state })
    if (state.lease !== undefined && ttl !== undefined) leases.set(state.lease, ttl)
  }
  drop(database, options, damaged)
  const engine = lmdbEngine({
    database,
    directory,
    identity: dataFileIdentity(directory),
    owner,
    closed,
    report,
    clock,
  })
  return { engine, revision: present, keys, leases }
}

/** @throws MusterError STORE_FAILED for damaged records, unless somebody has asked to go on without them, once */
function drop(database: Database, { directory, dropped }: LmdbOptions, damaged: readonly Buffer[]): void {
  const [first] = damaged
  if (!existsSync(dropFile(directory))) {
    if (first !== undefined) throw damagedRecord(directory, first)
    return
  }
  database.transactionSync(() => {
    for (const key of damaged) void database.remove(key)
  })
  rmSync(dropFile(directory))
  dropped?.(damaged.map(recordName))
}
