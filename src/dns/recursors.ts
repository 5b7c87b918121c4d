import { randomInt } from 'node:crypto'
import packet, { type Answer } from 'dns-packet'
import { errorMessage } from '../common/errors.js'
import type { Clock } from '../common/clock.js'
import { shuffled } from '../common/shuffled.js'
import type { Settings } from '../config/index.js'
import type { Logger } from '../telemetry/index.js'
import { parseAddress } from './addresses.js'
import { clientSubnetOption, headerFlag, headerSize, rcode } from './protocol.js'
import type { Query } from './query.js'
import type { DnsRecord } from './records.js'
import type { ExternalName } from './gathering.js'
import { isTruncated, udpSizeOf } from './truncate.js'
import { exchange, type Upstream } from './upstream.js'

/** Questions that may be under way to recursors at once; more fail at once rather than pile up sockets. */
const maxInFlight = 512
/** A recursor that fails is reported so often at most. */
const reportEvery = 10_000
/** The size that muster's own questions to recursors allow for an answer; it passes every usual path whole. */
const ownUdpSize = 1232

/** Other servers that answer for names outside the zone. */
export class Recursors {
  readonly #deps: { log: Logger; clock: Clock; random: () => number }
  #upstreams: readonly Upstream[] = []
  #timeout = 0
  #random = false
  #inFlight = 0
  readonly #reported = new Map<string, number>()

  constructor(deps: { log: Logger; clock: Clock; random: () => number }) {
    this.#deps = deps
  }

  update(settings: Settings): void {
    this.#upstreams = settings.recursors.map(readUpstream)
    this.#timeout = settings.dns.recursorTimeout
    this.#random = settings.dns.recursorStrategy === 'random'
    this.#reported.clear()
  }

  /**
   * Hands a client's question on and gives back the first answer that says the name is there or is not, with the
   * client's id. What is larger than the client or `udpAnswerSize` allow over UDP comes without its records, marked as
   * cut. Undefined when no recursor gave one.
   */
  async forward(query: Query, transport: 'udp' | 'tcp', udpAnswerSize: number): Promise<Buffer | undefined> {
    const size = udpSizeOf(query, udpAnswerSize)
    const answer = await this.#ask(upstreamQuery(query, size), query.question, transport)
    if (answer === undefined) return undefined
    const reply = transport === 'udp' && answer.length > size ? withoutRecords(answer, query) : Buffer.from(answer)
    reply.writeUInt16BE(query.id, 0)
    reply.writeUInt16BE(reply.readUInt16BE(2) | headerFlag.recursionAvailable, 2)
    return reply
  }

