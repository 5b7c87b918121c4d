import packet from 'dns-packet'
import fc from 'fast-check'
import t from 'tap'
import { encodeMessage, uncompressedSize, type Message } from '../../src/dns/encode.js'
import { layOut, newLayout, readQuery, type Query } from '../../src/dns/query.js'
import type { DnsRecord } from '../../src/dns/records.js'
import { encodeQuestion, readReply } from './support/dns-client.js'

const queryOf = (name: string, edns = 0): Query => {
  const bytes = encodeQuestion({ name, type: 'SRV', edns })
  const layout = newLayout()
  if (!layOut(bytes, layout)) throw new Error('not a query')
  return readQuery(bytes, layout)
}

const message = (query: Query, answers: readonly DnsRecord[], additional: readonly DnsRecord[] = []): Message => ({
  query,
  rcode: 0,
  authoritative: true,
  truncated: false,
  recursionAvailable: false,
  answers,
  authority: [],
  additional,
  subnet: undefined,
})

const label = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => [...labels, 'consul'].join('.'))
const ttl = fc.integer({ min: 0, max: 0x7fffffff })
const uint16 = fc.integer({ min: 0, max: 65_535 })
const record: fc.Arbitrary<DnsRecord> = fc.oneof(
  fc.record({ type: fc.constant('A' as const), name, ttl, address: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
  fc.record({
    type: fc.constant('AAAA' as const),
    name,
    ttl,
    address: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  }),
  fc.record({ type: fc.constantFrom('CNAME' as const, 'NS' as const, 'PTR' as const), name, ttl, target: name }),
  fc.record({ type: fc.constant('SRV' as const), name, ttl, weight: uint16, port: uint16, target: name }),
  fc.record({ type: fc.constant('TXT' as const), name, ttl, text: fc.uint8Array({ maxLength: 600 }) }),
)

const expected = (one: DnsRecord): unknown => {
  switch (one.type) {
    case 'A':
      return one.address.join('.')
    case 'AAAA':
      return Buffer.from(one.address).toString('hex')
    case 'SRV':
      return { priority: 1, weight: one.weight, port: one.port, target: one.target }
    case 'TXT':
      return Buffer.from(one.text).toString('hex')
    case 'SOA':
      return undefined
    default:
      return one.target
  }
}

const decoded = (one: packet.Answer): unknown => {
  if (one.type === 'TXT') return Buffer.concat([one.data].flat().map(part => Buffer.from(part))).toString('hex')
  if (one.type === 'AAAA') {
    const [head = '', tail] = one.data.split('::')
    const words = (text: string): string[] => (text === '' ? [] : text.split(':'))
    const left = words(head)
    const right = tail === undefined ? [] : words(tail)
    return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
      .map(word => word.padStart(4, '0'))
      .join('')
  }
  return 'data' in one ? one.data : undefined
}

void t.test('whatever is written can be read back, compressed or not', async t => {
  fc.assert(
    fc.property(
      name,
      fc.array(record, { maxLength: 12 }),
      fc.array(record, { maxLength: 6 }),
      fc.boolean(),
      fc.boolean(),
      (question, answers, additional, compress, edns) => {
        const written = message(queryOf(question, edns ? 4096 : 0), answers, additional)
        const bytes = encodeMessage(written, compress)
        const read = packet.decode(bytes)
        t.equal(read.questions?.[0]?.name, question)
        t.same(
          read.answers?.map(one => [one.type, one.name, 'ttl' in one && one.ttl, decoded(one)]),
          answers.map(one => [one.type, one.name, one.ttl, expected(one)]),
        )
        t.same(read.additionals?.filter(one => one.type !== 'OPT').map(decoded), additional.map(expected))
        t.equal(
          read.additionals?.some(one => one.type === 'OPT'),
          edns,
        )
        t.ok(bytes.length <= uncompressedSize(written))
        if (!compress) t.equal(bytes.length, uncompressedSize(written))
      },
    ),
    { numRuns: 300 },
  )
})

void t.test('names far into a large message are not pointed at', async t => {
  const answers = Array.from({ length: 1000 }, (_, i): DnsRecord => ({
    type: 'SRV',
    name: 'web.service.consul',
    ttl: 0,
    weight: 1,
    port: i,
    target: `node-${i}.node.dc1.consul`,
  }))
  const additional = answers.map((_, i): DnsRecord => ({
    type: 'A',
    name: `node-${i}.node.dc1.consul`,
    ttl: 0,
    address: Uint8Array.of(10, 0, i >> 8, i & 255),
  }))
  const bytes = encodeMessage(message(queryOf('web.service.consul'), answers, additional), true)
  t.ok(bytes.length > 0x4000)
  const reply = readReply(bytes)
  t.equal(reply.answers.length, 1000)
  t.ok(reply.additionals.includes('node-999.node.dc1.consul 0 A 10.0.3.231'))
})

void t.test('60 addresses take 1008 bytes, as measured', async t => {
  const query = queryOf('web.service.consul', 1232)
  const answers = Array.from({ length: 60 }, (_, i): DnsRecord => ({
    type: 'A',
    name: 'web.service.consul',
    ttl: 0,
    address: Uint8Array.of(10, 0, 0, i),
  }))
  t.ok(Math.abs(encodeMessage(message(query, answers), true).length - 1008) <= 11)
})

void t.test('an owner that is the question repeats its spelling, another spelling is written anew', async t => {
  const query = queryOf('WEB.service.Consul')
  const read = packet.decode(
    encodeMessage(
      message(query, [
        { type: 'A', name: 'WEB.service.Consul', ttl: 0, address: Uint8Array.of(1, 2, 3, 4) },
        { type: 'A', name: 'web.service.consul', ttl: 0, address: Uint8Array.of(1, 2, 3, 4) },
      ]),
      true,
    ),
  )
  t.same(
    read.answers?.map(one => one.name),
    ['WEB.service.Consul', 'web.service.consul'],
  )
})
