import type { ByteReader } from './byte-reader.js'
import type { SnapshotRecord } from './types.js'

/** First bytes of the records, so that another program's are told from damaged ones. */
const magic = Buffer.from('MUSTER\x00\x01')
/** Lengths of key and value, then the two revisions. */
const headBytes = 4 + 4 + 8 + 8

/** Records as bytes: a mark, then for each its lengths, revisions, key and value; numbers big-endian. */
export function packRecords(records: readonly SnapshotRecord[]): Buffer {
  const keys = records.map(({ key }) => Buffer.from(key))
  const size = records.reduce(
    (sum, { value }, i) => sum + headBytes + (keys[i]?.length ?? 0) + value.length,
    magic.length,
  )
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

/** Largest key and value of a record: far above what any store here takes in one write. */
const maxBytes = { key: 64 * 1024, value: 16 * 1024 * 1024 }

/**
 * Reads `size` bytes that {@link packRecords} has written, one record at a time.
 * @throws Error saying what is wrong with them
 */
export async function readRecords(
  bytes: ByteReader,
  size: number,
  on: (record: SnapshotRecord) => void,
): Promise<void> {
  if (!(await readOwn(bytes, size, on))) throw new Error('its state was not written by muster')
}

/** Reads the records of a state of muster's, and past the state of any other program, e.g. Consul's. */
export async function readPast(bytes: ByteReader, size: number): Promise<void> {
  if (await readOwn(bytes, size, () => undefined)) return
  for (let left = Math.max(0, size - magic.length); left > 0;) {
    const count = Math.min(left, pieceBytes)
    await bytes.take(count)
    left -= count
  }
}

/** How much of a foreign state is held at a time. */
const pieceBytes = 64 * 1024

/** False, with nothing read but the first bytes, for a state that muster has not written. */
async function readOwn(bytes: ByteReader, size: number, on: (record: SnapshotRecord) => void): Promise<boolean> {
  let left = size
  const take = (count: number): Promise<Buffer> => {
    left -= count
    if (left < 0) throw new Error('unexpected EOF')
    return bytes.take(count)
  }
  if (!(await take(Math.min(size, magic.length))).equals(magic)) return false
  while (left > 0) {
    const head = await take(headBytes)
    const [keyLength, valueLength] = [head.readUInt32BE(0), head.readUInt32BE(4)]
    if (keyLength === 0) throw new Error('a record has no key')
    if (keyLength > maxBytes.key || valueLength > maxBytes.value)
      throw new Error('a record is too large to be one of a catalog')
    const key = (await take(keyLength)).toString()
    on({
      key,
      value: await take(valueLength),
      created: Number(head.readBigUInt64BE(8)),
      modified: Number(head.readBigUInt64BE(16)),
    })
  }
  return true
}
