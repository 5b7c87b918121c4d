import { headerFlag, headerSize, optSize, recordClass, recordType } from './protocol.js'
import { repeatedFlags, type Query } from './query.js'
import { srvPriority, type DnsRecord } from './records.js'

/** A message ready to be written: its records in order, and what its header says beyond what it repeats of the query. */
export interface Message {
  readonly query: Query
  readonly rcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly recursionAvailable: boolean
  readonly answers: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
  /** The client subnet option to send back, when the client sent one. */
  readonly subnet: Uint8Array | undefined
}

/** Offsets above this cannot be pointed at (RFC 1035, 4.1.4). */
const farthestPointer = 0x3fff

/**
 * Encodes a message. Names are written once and pointed at afterwards, but for the targets of SRV records, which RFC 2782 wants whole
 * (they can be pointed at). Where an owner is the question's name its spelling comes back as it was.
 */
export function encodeMessage(message: Message, compress: boolean): Buffer {
  const writer = new Writer(message.query, compress)
  for (const record of message.answers) writer.record(record)
  for (const record of message.authority) writer.record(record)
  for (const record of message.additional) writer.record(record)
  if (message.query.edns !== undefined) writer.opt(message.query.edns, message.rcode >> 4, message.subnet)
  return writer.finish(headerFlags(message), [
    message.answers.length, message.authority.length, message.additional.length + (message.query.edns === undefined ? 0 : 1),
  ])
}

/** An answer without records: a refusal, a failure, a malformed query whose header could be read. */
export function encodeBareHeader(id: number, flags: number, code: number): Buffer {
  const packet = Buffer.alloc(headerSize)
  packet.writeUInt16BE(id, 0)
  packet.writeUInt16BE(headerFlag.response | repeatedFlags(flags) | (code & 15), 2)
  return packet
}

/** Bytes that a message takes without compression: what a client that unpacks it must be able to hold. */
export function uncompressedSize(message: Message): number {
  const records = [...message.answers, ...message.authority, ...message.additional]
  const edns = message.query.edns === undefined ? 0 : optSize + (message.subnet === undefined ? 0 : 4 + message.subnet.length)
  return records.reduce((sum, record) => sum + recordSize(record), headerSize + message.query.question.length + edns)
}

/** Bytes of one record without compression. */
export const recordSize = (record: DnsRecord): number => nameSize(record.name) + 10 + dataSize(record)

/** Bytes of a name without compression. */
export const nameSize = (name: string): number => name === '' ? 1 : name.length + 2

/** The most text that one TXT record holds here: 16 strings. Metadata values have 512 bytes at most, their keys 128. */
const longestText = 16 * 255

function dataSize(record: DnsRecord): number {
  switch (record.type) {
    case 'A': case 'AAAA': return record.address.length
    case 'CNAME': case 'NS': case 'PTR': return nameSize(record.target)
    case 'SRV': return 6 + nameSize(record.target)
    case 'TXT': return Math.min(record.text.length, longestText) + Math.max(1, Math.ceil(Math.min(record.text.length, longestText) / 255))
    case 'SOA': return nameSize(record.primary) + nameSize(record.mailbox) + 20
  }
}

function headerFlags(message: Message): number {
  return headerFlag.response | repeatedFlags(message.query.flags) | (message.rcode & 15)
    | (message.authoritative ? headerFlag.authoritative : 0)
    | (message.truncated ? headerFlag.truncated : 0)
    | (message.recursionAvailable ? headerFlag.recursionAvailable : 0)
}

class Writer {
  private bytes = Buffer.allocUnsafe(1024)
  private length = headerSize
  private readonly offsets = new Map<string, number>()

  constructor(private readonly query: Query, private readonly compress: boolean) {
    this.reserve(query.question.length)
    this.length += query.question.copy(this.bytes, headerSize)
    let at = headerSize
    for (let from = 0; from < query.labels.length; from++) {
      this.remember(query.labels.slice(from).join('.'), at)
      at += (query.labels[from] ?? '').length + 1
    }
  }

