import { encodeMessage, recordSize, uncompressedSize, type Message } from './encode.js'
import { headerFlag, headerSize, plainUdpSize, recordType } from './protocol.js'
import type { Query } from './query.js'
import { isAddressRecord, type AnswerSet, type DnsRecord, type Unit } from './records.js'

/** What a packet may hold, which depends on the transport and on what the client says it can take. */
export interface Limits {
  readonly answers: number
  readonly bytes: number
  /** Whether bytes are counted as if no name were compressed: for plain old clients, some of which unpack into 512 bytes. */
  readonly uncompressed: boolean
}

/** Settings that decide how an answer is cut and written. */
export interface Cutting {
  readonly udpAnswerLimit: number
  readonly enableTruncate: boolean
  readonly disableCompression: boolean
  readonly recursionAvailable: boolean
}

/** Plain UDP clients never get more answers than this, whatever `udp_answer_limit` says. */
const mostPlainUdpAnswers = 8
/** Consul keeps this many bytes of a packet free. */
const spare = 7
/** The largest payload of a UDP packet over IPv4. */
const largestUdp = 65_507

/** The limits of a query's answer over a transport. */
export function limitsFor(query: Query, transport: 'udp' | 'tcp', udpAnswerLimit: number): Limits {
  // 64 KiB less a header and the terminating byte, as Consul counts; an SRV record is never shorter than 1/1024 of that.
  if (transport === 'tcp') return { answers: query.type === recordType.SRV ? 1024 : 4096, bytes: 65_523, uncompressed: false }
  const size = query.edns?.udpSize ?? 0
  if (size <= plainUdpSize) {
    return { answers: Math.min(mostPlainUdpAnswers, Math.max(0, udpAnswerLimit)), bytes: plainUdpSize - spare, uncompressed: true }
  }
  return { answers: Number.POSITIVE_INFINITY, bytes: Math.min(size, largestUdp) - spare, uncompressed: false }
}

/**
 * Writes an answer set in an order (positions of its units), cut to what the packet may hold: the authority section goes first, then
 * metadata texts, then answers from the end, each with its additional records. One answer always stays, even when it alone is too big.
 * TC says that anything was left out, so that the client asks again over TCP (unless `enableTruncate` is off).
 */
export function writeAnswer(set: AnswerSet, order: readonly number[], query: Query, limits: Limits, cutting: Cutting, subnet?: Uint8Array): Buffer {
  const units = choose(set, order, limits.answers)
  const all: DnsRecord[] = []
  // Plain loops here and below: an answer may have thousands of records, and is put together anew for each order.
  for (const unit of units) for (const record of unit.answers) all.push(record)
  const base: Message = {
    query, rcode: set.rcode, authoritative: set.authoritative, truncated: false, recursionAvailable: cutting.recursionAvailable,
    answers: all, authority: set.authority, additional: [], subnet,
  }
  const compress = !cutting.disableCompression
  const tooMany = all.length > limits.answers
  const counted = tooMany ? cut(base, units, limits.answers, set, cutting) : { ...base, additional: additionalOf(units, all.length, set, true) }
  const packet = fitting(counted, limits, compress)
  if (packet !== undefined) return packet
  // A negative answer is nothing but its SOA record, so authority goes only where there are answers.
  const lean: Message = { ...base, authority: all.length === 0 ? base.authority : [] }
  return mostThatFits(lean, units, set, limits, cutting)
}

/** The packet with as many answers as fit, and the additional records of those. */
function mostThatFits(lean: Message, units: readonly Unit[], set: AnswerSet, limits: Limits, cutting: Cutting): Buffer {
  const compress = !cutting.disableCompression
  let count = estimate(lean, units, limits)
  for (;;) {
    const message = cut(lean, units, count, set, cutting)
    const packet = fitting(message, limits, compress)
    if (packet !== undefined) return packet
    if (count <= 1) return encodeMessage({ ...message, additional: [] }, compress)
    count = fewer(count, limits.uncompressed ? uncompressedSize(message) : encodeMessage(message, compress).length, limits)
  }
}

