import { encodeMessage, recordSize, uncompressedSize, type Message } from './encode.js'
import { headerFlag, headerSize, plainUdpSize, recordType } from './protocol.js'
import type { Query } from './query.js'
import { isAddressRecord, type AnswerSet, type DnsRecord, type Unit } from './records.js'

/** Limits of a packet, which depend on the transport and on the size the client accepts. */
export interface Limits {
  readonly answers: number
  readonly bytes: number
  /**
   * Whether bytes are counted as if no name were compressed: for plain old clients, some of which unpack into 512
   * bytes.
   */
  readonly uncompressed: boolean
  /** Whether answers that are fewer because of `answers` alone are marked as cut. */
  readonly marksFewerAnswers: boolean
  /** Bytes that no packet may exceed, not even for the one answer that always stays. */
  readonly maxBytes: number
}

/** Settings that decide how an answer is cut and written. */
export interface Cutting {
  readonly udpAnswerLimit: number
  /** The most bytes of a UDP answer, whatever the client says it can take. */
  readonly udpAnswerSize: number
  /**
   * Whether a cut answer says so (TC). Not given: where bytes did not fit, and in SRV answers also where
   * `udpAnswerLimit` cut; there is no such mark on addresses that are fewer by that limit alone, because HAProxy takes
   * it for a failure. True: in all of these. False: never.
   */
  readonly enableTruncate: boolean | undefined
  readonly disableCompression: boolean
  readonly recursionAvailable: boolean
}

/** Plain UDP clients never get more answers than this, whatever `udp_answer_limit` says. */
const maxPlainUdpAnswers = 8
/** Consul keeps this many bytes of a packet free. */
const spare = 7
/** The largest payload of a UDP packet over IPv4. */
const maxUdpSize = 65_507
/** 64 KiB less a header and the terminating byte, as Consul counts. */
const maxTcpSize = 65_523

/** The limits of a query's answer over a transport. */
export function limitsFor(query: Query, transport: 'udp' | 'tcp', cutting: Cutting): Limits {
  const isSrv = query.type === recordType.SRV
  if (transport === 'tcp') {
    // More records than these never fit: an SRV record is never shorter than 1/1024 of the bytes, an A record than
    // 1/4096.
    return {
      answers: isSrv ? 1024 : 4096,
      bytes: maxTcpSize,
      uncompressed: false,
      marksFewerAnswers: true,
      maxBytes: maxTcpSize,
    }
  }
  const maxBytes = Math.min(cutting.udpAnswerSize, maxUdpSize)
  const size = udpSizeOf(query, cutting.udpAnswerSize)
  if (size > plainUdpSize) {
    return {
      answers: Number.POSITIVE_INFINITY,
      bytes: size - spare,
      uncompressed: false,
      marksFewerAnswers: true,
      maxBytes,
    }
  }
  const answers = Math.min(maxPlainUdpAnswers, Math.max(0, cutting.udpAnswerLimit))
  return {
    answers,
    bytes: plainUdpSize - spare,
    uncompressed: true,
    marksFewerAnswers: isSrv || cutting.enableTruncate === true,
    maxBytes,
  }
}

/**
 * Bytes of the largest UDP answer to a query: what the client says it can take, at least 512, and no more than
 * `udp_answer_size`.
 */
export const udpSizeOf = (query: Query, udpAnswerSize: number): number =>
  Math.min(Math.max(plainUdpSize, query.edns?.udpSize ?? 0), udpAnswerSize, maxUdpSize)

/**
 * Writes an answer set in an order (positions of its units), cut to what the packet may hold: the authority section
 * goes first, then metadata texts, then answers from the end, each with its additional records. One answer stays even
 * when it alone is too big for the client, unless it is larger than any packet may be. TC says that something did not
 * fit, so that the client asks again over TCP, see {@link Cutting}.
 */