  record(record: DnsRecord): void {
    this.reserve(recordSize(record))
    this.name(record.name, this.compress)
    this.uint16(recordType[record.type])
    this.uint16(recordClass.IN)
    this.uint32(record.ttl)
    const lengthAt = this.length
    this.length += 2
    this.data(record)
    this.bytes.writeUInt16BE(this.length - lengthAt - 2, lengthAt)
  }

  opt(edns: NonNullable<Query['edns']>, extendedRcode: number, subnet: Uint8Array | undefined): void {
    this.reserve(optSize + 4 + (subnet?.length ?? 0))
    this.bytes[this.length++] = 0
    this.uint16(recordType.OPT)
    this.uint16(edns.udpSize)
    this.bytes[this.length++] = extendedRcode
    this.bytes[this.length++] = 0
    this.uint16(edns.dnssecOk ? 0x8000 : 0)
    if (subnet === undefined) {
      this.uint16(0)
      return
    }
    this.uint16(4 + subnet.length)
    this.uint16(8)
    this.uint16(subnet.length)
    this.bytes.set(subnet, this.length)
    this.length += subnet.length
  }

  finish(flags: number, [answers = 0, authority = 0, additional = 0]: readonly number[]): Buffer {
    this.bytes.writeUInt16BE(this.query.id, 0)
    this.bytes.writeUInt16BE(flags, 2)
    this.bytes.writeUInt16BE(1, 4)
    this.bytes.writeUInt16BE(answers, 6)
    this.bytes.writeUInt16BE(authority, 8)
    this.bytes.writeUInt16BE(additional, 10)
    // A copy of its own size and memory: answers are kept, and the writer's buffer has room to spare.
    const packet = Buffer.allocUnsafeSlow(this.length)
    this.bytes.copy(packet, 0, 0, this.length)
    return packet
  }

  private data(record: DnsRecord): void {
    switch (record.type) {
      case 'A': case 'AAAA':
        this.bytes.set(record.address, this.length)
        this.length += record.address.length
        return
      case 'CNAME': case 'NS': case 'PTR':
        this.name(record.target, this.compress)
        return
      case 'SRV':
        this.uint16(srvPriority)
        this.uint16(record.weight)
        this.uint16(record.port)
        this.name(record.target, false)
        return
      case 'TXT':
        this.text(record.text)
        return
      case 'SOA':
        this.name(record.primary, this.compress)
        this.name(record.mailbox, this.compress)
        for (const field of [record.serial, record.refresh, record.retry, record.expire, record.minimum]) this.uint32(field)
    }
  }

  private text(text: Uint8Array): void {
    let at = 0
    const end = Math.min(text.length, longestText)
    do {
      const piece = text.subarray(at, Math.min(at + 255, end))
      this.bytes[this.length++] = piece.length
      this.bytes.set(piece, this.length)
      this.length += piece.length
      at += 255
    } while (at < end)
  }

  private name(name: string, compress: boolean): void {
    let rest = name
    while (rest !== '') {
      const known = this.offsets.get(rest)
      if (compress && known !== undefined) {
        this.uint16(0xc000 | known)
        return
      }
      if (known === undefined) this.remember(rest, this.length)
      const dot = rest.indexOf('.')
      const end = dot < 0 ? rest.length : dot
      this.bytes[this.length++] = end
      this.length += this.bytes.write(rest.slice(0, end), this.length, 'latin1')
      rest = dot < 0 ? '' : rest.slice(dot + 1)
    }
    this.bytes[this.length++] = 0
  }

  private remember(name: string, at: number): void {
    if (at <= farthestPointer && !this.offsets.has(name)) this.offsets.set(name, at)
  }

  private uint16(value: number): void {
    this.bytes[this.length++] = value >> 8
    this.bytes[this.length++] = value
  }

  private uint32(value: number): void {
    this.length = this.bytes.writeUInt32BE(value >>> 0, this.length)
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}
