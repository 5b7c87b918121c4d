import type { SnapshotRecord } from './types.js'

/** First bytes of the records, so that another program's are told from damaged ones. */
const magic = Buffer.from('MUSTER\x00\x01')
/** Lengths of key and value, then the two revisions. */
const headBytes = 4 + 4 + 8 + 8

/** Records as bytes: a mark, then for each its lengths, revisions, key and value; numbers big-endian. */
export function packRecords(records: readonly SnapshotRecord[]): Buffer {
  const keys = records.map(({ key }) => Buffer.from(key))
  const size = records.reduce((sum, { value }, i) => sum + headBytes + (keys[i]?.length ?? 0) + value.length, magic.length)
  const bytes = Buffer.allocUnsafe(size)
  let at = magic.copy(bytes)
  for (const [i, { value, created, modified }] of records.entries()) {
    const key = keys[i] ?? Buffer.alloc(0)
    at = bytes.writeUInt32BE(key.length, at)
    at = bytes.writeUInt32BE(value.length, at)
    at = bytes.writeBigUInt64BE(BigInt(created), at)
    at = bytes.writeBigUInt64BE(BigInt(modified), at)
    at += key.copy(bytes, at)
    bytes.set(value, at)
    at += value.length
  }
  return bytes
}

/**
 * The records of {@link packRecords}; values are views of `bytes`.
 * @throws Error saying what is wrong with them
 */
export function unpackRecords(bytes: Buffer): readonly SnapshotRecord[] {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new Error('its state was not written by muster')
  const records: SnapshotRecord[] = []
  for (let at = magic.length; at < bytes.length;) {
    if (at + headBytes > bytes.length) throw new Error('unexpected EOF')
    const keyEnd = at + headBytes + bytes.readUInt32BE(at)
    const end = keyEnd + bytes.readUInt32BE(at + 4)
    if (end > bytes.length) throw new Error('unexpected EOF')
    records.push({
      key: bytes.toString('utf8', at + headBytes, keyEnd),
      value: bytes.subarray(keyEnd, end),
      created: Number(bytes.readBigUInt64BE(at + 8)),
      modified: Number(bytes.readBigUInt64BE(at + 16)),
    })
    at = end
  }
  return records
}
