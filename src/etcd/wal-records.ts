import { MalformedMessage, Reader, Writer } from '../common/protobuf.js'

/*
 * etcd's write-ahead log as it is on the disk (3.4 to 3.6, `wal/encoder.go`, `walpb/record.proto`,
 * `raftpb/raft.proto`): records one after the other, each with a length in eight bytes and padded to a multiple of
 * eight, in files that are preallocated with zeros.
 */

/** Kinds of records (`wal.go`). A checksum record opens each file, with the sum that the one before ended with. */
const kinds = { metadata: 1, entry: 2, state: 3, checksum: 4, snapshot: 5 } as const

/** Where an entry is in Raft's log. */
export interface EntryPlace {
  readonly term: number
  readonly index: number
}

/** What Raft has to remember of itself, `HardState`. `vote` is the id of a member: any 64 bits. */
export interface RaftState {
  readonly term: bigint
  readonly vote: bigint
  readonly commit: bigint
}

/** What one file of the log says: the last of each. */
export interface WalPart {
  readonly entry: EntryPlace | undefined
  /**
   * The newest snapshot of those that are noted: of the own state, as taken now and then, or of another member's, which
   * stands for all entries up to it.
   */
  readonly snapshot: EntryPlace | undefined
  readonly state: RaftState | undefined
  /** Where the next record goes, and the sum that it goes on from. */
  readonly end: number
  readonly checksum: number
  /** Nothing but zeros stands behind the last record that can be read. */
  readonly isClean: boolean
}

/** Reads one file of the log up to where it ends or cannot be read any more. */
export function readWalPart(bytes: Buffer): WalPart {
  let entry: EntryPlace | undefined
  let snapshot: EntryPlace | undefined
  let state: RaftState | undefined
  let checksum = 0
  let at = 0
  const part = (isClean: boolean): WalPart => ({ entry, snapshot, state, end: at, checksum, isClean })
  while (at + 8 <= bytes.length) {
    const frame = readFrame(bytes, at)
    if (frame === undefined) return part(!bytes.subarray(at).some(byte => byte !== 0))
    const { kind, sum, data } = frame
    // The first record only says from where the sums go on.
    const expected =
      kind === kinds.checksum && at === 0 ? sum : crc32c(checksum, kind === kinds.checksum ? noBytes : data)
    if (sum !== expected || kind < kinds.metadata || kind > kinds.snapshot) return part(false)
    checksum = sum
    const fields =
      kind === kinds.entry || kind === kinds.state || kind === kinds.snapshot ? readFields(data) : undefined
    if (kind === kinds.entry)
      entry = { term: Number(fields?.numbers.get(2) ?? 0n), index: Number(fields?.numbers.get(3) ?? 0n) }
    else if (kind === kinds.state)
      state = {
        term: fields?.numbers.get(1) ?? 0n,
        vote: fields?.numbers.get(2) ?? 0n,
        commit: fields?.numbers.get(3) ?? 0n,
      }
    else if (kind === kinds.snapshot)
      snapshot = { index: Number(fields?.numbers.get(1) ?? 0n), term: Number(fields?.numbers.get(2) ?? 0n) }
    at = frame.end
  }
  return part(true)
}

/** A record of Raft's state as it is appended to a file that ends with `checksum`. */
export function stateRecord({ term, vote, commit }: RaftState, checksum: number): Buffer {
  const written = new Writer()
  written.unsigned(3, commit)
  written.unsigned(2, vote)
  written.unsigned(1, term)
  const data = written.finish()
  const framed = new Writer()
  framed.bytes(3, data)
  framed.alternative(2, crc32c(checksum, data))
  framed.alternative(1, kinds.state)
  const record = framed.finish()
  const padding = (8 - (record.length % 8)) % 8
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(record.length) | (padding === 0 ? 0n : BigInt(0x80 | padding) << 56n))
  return Buffer.concat([length, record, Buffer.alloc(padding)])
}

interface Frame {
  readonly kind: number
  readonly sum: number
  readonly data: Buffer
  readonly end: number
}

/** Undefined: there is no whole record at this place. */
function readFrame(bytes: Buffer, at: number): Frame | undefined {
  const field = bytes.readBigUInt64LE(at)
  if (field === 0n) return undefined
  const length = Number(field & 0x00ff_ffff_ffff_ffffn)
  const padding = field >> 63n === 1n ? Number((field >> 56n) & 7n) : 0
  const end = at + 8 + length + padding
  if (end > bytes.length) return undefined
  const fields = readFields(bytes.subarray(at + 8, at + 8 + length))
  const kind = fields?.numbers.get(1)
  const sum = fields?.numbers.get(2)
  if (fields === undefined || kind === undefined || sum === undefined) return undefined
  return { kind: Number(kind), sum: Number(sum), data: fields.bytes.get(3) ?? noBytes, end }
}

interface Fields {
  readonly numbers: ReadonlyMap<number, bigint>
  readonly bytes: ReadonlyMap<number, Buffer>
}

/**
 * The varints and byte strings of a protobuf message; these messages have no other fields. Undefined for what is no
 * such message.
 */
function readFields(message: Buffer): Fields | undefined {
  const numbers = new Map<number, bigint>()
  const bytes = new Map<number, Buffer>()
  const reader = new Reader(message)
  try {
    while (reader.more) {
      const tag = reader.tag()
      const field = tag >>> 3
      const wireType = tag & 7
      if (wireType === 0) numbers.set(field, reader.unsigned())
      else if (wireType === 2) bytes.set(field, reader.bytes())
      else return undefined
    }
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined
    throw error
  }
  return { numbers, bytes }
}

const noBytes = Buffer.alloc(0)

/** CRC-32 with Castagnoli's polynomial (RFC 3720, appendix B.4), going on from a former sum. */
export function crc32c(from: number, bytes: Uint8Array): number {
  let sum = ~from
  for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 0xff] ?? 0)
  return ~sum >>> 0
}

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1
  return sum
})
