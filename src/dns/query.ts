import { clientSubnetOption, headerSize, opcodeMask, headerFlag, recordType } from './protocol.js'

/**
 * EDNS as a client sent it: the size it can take, its DO bit, its version, and the client subnet option if there was
 * one.
 */
export interface Edns {
  readonly udpSize: number
  readonly version: number
  readonly dnssecOk: boolean
  /** The option's content: family, source prefix length, scope, address bytes. */
  readonly subnet: Uint8Array | undefined
}

/** A question as it came, with what an answer has to repeat. */
export interface Query {
  readonly id: number
  /** The header's second word. */
  readonly flags: number
  /** Labels as spelled. */
  readonly labels: readonly string[]
  /** Where in a packet the question's name and the names it ends in stand, for other names to point at. */
  readonly offsets: ReadonlyMap<string, number>
  readonly type: number
  readonly class: number
  /** The question section's bytes, to be repeated in the answer. */
  readonly question: Buffer
  readonly edns: Edns | undefined
}

/**
 * Where the parts of a query lie, for a look into the answer cache without building anything. Reused from packet to
 * packet. `questionEnd` is behind the question; `optEnd` behind the OPT record's fixed part (or the question without
 * one), so bytes 2 to `optEnd` say everything that an answer depends on but for a client subnet, which lies from
 * `subnetStart` to `subnetEnd`.
 */
export interface Layout {
  questionEnd: number
  optEnd: number
  optStart: number
  subnetStart: number
  subnetEnd: number
  /** Whether the query is of the one shape that nearly all have: one question and at most an OPT record behind it. */
  usual: boolean
}

/** An empty layout to hand to {@link layOut}. */
export const newLayout = (): Layout => ({
  questionEnd: 0,
  optEnd: 0,
  optStart: 0,
  subnetStart: 0,
  subnetEnd: 0,
  usual: false,
})

/**
 * Finds the parts of a query. False for a packet that is not one well-formed question. Bytes behind the last record are
 * ignored.
 */
export function layOut(packet: Buffer, layout: Layout): boolean {
  if (packet.length < headerSize + 5 || packet[4] !== 0 || packet[5] !== 1) return false
  const nameEnd = endOfName(packet, headerSize, false)
  if (nameEnd < 0 || nameEnd + 4 > packet.length) return false
  layout.questionEnd = nameEnd + 4
  layout.optEnd = layout.questionEnd
  layout.optStart = 0
  layout.subnetStart = layout.subnetEnd = 0
  const before = packet.readUInt16BE(6) + packet.readUInt16BE(8)
  const additional = packet.readUInt16BE(10)
  layout.usual = before === 0 && additional <= 1
  let at = layout.questionEnd
  // A query carries two records besides its question at the very most (IXFR's SOA; OPT and a signature).
  if (before > 1 || additional > 2) return false
  for (let left = before + additional; left > 0; left--) {
    at = skipRecord(packet, at, left <= additional, layout)
    if (at < 0) return false
  }
  return true
}

/**
 * Behind the record at `at`, or -1. An OPT record is noted in `layout`; a second one makes the packet malformed (RFC
 * 6891).
 */
function skipRecord(packet: Buffer, at: number, additional: boolean, layout: Layout): number {
  const nameEnd = endOfName(packet, at, true)
  if (nameEnd < 0 || nameEnd + 10 > packet.length) return -1
  const end = nameEnd + 10 + packet.readUInt16BE(nameEnd + 8)
  if (end > packet.length) return -1
  if (!additional || packet.readUInt16BE(nameEnd) !== recordType.OPT) {
    layout.usual = false
    return end
  }
  if (layout.optStart !== 0 || packet[at] !== 0) return -1
  layout.optStart = at
  layout.optEnd = at + 9
  return findSubnet(packet, nameEnd + 10, end, layout) ? end : -1
}

function findSubnet(packet: Buffer, start: number, end: number, layout: Layout): boolean {
  let at = start
  while (at + 4 <= end) {
    const next = at + 4 + packet.readUInt16BE(at + 2)
    if (next > end) return false
    if (packet.readUInt16BE(at) === clientSubnetOption && next - at >= 8) {
      layout.subnetStart = at + 4
      layout.subnetEnd = next
    }
    at = next
  }
  return at === end
}

/**
 * Behind the name at `at`; -1 when it runs out of the packet or is longer than 255 bytes. A pointer ends it, where one
 * is allowed.
 */
function endOfName(packet: Buffer, start: number, pointers: boolean): number {
  let at = start
  const limit = Math.min(packet.length, start + 255)
  while (at < limit) {
    const length = packet[at] ?? 0
    if (length === 0) return at + 1
    if (length > 63) return pointers && length >= 0xc0 && at + 2 <= packet.length ? at + 2 : -1
    at += length + 1
  }
  return -1
}

/**
 * Reads a query whose parts were found. Nothing in it refers to the packet's memory, which is free for others
 * afterwards.
 */
export function readQuery(packet: Buffer, layout: Layout): Query {
  const labels: string[] = []
  const starts: number[] = []
  for (let at = headerSize; packet[at] !== 0; at += (packet[at] ?? 0) + 1) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + (packet[at] ?? 0)))
    starts.push(at)
  }
  return {
    id: packet.readUInt16BE(0),
    flags: packet.readUInt16BE(2),
    labels,
    offsets: new Map(starts.map((start, at) => [labels.slice(at).join('.'), start])),
    type: packet.readUInt16BE(layout.questionEnd - 4),
    class: packet.readUInt16BE(layout.questionEnd - 2),
    question: Buffer.from(packet.subarray(headerSize, layout.questionEnd)),
    edns:
      layout.optStart === 0
        ? undefined
        : {
            udpSize: packet.readUInt16BE(layout.optStart + 3),
            version: packet[layout.optStart + 6] ?? 0,
            dnssecOk: ((packet[layout.optStart + 7] ?? 0) & 0x80) !== 0,
            subnet:
              layout.subnetEnd === 0
                ? undefined
                : Uint8Array.from(packet.subarray(layout.subnetStart, layout.subnetEnd)),
          },
  }
}

/**
 * Whether a packet is a query at all: a whole header without the response bit. Anything else gets no answer, lest two
 * servers chat.
 */
export const isQuery = (packet: Buffer): boolean => packet.length >= headerSize && ((packet[2] ?? 0) & 0x80) === 0

/**
 * Whether flags say a standard query. Answering a NOTIFY or an UPDATE as one would tell its sender that it was carried
 * out.
 */
export const isStandardQuery = (flags: number): boolean => (flags & opcodeMask) === 0

/** The flags of an answer that its query decides: opcode, recursion desired, checking disabled. */
export const repeatedFlags = (flags: number): number =>
  flags & (opcodeMask | headerFlag.recursionDesired | headerFlag.checkingDisabled)