export function writeAnswer(
  set: AnswerSet,
  order: readonly number[],
  query: Query,
  limits: Limits,
  cutting: Cutting,
  subnet?: Uint8Array,
): Buffer {
  const units = choose(set, order, limits.answers)
  const all: DnsRecord[] = []
  // Plain loops here and below: an answer may have thousands of records, and is put together again for each order.
  for (const unit of units) for (const record of unit.answers) all.push(record)
  const base: Message = {
    query,
    rcode: set.rcode,
    authoritative: set.authoritative,
    truncated: false,
    recursionAvailable: cutting.recursionAvailable,
    answers: all,
    authority: set.authority,
    additional: [],
    subnet,
  }
  const compress = !cutting.disableCompression
  const tooMany = all.length > limits.answers
  const marked = tells(cutting) && (limits.marksFewerAnswers || isCutShort(all, limits.answers))
  const counted = tooMany
    ? cut(base, units, limits.answers, set, marked)
    : { ...base, additional: additionalOf(units, all.length, set, true) }
  const packet = fitting(counted, limits, compress)
  if (packet !== undefined) return packet
  // A negative answer is nothing but its SOA record, so authority goes only where there are answers.
  const lean: Message = { ...base, authority: all.length === 0 ? base.authority : [] }
  return maxThatFits(lean, units, set, limits, cutting)
}

/** Whether the first `count` records are aliases whose addresses come later: without those they lead nowhere. */
const isCutShort = (records: readonly DnsRecord[], count: number): boolean =>
  count > 0 && records.some(isAddressRecord) && !records.slice(0, count).some(isAddressRecord)

/** The packet with as many answers as fit, and the additional records of those. */
function maxThatFits(lean: Message, units: readonly Unit[], set: AnswerSet, limits: Limits, cutting: Cutting): Buffer {
  const compress = !cutting.disableCompression
  let count = estimate(lean, units, limits)
  for (;;) {
    const message = cut(lean, units, count, set, tells(cutting))
    const packet = fitting(message, limits, compress)
    if (packet !== undefined) return packet
    if (count <= 1) {
      const minimal = encodeMessage({ ...message, additional: [] }, compress)
      return minimal.length <= limits.maxBytes
        ? minimal
        : encodeMessage({ ...message, answers: [], additional: [] }, compress)
    }
    count = fewer(
      count,
      limits.uncompressed ? uncompressedSize(message) : encodeMessage(message, compress).length,
      limits,
    )
  }
}

/** Whether an encoded answer says that something was left out. */
export const isTruncated = (packet: Buffer): boolean => (packet.readUInt16BE(2) & headerFlag.truncated) !== 0

/**
 * The units that an answer consists of: in order, each key once, no more than the set's own limit, and no more than it
 * takes to see that there are more answers than a packet may hold.
 */
function choose(set: AnswerSet, order: readonly number[], maxAnswers: number): Unit[] {
  const chosen: Unit[] = []
  const seen = set.distinct ? undefined : new Set<string>()
  const limit = set.oneOf ? 1 : set.limit
  for (const at of order) {
    const unit = set.units[at]
    if (unit === undefined || seen?.has(unit.key) === true) continue
    seen?.add(unit.key)
    chosen.push(unit)
    if (chosen.length === limit || chosen.length > maxAnswers) break
  }
  return chosen
}

/**
 * The packet, if the message fits. Where only one answer is there to be cut, what counts is the packet as it is sent.
 */
function fitting(message: Message, limits: Limits, compress: boolean): Buffer | undefined {
  if (limits.uncompressed && message.answers.length > 1 && uncompressedSize(message) > limits.bytes) return undefined
  // Skip the encoding when even the lower bound of the size is too large.
  if (minSize(message.answers) + minSize(message.additional) > limits.bytes) return undefined
  const packet = encodeMessage(message, compress)
  return packet.length > limits.bytes ? undefined : packet
}

const minSize = (records: readonly DnsRecord[]): number => {
  let bytes = headerSize
  for (const record of records) bytes += minRecord(record)
  return bytes
}

const tells = ({ enableTruncate }: Cutting): boolean => enableTruncate !== false

/** The message with its first `count` answers, marked as cut or not. */
function cut(message: Message, units: readonly Unit[], count: number, set: AnswerSet, truncated: boolean): Message {
  return {
    ...message,
    truncated,
    answers: message.answers.slice(0, count),
    additional: additionalOf(units, count, set, false),
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
  const sizeOf = limits.uncompressed ? recordSize : minRecord
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
function minRecord(record: DnsRecord): number {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return 12 + record.address.length
    case 'SRV':
      return 20 + record.target.length
    default:
      return 13
  }
}

/** The next count to try after one that gave a packet too big: in proportion, and always less. */
const fewer = (count: number, size: number, limits: Limits): number =>
  Math.max(
    1,
    Math.min(
      count - 1,
      size > limits.bytes && !limits.uncompressed ? Math.ceil((count * limits.bytes) / size) : count - 1,
    ),
  )
