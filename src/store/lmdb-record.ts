import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { milliseconds } from '../common/duration.js'
import type { Duration } from '../common/duration.js'
import type { KeyState } from './decide.js'
import { revision } from './store.js'
import type { LeaseId, Revision } from './store.js'

/*
 * Layout of the LMDB database. Its keys begin with one byte that says what they are:
 *   m<name>         about the store itself: format, revision, owner
 *   k<key>          an entry whose key fits
 *   l<sha256(key)>  an entry whose key is longer than LMDB allows; the key stands in the record
 * A record is: kind and flags (1 byte), created (6), modified (6), with a lease its id (1 + n) and ttl (8), with a long
 * key the key (4 + n), then the value, and the CRC-32 of the database key and all that (4). Numbers are big-endian. The
 * store's revision ends with its own. In the format before, records have another kind, and neither has a checksum.
 */

/** LMDB's own limit at pages of 4 KiB is 1978 bytes, the first of which is ours. */
const maxDirectKeyLength = 1900

const recordKind = 0x20
/** A record of the format before: it has no checksum. */
const formerKind = 0x10
const hasLease = 0x01
const hasKey = 0x02
const fixedPart = 13
const checksumPart = 4

/** The range of database keys that hold entries. */
export const entryRange = { start: Buffer.from('k'), end: Buffer.from('m') } as const

/** The database key of something about the store itself. */
export const metaKey = (name: string): Buffer => Buffer.from(`m${name}`)

/** Where the store's revision stands. */
export const revisionKey = metaKey('revision')

/** The database key of an entry. */
export function entryKey(key: string): Buffer {
  const direct = Buffer.from(`k${key}`)
  if (direct.length <= maxDirectKeyLength) return direct
  return Buffer.concat([Buffer.from('l'), createHash('sha256').update(key).digest()])
}

const isDirect = (databaseKey: Uint8Array): boolean => databaseKey[0] === 0x6b

/** An entry's record as read back. `value` is a view of the bytes that were read. */
export interface DecodedRecord {
  readonly key: string
  readonly state: KeyState
  readonly ttl: Duration | undefined
  readonly value: Uint8Array
}

/** The bytes of a record to store under {@link entryKey}. `ttl` is the lease's, where there is one. */
export function encodeRecord(
  databaseKey: Buffer,
  key: string,
  state: KeyState,
  ttl: Duration | undefined,
  value: Uint8Array,
): Buffer {
  const lease = state.lease === undefined ? undefined : Buffer.from(state.lease)
  const longKey = isDirect(databaseKey) ? undefined : Buffer.from(key)
  const size =
    fixedPart + (lease === undefined ? 0 : 9 + lease.length) + (longKey === undefined ? 0 : 4 + longKey.length)
  const bytes = Buffer.allocUnsafe(size + value.byteLength + checksumPart)
  bytes[0] = recordKind | (lease === undefined ? 0 : hasLease) | (longKey === undefined ? 0 : hasKey)
  bytes.writeUIntBE(state.created, 1, 6)
  bytes.writeUIntBE(state.modified, 7, 6)
  let at = fixedPart
  if (lease !== undefined) {
    at = bytes.writeUInt8(lease.length, at)
    at += lease.copy(bytes, at)
    at = bytes.writeDoubleBE(ttl ?? 0, at)
  }
  if (longKey !== undefined) {
    at = bytes.writeUInt32BE(longKey.length, at)
    at += longKey.copy(bytes, at)
  }
  bytes.set(value, at)
  return sealed(databaseKey, bytes)
}

/** Puts the checksum into the last bytes. */
function sealed(databaseKey: Buffer, bytes: Buffer): Buffer {
  const end = bytes.length - checksumPart
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end), crc32(databaseKey)), end)
  return bytes
}

const isSealed = (databaseKey: Buffer, bytes: Buffer): boolean => {
  const end = bytes.length - checksumPart
  return end >= 0 && bytes.readUInt32BE(end) === crc32(bytes.subarray(0, end), crc32(databaseKey))
}

/**
 * The record with its checksum, of one that the format before has written; undefined when it is not of that format or
 * makes no sense.
 */
export function upgradedRecord(databaseKey: Buffer, former: Buffer): Buffer | undefined {
  const flags = former[0]
  if (flags === undefined || (flags & ~(hasLease | hasKey)) !== formerKind) return undefined
  const bytes = Buffer.concat([former, Buffer.alloc(checksumPart)])
  bytes[0] = (flags & ~formerKind) | recordKind
  sealed(databaseKey, bytes)
  return decodeRecord(databaseKey, bytes) === undefined ? undefined : bytes
}

/** When the record was last modified, without decoding the rest. */
export const recordModified = (bytes: Buffer): number =>
  bytes.length < fixedPart ? Number.NaN : bytes.readUIntBE(7, 6)

/** Reads a record back; undefined when its bytes are not those that were written. */
export function decodeRecord(databaseKey: Buffer, read: Buffer): DecodedRecord | undefined {
  if (!isSealed(databaseKey, read)) return undefined
  const bytes = read.subarray(0, read.length - checksumPart)
  const flags = bytes[0]
  if (bytes.length < fixedPart || flags === undefined || (flags & ~(hasLease | hasKey)) !== recordKind) return undefined
  const created = revision(bytes.readUIntBE(1, 6))
  const modified = revision(bytes.readUIntBE(7, 6))
  let at = fixedPart
  let lease: LeaseId | undefined
  let ttl: Duration | undefined
  if ((flags & hasLease) !== 0) {
    const length = bytes[at] ?? 0
    if (bytes.length < at + 9 + length) return undefined
    lease = bytes.toString('latin1', at + 1, at + 1 + length) as LeaseId
    ttl = milliseconds(bytes.readDoubleBE(at + 1 + length))
    at += 9 + length
  }
  let key = isDirect(databaseKey) ? databaseKey.toString('utf8', 1) : ''
  if ((flags & hasKey) !== 0) {
    if (bytes.length < at + 4) return undefined
    const length = bytes.readUInt32BE(at)
    if (bytes.length < at + 4 + length) return undefined
    key = bytes.toString('utf8', at + 4, at + 4 + length)
    at += 4 + length
  }
  if (key === '' || created < 1 || modified < created) return undefined
  return { key, state: { created, modified, lease }, ttl, value: bytes.subarray(at) }
}

/** The bytes of a store revision. */
export function encodeRevision(of: Revision): Buffer {
  const bytes = Buffer.allocUnsafe(6 + checksumPart)
  bytes.writeUIntBE(of, 0, 6)
  return sealed(revisionKey, bytes)
}

/** Reads a store revision; undefined when the bytes are not one. */
export const decodeRevision = (bytes: Buffer | undefined): Revision | undefined =>
  bytes?.length === 6 + checksumPart && isSealed(revisionKey, bytes) ? revision(bytes.readUIntBE(0, 6)) : undefined

/** Reads a store revision of the format before. */
export const decodeFormerRevision = (bytes: Buffer | undefined): Revision | undefined =>
  bytes?.length === 6 ? revision(bytes.readUIntBE(0, 6)) : undefined