/** Whether an encoded answer says that something was left out. */
export const isTruncated = (packet: Buffer): boolean => (packet.readUInt16BE(2) & headerFlag.truncated) !== 0

/**
 * The units that an answer consists of: in order, each key once, no more than the set's own limit, and no more than it takes to see
 * that there are more answers than a packet may hold.
 */
function choose(set: AnswerSet, order: readonly number[], mostAnswers: number): Unit[] {
  const chosen: Unit[] = []
  const seen = set.distinct ? undefined : new Set<string>()
  const limit = set.oneOf ? 1 : set.limit
  for (const at of order) {
    const unit = set.units[at]
    if (unit === undefined || seen?.has(unit.key) === true) continue
    seen?.add(unit.key)
    chosen.push(unit)
    if (chosen.length === limit || chosen.length > mostAnswers) break
  }
  return chosen
}

/** The packet, if the message fits. Where only one answer is there to be cut, what counts is the packet as it is sent. */
function fitting(message: Message, limits: Limits, compress: boolean): Buffer | undefined {
  if (limits.uncompressed && message.answers.length > 1 && uncompressedSize(message) > limits.bytes) return undefined
  // Counted as small as can be it is too big already: no need to write it to see that.
  if (smallestSize(message.answers) + smallestSize(message.additional) > limits.bytes) return undefined
  const packet = encodeMessage(message, compress)
  return packet.length > limits.bytes ? undefined : packet
}

const smallestSize = (records: readonly DnsRecord[]): number => {
  let bytes = headerSize
  for (const record of records) bytes += smallestRecord(record)
  return bytes
}

/** The message with its first `count` answers, and marked as cut. */
function cut(message: Message, units: readonly Unit[], count: number, set: AnswerSet, cutting: Cutting): Message {
  return {
    ...message, truncated: cutting.enableTruncate,
    answers: message.answers.slice(0, count), additional: additionalOf(units, count, set, false),
  }
}

/** The additional records of the first `count` answers, each once. Of an answer that was cut, texts are left out. */
function additionalOf(units: readonly Unit[], count: number, set: AnswerSet, whole: boolean): DnsRecord[] {
  const records = new Set<DnsRecord>()
  let answers = 0
  for (const unit of units) {
    if (answers >= count && !whole) break
    answers += unit.answers.length
    for (const record of unit.additional) if (whole || record.type !== 'TXT') records.add(record)
  }
  for (const record of set.additional) if (whole || record.type !== 'TXT') records.add(record)
  return [...records]
}

/** How many answers may fit, at most: every record counted as small as it can be. */
function estimate(message: Message, units: readonly Unit[], limits: Limits): number {
  const sizeOf = limits.uncompressed ? recordSize : smallestRecord
  let bytes = headerSize + message.query.question.length
  let count = 0
  const seen = new Set<DnsRecord>()
  for (const unit of units) {
    for (const record of unit.answers) bytes += sizeOf(record)
    for (const record of unit.additional) {
      if (!isAddressRecord(record) || seen.has(record)) continue
      seen.add(record)
      bytes += sizeOf(record)
    }
    if (bytes > limits.bytes) break
    count += unit.answers.length
  }
  return Math.max(1, Math.min(count, message.answers.length, limits.answers))
}

/** Bytes of a record when its owner is a pointer and so is every name in it that may be one. */
function smallestRecord(record: DnsRecord): number {
  switch (record.type) {
    case 'A': case 'AAAA': return 12 + record.address.length
    case 'SRV': return 20 + record.target.length
    default: return 13
  }
}

/** The next count to try after one that gave a packet too big: in proportion, and always less. */
const fewer = (count: number, size: number, limits: Limits): number =>
  Math.max(1, Math.min(count - 1, size > limits.bytes && !limits.uncompressed ? Math.ceil(count * limits.bytes / size) : count - 1))
