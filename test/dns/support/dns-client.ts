import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import packet, { type Answer, type Packet, type RecordType } from 'dns-packet'

/** What a test asks. `edns` is the size the client says it takes; 0: it does not speak EDNS. */
export interface Question {
  readonly name: string
  /** `ANY` is known to the package and missing from its types; `UNKNOWN_65` is how it writes HTTPS. */
  readonly type?: RecordType | 'ANY' | 'UNKNOWN_65'
  readonly transport?: 'udp' | 'tcp'
  readonly edns?: number
  readonly rd?: boolean
  /** Client subnet, as `192.0.2.0/24`. */
  readonly subnet?: string
}

/** An answer as tests compare it: records as text, each section sorted, OPT and the SOA's serial left out. */
export interface Reply {
  readonly rcode: string
  readonly aa: boolean
  readonly tc: boolean
  readonly ra: boolean
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
  readonly additionals: readonly string[]
  /** The same answers in the order in which they came. */
  readonly ordered: readonly string[]
  readonly size: number
  readonly packet: Packet
}

let nextId = 1

/** The packet of a question, with an id of its own. */
export function encodeQuestion({ name, type = 'A', edns = 0, rd = true, subnet }: Question): Buffer {
  const options =
    subnet === undefined
      ? []
      : [{ code: 'CLIENT_SUBNET', ip: subnet.split('/')[0], sourcePrefixLength: Number(subnet.split('/')[1]) }]
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: edns,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options,
  }
  return packet.encode({
    type: 'query',
    id: (nextId = (nextId % 65_000) + 1),
    flags: rd ? packet.RECURSION_DESIRED : 0,
    questions: [{ name, type: type as RecordType }],
    additionals: edns > 0 ? [opt as unknown as Answer] : [],
  })
}

/** Asks over a real socket. Rejects after 5 s without an answer. */
export async function ask(port: number, question: Question): Promise<Reply> {
  const query = encodeQuestion(question)
  const answer = await (question.transport === 'tcp' ? exchangeTcp(port, query) : exchangeUdp(port, query))
  if (answer.readUInt16BE(0) !== query.readUInt16BE(0)) throw new Error('the answer has another id')
  return readReply(answer)
}

/** Reads an answer. */
export function readReply(answer: Buffer): Reply {
  const read = packet.decode(answer) as unknown as Packet & {
    rcode: string
    flag_aa: boolean
    flag_tc: boolean
    flag_ra: boolean
  }
  const section = (records: Answer[] = []): string[] => records.filter(record => record.type !== 'OPT').map(render)
  return {
    rcode: read.rcode,
    aa: read.flag_aa,
    tc: read.flag_tc,
    ra: read.flag_ra,
    answers: section(read.answers).sort(),
    authorities: section(read.authorities).sort(),
    additionals: section(read.additionals).sort(),
    ordered: section(read.answers),
    size: answer.length,
    packet: read,
  }
}

/** Sends bytes as they are and resolves with the first packet that comes back; undefined when none does within `ms`. */
export function exchangeUdp(port: number, bytes: Buffer, ms = 5000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    const late = setTimeout(() => {
      socket.close()
      reject(new Error('no DNS answer'))
    }, ms)
    socket.on('message', message => {
      clearTimeout(late)
      socket.close()
      resolve(message)
    })
    socket.send(bytes, port, '127.0.0.1')
  })
}

/** The same over a connection of its own, framed. */
export function exchangeTcp(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(framed(bytes))
    })
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error('no DNS answer'))
    }, 5000)
    let seen: Buffer = Buffer.alloc(0)
    socket.on('data', data => {
      seen = Buffer.concat([seen, data])
      if (seen.length < 2 || seen.length < 2 + seen.readUInt16BE(0)) return
      clearTimeout(late)
      socket.destroy()
      resolve(seen.subarray(2))
    })
    socket.on('error', reject)
  })
}

/** A message with its length before it. */
export const framed = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])

function render(record: Answer): string {
  const data: unknown = 'data' in record ? record.data : undefined
  if (record.type === 'SRV')
    return `${record.name} ${record.ttl} SRV ${record.data.priority} ${record.data.weight} ${record.data.port} ${record.data.target}`
  if (record.type === 'SOA') {
    const { mname, rname, refresh, retry, expire, minimum } = record.data
    return `${record.name} ${record.ttl} SOA ${mname} ${rname} ${refresh} ${retry} ${expire} ${minimum}`
  }
  const ttl = 'ttl' in record ? record.ttl : 0
  return `${record.name} ${ttl} ${record.type} ${record.type === 'TXT' ? JSON.stringify([data].flat().map(String)) : String(data)}`
}
