import { clientSubnetOption, headerFlag, headerSize, optSize, recordClass, recordType } from './protocol.js'
import { repeatedFlags, type Query } from './query.js'
import { srvPriority, type DnsRecord } from './records.js'

/**
 * A message ready to be written: its records in order, and what its header says beyond what it repeats of the query.
 */
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
 * Encodes a message. Names are written once and pointed at afterwards, but for the targets of SRV records, which RFC
 * 2782 wants whole (they can be pointed at). Where an owner is the question's name its spelling comes back as it was.
 */
export function encodeMessage(message: Message, compress: boolean): Buffer {
  const writer = new Writer(message.query, compress)
  for (const record of message.answers) writer.record(record)
  for (const record of message.authority) writer.record(record)
  for (const record of message.additional) writer.record(record)
  if (message.query.edns !== undefined) writer.opt(message.query.edns, message.rcode >> 4, message.subnet)
  return writer.finish(headerFlags(message), [
    message.answers.length,
    message.authority.length,
    message.additional.length + (message.query.edns === undefined ? 0 : 1),
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
  const edns =
    message.query.edns === undefined ? 0 : optSize + (message.subnet === undefined ? 0 : 4 + message.subnet.length)
  return records.reduce((sum, record) => sum + recordSize(record), headerSize + message.query.question.length + edns)
}

/** Bytes of one record without compression. */
export const recordSize = (record: DnsRecord): number => nameSize(record.name) + 10 + dataSize(record)

/** Bytes of a name without compression. */
const nameSize = (name: string): number => (name === '' ? 1 : name.length + 2)

/** The most text that one TXT record holds here: 16 strings. Metadata values have 512 bytes at most, their keys 128. */
const maxTextLength = 16 * 255

function dataSize(record: DnsRecord): number {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address.length
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return nameSize(record.target)
    case 'SRV':
      return 6 + nameSize(record.target)
    case 'TXT':
      return (
        Math.min(record.text.length, maxTextLength)
        + Math.max(1, Math.ceil(Math.min(record.text.length, maxTextLength) / 255))
      )
    case 'SOA':
      return nameSize(record.primary) + nameSize(record.mailbox) + 20
  }
}

function headerFlags(message: Message): number {
  return (
    headerFlag.response
    | repeatedFlags(message.query.flags)
    | (message.rcode & 15)
    | (message.authoritative ? headerFlag.authoritative : 0)
    | (message.truncated ? headerFlag.truncated : 0)
    | (message.recursionAvailable ? headerFlag.recursionAvailable : 0)
  )
}

/** Where messages are put together; grows to the largest one so far. Writing is over before anyone else can begin. */
let scratch = Buffer.allocUnsafe(4096)

class Writer {
  readonly #query: Query
  readonly #compress: boolean
  #length = headerSize
  /** Names written so far and where, beside those of the question; made when the first one comes. */
  #offsets: Map<string, number> | undefined

  constructor(query: Query, compress: boolean) {
    this.#query = query
    this.#compress = compress

    this.#reserve(query.question.length)
    this.#length += query.question.copy(scratch, headerSize)
  }

  record(record: DnsRecord): void {
    this.#reserve(recordSize(record))
    this.#name(record.name, this.#compress)
    this.#uint16(recordType[record.type])
    this.#uint16(recordClass.IN)
    this.#uint32(record.ttl)
    const lengthAt = this.#length
    this.#length += 2
    this.#data(record)
    const length = this.#length - lengthAt - 2
    scratch[lengthAt] = length >> 8
    scratch[lengthAt + 1] = length
  }

  opt(edns: NonNullable<Query['edns']>, extendedRcode: number, subnet: Uint8Array | undefined): void {
    this.#reserve(optSize + 4 + (subnet?.length ?? 0))
    scratch[this.#length++] = 0
    this.#uint16(recordType.OPT)
    this.#uint16(edns.udpSize)
    scratch[this.#length++] = extendedRcode
    scratch[this.#length++] = 0
    this.#uint16(edns.dnssecOk ? 0x8000 : 0)
    if (subnet === undefined) {
      this.#uint16(0)
      return
    }
    this.#uint16(4 + subnet.length)
    this.#uint16(clientSubnetOption)
    this.#uint16(subnet.length)
    this.#copy(subnet)
  }

  finish(flags: number, [answers = 0, authority = 0, additional = 0]: readonly number[]): Buffer {
    const end = this.#length
    this.#length = 0
    for (const word of [this.#query.id, flags, 1, answers, authority, additional]) this.#uint16(word)
    const packet = Buffer.allocUnsafe(end)
    scratch.copy(packet, 0, 0, end)
    return packet
  }

  #data(record: DnsRecord): void {
    switch (record.type) {
      case 'A':
      case 'AAAA':
        this.#copy(record.address)
        return
      case 'CNAME':
      case 'NS':
      case 'PTR':
        this.#name(record.target, this.#compress)
        return
      case 'SRV':
        this.#uint16(srvPriority)
        this.#uint16(record.weight)
        this.#uint16(record.port)
        this.#name(record.target, false)
        return
      case 'TXT':
        this.#text(record.text)
        return
      case 'SOA':
        this.#name(record.primary, this.#compress)
        this.#name(record.mailbox, this.#compress)
        for (const field of [record.serial, record.refresh, record.retry, record.expire, record.minimum])
          this.#uint32(field)
    }
  }

  #text(text: Uint8Array): void {
    let at = 0
    const end = Math.min(text.length, maxTextLength)
    do {
      const piece = text.subarray(at, Math.min(at + 255, end))
      scratch[this.#length++] = piece.length
      this.#copy(piece)
      at += 255
    } while (at < end)
  }

  #name(name: string, compress: boolean): void {
    let rest = name
    while (rest !== '') {
      const known = this.#offsetOf(rest)
      if (known !== undefined) {
        if (compress) this.#uint16(0xc000 | known)
        else this.#labels(rest)
        return
      }
      this.#remember(rest)
      const dot = rest.indexOf('.')
      this.#label(rest, 0, dot < 0 ? rest.length : dot)
      rest = dot < 0 ? '' : rest.slice(dot + 1)
    }
    scratch[this.#length++] = 0
  }

  /** Writes a name whole that stands elsewhere already. */
  #labels(name: string): void {
    for (let start = 0; start < name.length;) {
      const dot = name.indexOf('.', start)
      const end = dot < 0 ? name.length : dot
      this.#label(name, start, end)
      start = end + 1
    }
    scratch[this.#length++] = 0
  }

  #label(name: string, start: number, end: number): void {
    scratch[this.#length++] = end - start
    for (let at = start; at < end; at++) scratch[this.#length++] = name.charCodeAt(at)
  }

  #offsetOf(name: string): number | undefined {
    return this.#query.offsets.get(name) ?? this.#offsets?.get(name)
  }

  #remember(name: string): void {
    if (this.#length > farthestPointer) return
    this.#offsets ??= new Map()
    this.#offsets.set(name, this.#length)
  }

  #copy(bytes: Uint8Array): void {
    if (bytes.length > 16) scratch.set(bytes, this.#length)
    // For a few bytes a loop is faster than a call into native code.
    else for (let at = 0; at < bytes.length; at++) scratch[this.#length + at] = bytes[at] ?? 0
    this.#length += bytes.length
  }

  #uint16(value: number): void {
    scratch[this.#length++] = value >> 8
    scratch[this.#length++] = value
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16)
    this.#uint16(value & 0xffff)
  }

  #reserve(count: number): void {
    if (this.#length + count <= scratch.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, this.#length + count))
    scratch.copy(larger, 0, 0, this.#length)
    scratch = larger
  }
}
