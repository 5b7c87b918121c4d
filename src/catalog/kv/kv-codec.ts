import type { Entry } from '../../store/index.js'
import { unreadable } from '../fields.js'

/*
 * A KV value in the store is one byte that says what follows, the flags (8 bytes, big-endian) where they are not 0, and
 * the bytes of the value as they came.
 */
const withoutFlags = 0x00
const withFlags = 0x01

/** Flags and bytes of a KV key. */
export interface KvContent {
  readonly flags: bigint
  readonly value: Buffer
}

/** Bytes of a KV entry; a copy, so that nothing of a request's buffers is kept alive. */
export function encodeKv({ flags, value }: { readonly flags: bigint; readonly value: Uint8Array }): Buffer {
  const at = flags === 0n ? 1 : 9
  const bytes = Buffer.allocUnsafe(at + value.length)
  bytes[0] = flags === 0n ? withoutFlags : withFlags
  if (flags !== 0n) bytes.writeBigUInt64BE(flags, 1)
  bytes.set(value, at)
  return bytes
}

/** Reads what {@link assertKv} has accepted. The value is a view of the bytes. */
export function decodeKv(stored: Buffer): KvContent {
  return stored[0] === withoutFlags
    ? { flags: 0n, value: stored.subarray(1) }
    : { flags: stored.readBigUInt64BE(1), value: stored.subarray(9) }
}

/** The bytes of a KV entry as they stand in the store. @throws MusterError CATALOG_UNREADABLE when they are none */
export function assertKv({ key, value }: Entry): Buffer {
  const stored = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const known = stored[0] === withoutFlags || (stored[0] === withFlags && stored.length >= 9)
  if (!known) throw unreadable(key, 'is not a KV entry of a known format', undefined)
  return stored
}
