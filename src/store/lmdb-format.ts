import { join } from 'node:path'
import type { RootDatabase } from 'lmdb'
import type { MusterError } from '../common/errors.js'
import { corrupt, unknownFormat } from './lmdb-errors.js'
import {
  decodeFormerRevision,
  decodeRevision,
  encodeRevision,
  entryRange,
  metaKey,
  revisionKey,
  upgradedRecord,
} from './lmdb-record.js'
import { revision } from './store.js'
import type { Revision } from './store.js'

export type Database = RootDatabase<Buffer, Buffer>

/** Written into every database; a later layout gets another number. */
const format = 'muster-store-2'
/** The format before: records and the revision without checksums. It is brought to this one when a store is opened. */
const former = 'muster-store-1'
/** Where the format stands. */
export const formatKey = metaKey('format')

/** Where the process stands that has the database open. */
export const ownerKey = metaKey('owner')

/** Records that are given their checksums in one transaction. */
const upgradedAtOnce = 5_000

/** Makes an empty database a store; called within a transaction. */
export function initialise(database: Database): void {
  void database.put(formatKey, Buffer.from(format))
  // Revision 1 is the empty store, as in etcd: an index is never 0.
  void database.put(revisionKey, encodeRevision(revision(1)))
}

/**
 * Whether a database's records have the format before this one. One that is empty becomes a store; called within a
 * transaction.
 * @throws MusterError STORE_FORMAT when something else or a later version wrote it
 */
export function hasFormerFormat(database: Database, directory: string): boolean {
  const found = database.get(formatKey)?.toString()
  if (found === format || found === former) return found === former
  const foreign = foreignFormat(directory, found)
  for (const _ of database.getKeys({ limit: 1 })) if (foreign !== undefined) throw foreign
  initialise(database)
  return false
}

/** What is said of a database without a format that this version knows; undefined when it knows it. */
export function foreignFormat(directory: string, found: string | undefined): MusterError | undefined {
  return found === format || found === former
    ? undefined
    : unknownFormat(directory, found ?? 'of another program', format)
}

/**
 * Gives all records their checksums, some thousands in each transaction; the format is the last to change, so that what
 * a kill has interrupted is done again.
 * @throws MusterError STORE_FAILED for a record that makes no sense
 */
export function upgrade(database: Database, directory: string): void {
  const present = decodeFormerRevision(database.get(revisionKey))
  if (present === undefined) throw corrupt(directory, 'it has no revision')
  let from: Buffer | undefined = entryRange.start
  while (from !== undefined) from = upgradeSome(database, directory, from)
  database.transactionSync(() => {
    void database.put(revisionKey, encodeRevision(present))
    void database.put(formatKey, Buffer.from(format))
  })
}

/** The key to go on with; undefined at the end. */
function upgradeSome(database: Database, directory: string, start: Buffer): Buffer | undefined {
  const some = [...database.getRange({ start, end: entryRange.end, limit: upgradedAtOnce + 1 })].map(
    ({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }),
  )
  const next = some.length > upgradedAtOnce ? some.pop()?.key : undefined
  database.transactionSync(() => {
    for (const { key, value } of some) {
      const record = upgradedRecord(key, value)
      if (record === undefined) throw damagedRecord(directory, key)
      void database.put(key, record)
    }
  })
  return next
}

/** @throws MusterError STORE_FAILED */
export function revisionOf(database: Database, directory: string): Revision {
  const present = decodeRevision(database.get(revisionKey))
  if (present === undefined) throw corrupt(directory, 'its revision is missing or not what was written (checksum)')
  return present
}

/** A file in a store's directory that asks for a start without the records that are damaged. */
export const dropFile = (directory: string): string => join(directory, 'drop-damaged')

/** A record is not what was written: names its key, as far as it can be shown. */
export const damagedRecord = (directory: string, databaseKey: Buffer): MusterError =>
  corrupt(
    directory,
    `the record of key ${recordName(databaseKey)} is not what was written (checksum)`,
    undefined,
    `; or make the empty file ${dropFile(directory)} and start again to go on without the damaged records`,
  )

/** The key of a record in quotes, for people. Keys are anybody's text: nothing of it may act on a terminal. */
export const recordName = (databaseKey: Buffer): string =>
  databaseKey[0] === 0x6b
    ? JSON.stringify(databaseKey.toString('utf8', 1, 200))
    : `with the long name of hash ${databaseKey.toString('hex', 1)}`