  /** The addresses behind a name, and the names on the way there. Empty when nobody knows. */
  async lookUp(name: ExternalName, transport: 'udp' | 'tcp'): Promise<readonly DnsRecord[]> {
    const request = packet.encode({
      type: 'query',
      id: 0,
      flags: packet.RECURSION_DESIRED,
      questions: [{ name: name.name, type: name.type }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: ownUdpSize,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    })
    // Only the question lies between the header and the OPT record.
    const question = request.subarray(headerSize, request.length - 11)
    const answer = await this.#ask(request, question, transport)
    if (answer === undefined) return []
    try {
      return (packet.decode(answer).answers ?? []).flatMap(recordOf)
    } catch (thrown) {
      this.#deps.log.debug('a recursor sent an answer that cannot be read', {
        name: name.name,
        reason: errorMessage(thrown),
      })
      return []
    }
  }

  async #ask(request: Buffer, question: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    if (this.#inFlight >= maxInFlight) return undefined
    this.#inFlight++
    try {
      for (const upstream of this.#random ? shuffled(this.#upstreams, this.#deps.random) : this.#upstreams) {
        const id = randomInt(0x10000)
        request.writeUInt16BE(id, 0)
        const outcome = await this.#exchange(upstream, transport, request, reply => isReplyTo(reply, id, question))
        if (typeof outcome === 'string') {
          this.#report(upstream, outcome)
          continue
        }
        const code = (outcome[3] ?? 0) & 15
        if (code === rcode.NOERROR || code === rcode.NXDOMAIN) return outcome
        this.#report(upstream, `answered with rcode ${code}`)
      }
      return undefined
    } finally {
      this.#inFlight--
    }
  }

  /** An answer that was cut for UDP is asked for again over TCP; where that fails, the cut one is what there is. */
  async #exchange(
    upstream: Upstream,
    transport: 'udp' | 'tcp',
    request: Buffer,
    isReply: (reply: Buffer) => boolean,
  ): Promise<Buffer | string> {
    const outcome = await exchange(upstream, transport, request, this.#timeout, isReply)
    if (typeof outcome === 'string' || transport === 'tcp' || !isTruncated(outcome)) return outcome
    const whole = await exchange(upstream, 'tcp', request, this.#timeout, isReply)
    return typeof whole === 'string' ? outcome : whole
  }

  #report(upstream: Upstream, reason: string): void {
    const now = this.#deps.clock.monotonic()
    if (now - (this.#reported.get(upstream.text) ?? Number.NEGATIVE_INFINITY) < reportEvery) return
    this.#reported.set(upstream.text, now)
    this.#deps.log.warn('recursor failed', { recursor: upstream.text, reason })
  }
}

/**
 * The client's question as muster sends it on, with `size` as the one it can take; its subnet goes along, other options
 * are between it and us.
 */
function upstreamQuery(query: Query, size: number): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt16BE(query.flags & (headerFlag.recursionDesired | headerFlag.checkingDisabled), 2)
  header.writeUInt16BE(1, 4)
  const { edns } = query
  if (edns === undefined) return Buffer.concat([header, query.question])
  header.writeUInt16BE(1, 10)
  const subnetSize = edns.subnet === undefined ? 0 : 4 + edns.subnet.length
  const opt = Buffer.from([
    0,
    0,
    41,
    size >> 8,
    size & 0xff,
    0,
    0,
    edns.dnssecOk ? 0x80 : 0,
    0,
    subnetSize >> 8,
    subnetSize & 0xff,
  ])
  const option =
    edns.subnet === undefined
      ? []
      : [Buffer.from([0, clientSubnetOption, edns.subnet.length >> 8, edns.subnet.length & 0xff]), edns.subnet]
  return Buffer.concat([header, query.question, opt, ...option])
}

/** Header and question of an answer whose records are too many for the client, with the mark that says so. */
function withoutRecords(answer: Buffer, query: Query): Buffer {
  const { edns } = query
  const opt =
    edns === undefined
      ? []
      : [Buffer.from([0, 0, 41, edns.udpSize >> 8, edns.udpSize & 0xff, 0, 0, edns.dnssecOk ? 0x80 : 0, 0, 0, 0])]
  const reply = Buffer.concat([answer.subarray(0, headerSize + query.question.length), ...opt])
  reply.writeUInt16BE(reply.readUInt16BE(2) | headerFlag.truncated, 2)
  reply.fill(0, 6, headerSize)
  reply.writeUInt16BE(opt.length, 10)
  return reply
}

/**
 * Whether a packet answers just this question: an answer for another one, or with another id, is a forgery or comes too
 * late.
 */
function isReplyTo(reply: Buffer, id: number, question: Buffer): boolean {
  return (
    reply.length >= headerSize + question.length
    && reply.readUInt16BE(0) === id
    && ((reply[2] ?? 0) & 0x80) !== 0
    && reply.readUInt16BE(4) === 1
    && sameQuestion(reply.subarray(headerSize, headerSize + question.length), question)
  )
}

/**
 * Names may come back in other letters; lengths, type and class hold no byte that lower case would change into another
 * of them.
 */
const sameQuestion = (a: Buffer, b: Buffer): boolean =>
  a.equals(b)
  || (a.toString('latin1', 0, a.length - 4).toLowerCase() === b.toString('latin1', 0, b.length - 4).toLowerCase()
    && a.subarray(-4).equals(b.subarray(-4)))

function recordOf(answer: Answer): DnsRecord[] {
  if (answer.type === 'CNAME') return [{ type: 'CNAME', name: answer.name, ttl: answer.ttl ?? 0, target: answer.data }]
  if (answer.type !== 'A' && answer.type !== 'AAAA') return []
  const address = parseAddress(answer.data)
  return address === undefined
    ? []
    : [{ type: address.length === 4 ? 'A' : 'AAAA', name: answer.name, ttl: answer.ttl ?? 0, address }]
}

function readUpstream(text: string): Upstream {
  const at = text.lastIndexOf(':')
  const host = text.slice(0, at).replace(/^\[|\]$/g, '')
  return { text, host, port: Number(text.slice(at + 1)), family: host.includes(':') ? 6 : 4 }
}
