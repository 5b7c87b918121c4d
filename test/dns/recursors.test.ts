import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo } from 'node:net'
import packet, { type Answer, type DecodedPacket } from 'dns-packet'
import t, { type Test } from 'tap'
import { milliseconds } from '../../src/common/duration.js'
import { framed } from './support/dns-client.js'
import { startDns } from './support/fixture.js'

/**
 * What a recursor of the test does with a question: gives records, or a response code, or says that they did not fit,
 * or says nothing.
 */
type Behaviour = (
  question: { name: string; type: string },
  transport: 'udp' | 'tcp',
) => Answer[] | number | 'cut' | undefined

interface FakeRecursor {
  readonly at: string
  readonly asked: string[]
}

/** A name server on 127.0.0.1, over UDP and TCP. */
async function startRecursor(
  t: Test,
  behave: Behaviour,
  twist: (reply: Buffer) => Buffer[] = reply => [reply],
): Promise<FakeRecursor> {
  const asked: string[] = []
  const answer = (bytes: Buffer, transport: 'udp' | 'tcp'): Buffer[] => {
    const query: DecodedPacket = packet.decode(bytes)
    const question = query.questions?.[0]
    if (question === undefined) throw new Error('no question')
    asked.push(`${transport} ${question.name} ${question.type}`)
    const told = behave(question, transport)
    if (told === undefined) return []
    const outcome = told === 'cut' ? [] : told
    const reply = packet.encode({
      type: 'response',
      id: query.id ?? 0,
      flags: (told === 'cut' ? packet.TRUNCATED_RESPONSE : 0) | 0x80 | (typeof outcome === 'number' ? outcome : 0),
      questions: [question],
      answers: typeof outcome === 'number' ? [] : outcome,
    })
    return twist(reply)
  }
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.on('data', data => {
      for (const reply of answer(data.subarray(2), 'tcp')) socket.write(framed(reply))
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) => {
    for (const reply of answer(bytes, 'udp')) socket.send(reply, from.port, from.address)
  })
  await new Promise<void>(resolve => {
    socket.bind(port, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    socket.close()
    server.close()
  })
  return { at: `127.0.0.1:${port}`, asked }
}

const a = (name: string, data: string): Answer => ({ type: 'A', name, ttl: 300, data })
const addresses: Behaviour = ({ name, type }) =>
  type === 'A'
    ? [a(name, '198.51.100.7')]
    : type === 'AAAA'
      ? [{ type: 'AAAA', name, ttl: 300, data: '2001:db8::7' }]
      : []
const quick = { recursorTimeout: milliseconds(150) }

void t.test("names outside the zone are handed on, over the client's transport", async t => {
  const recursor = await startRecursor(t, addresses)
  const dns = await startDns(t, { settings: { recursors: [recursor.at] } })
  for (const transport of ['udp', 'tcp'] as const) {
    t.match(await dns.ask({ name: 'www.Example.com', transport, edns: 1232 }), {
      rcode: 'NOERROR',
      aa: false,
      ra: true,
      answers: ['www.Example.com 300 A 198.51.100.7'],
    })
  }
  t.same(recursor.asked, ['udp www.Example.com A', 'tcp www.Example.com A'])
  t.match(
    await dns.ask('nope.service.consul'),
    { rcode: 'NXDOMAIN', aa: true, ra: true },
    "the zone's own names are not",
  )
})

void t.test('addresses without a name here are asked elsewhere', async t => {
  const recursor = await startRecursor(t, ({ name }) => [{ type: 'PTR', name, ttl: 60, data: 'host.example.com' }])
  const dns = await startDns(t, {
    settings: { recursors: [recursor.at] },
    entries: [{ node: 'n', address: '10.0.0.1' }],
  })
  t.match(await dns.ask({ name: '1.0.0.10.in-addr.arpa', type: 'PTR' }), { aa: true, answers: [/n\.node/] })
  t.match(await dns.ask({ name: '2.0.0.10.in-addr.arpa', type: 'PTR' }), {
    answers: ['2.0.0.10.in-addr.arpa 60 PTR host.example.com'],
  })
})

void t.test('the next one is asked after a failure, a refusal or silence', async t => {
  const silent = await startRecursor(t, () => undefined)
  const failing = await startRecursor(t, () => 2)
  const refusing = await startRecursor(t, () => 5)
  const good = await startRecursor(t, addresses)
  const dns = await startDns(t, {
    settings: { recursors: ['127.0.0.1:1', silent.at, failing.at, refusing.at, good.at], dns: quick },
  })
  for (const transport of ['udp', 'tcp'] as const)
    t.equal((await dns.ask({ name: 'a.example', transport })).answers.length, 1)
  t.same([silent.asked.length, failing.asked.length, refusing.asked.length, good.asked.length], [2, 2, 2, 2])
  t.equal(dns.log.messages('warn').length, 4, 'each failing recursor is reported once in a while')
  dns.update({ recursors: [silent.at, failing.at], dns: quick })
  t.match(await dns.ask('a.example'), { rcode: 'SERVFAIL', ra: true, aa: false })
  dns.update({ recursors: [] })
  t.equal((await dns.ask('a.example')).rcode, 'REFUSED')
})

void t.test('NXDOMAIN is an answer, and the last word', async t => {
  const first = await startRecursor(t, () => 3)
  const second = await startRecursor(t, addresses)
  const dns = await startDns(t, { settings: { recursors: [first.at, second.at] } })
  t.equal((await dns.ask('a.example')).rcode, 'NXDOMAIN')
  t.same(second.asked, [])
})

void t.test('recursor_strategy random spreads the questions', async t => {
  const both = [await startRecursor(t, addresses), await startRecursor(t, addresses)]
  const dns = await startDns(t, {
    settings: { recursors: both.map(({ at }) => at), dns: { recursorStrategy: 'random' } },
  })
  for (let i = 0; i < 60; i++) await dns.ask('a.example')
  t.ok(
    both.every(({ asked }) => asked.length > 10),
    both.map(({ asked }) => asked.length).join(),
  )
  dns.update({ recursors: both.map(({ at }) => at) })
  const before = both[1]?.asked.length
  for (let i = 0; i < 10; i++) await dns.ask('a.example')
  t.equal(both[1]?.asked.length, before, 'sequential asks the first one only')
})

void t.test('forged answers are passed over', async t => {
  const forge = (reply: Buffer): Buffer[] => {
    const otherId = Buffer.from(reply)
    otherId.writeUInt16BE((reply.readUInt16BE(0) + 1) & 0xffff)
    const otherName = Buffer.from(reply)
    otherName[13] = 0x7a
    const query = Buffer.from(reply)
    query[2] = 0
    return [otherId, otherName, query, Buffer.from([1, 2, 3]), reply]
  }
  const recursor = await startRecursor(t, ({ name }) => [a(name, '198.51.100.7')], forge)
  const dns = await startDns(t, { settings: { recursors: [recursor.at] } })
  for (const transport of ['udp', 'tcp'] as const)
    t.same((await dns.ask({ name: 'a.example', transport })).answers, ['a.example 300 A 198.51.100.7'])
})

void t.test(
  "host names outside the zone are followed, with the service's TTL and at most five records for old clients",
  async t => {
    const recursor = await startRecursor(t, ({ name, type }) =>
      name === 'many.example.com'
        ? Array.from({ length: 8 }, (_, i) => a(name, `198.51.100.${i}`))
        : [
            { type: 'CNAME', name, ttl: 300, data: 'real.example.com' },
            ...(addresses({ name: 'real.example.com', type }, 'udp') as Answer[]),
          ],
    )
    const entry = (name: string, address: string) => ({
      node: 'n',
      address: '10.0.0.1',
      service: { id: name, name, port: 443, address },
    })
    const dns = await startDns(t, {
      settings: { recursors: [recursor.at] },
      entries: [
        entry('site', 'www.example.com'),
        entry('many', 'many.example.com'),
        { node: 'ext', address: 'db.example.com' },
      ],
    })
    t.same((await dns.ask({ name: 'site.service.consul', edns: 1232 })).answers, [
      'real.example.com 0 A 198.51.100.7',
      'site.service.consul 0 CNAME www.example.com',
      'www.example.com 0 CNAME real.example.com',
    ])
    t.same(
      (await dns.ask({ name: 'site.service.consul', type: 'AAAA', edns: 1232 })).answers.filter(answer =>
        answer.includes(' AAAA '),
      ),
      ['real.example.com 0 AAAA 2001:db8::7'],
    )
    const srv = await dns.ask({ name: 'site.service.consul', type: 'SRV', edns: 1232 })
    t.same(srv.answers, ['site.service.consul 0 SRV 1 1 443 www.example.com'])
    t.same(srv.additionals, [
      'real.example.com 0 A 198.51.100.7',
      'real.example.com 0 AAAA 2001:db8::7',
      'www.example.com 0 CNAME real.example.com',
    ])
    t.equal((await dns.ask({ name: 'ext.node.consul', edns: 1232 })).answers.length, 3)
    t.equal((await dns.ask({ name: 'many.service.consul', edns: 1232 })).answers.length, 9)
    t.equal((await dns.ask({ name: 'many.service.consul', transport: 'tcp' })).answers.length, 6)
  },
)

void t.test('SRV to a host that has only an IPv6 address brings it along', async t => {
  const recursor = await startRecursor(t, question => (question.type === 'AAAA' ? addresses(question, 'udp') : []))
  const entries = [
    { node: 'n', address: '10.0.0.1', service: { id: 'six', name: 'six', port: 443, address: 'six.example.com' } },
  ]
  const dns = await startDns(t, { settings: { recursors: [recursor.at] }, entries })
  t.match(await dns.ask({ name: 'six.service.consul', type: 'SRV', edns: 1232 }), {
    answers: ['six.service.consul 0 SRV 1 1 443 six.example.com'],
    additionals: ['six.example.com 0 AAAA 2001:db8::7'],
  })
})

void t.test('what a recursor says holds no longer than it says, and no longer than the service does', async t => {
  const recursor = await startRecursor(t, ({ name, type }) =>
    type === 'A' ? [{ type: 'A', name, ttl: name.startsWith('short') ? 7 : 3600, data: '198.51.100.7' }] : [],
  )
  const entry = (name: string) => ({
    node: 'n',
    address: '10.0.0.1',
    service: { id: name, name, port: 443, address: `${name}.example.com` },
  })
  const dns = await startDns(t, {
    settings: { recursors: [recursor.at], dns: { serviceTtl: { '*': milliseconds(60_000) } } },
    entries: [entry('short'), entry('long')],
  })
  t.same((await dns.ask('short.service.consul')).answers, [
    'short.example.com 7 A 198.51.100.7',
    'short.service.consul 60 CNAME short.example.com',
  ])
  t.same((await dns.ask('long.service.consul')).answers, [
    'long.example.com 60 A 198.51.100.7',
    'long.service.consul 60 CNAME long.example.com',
  ])
})

void t.test('an answer that was cut for UDP is asked for again over TCP', async t => {
  const records = (name: string, count: number): Answer[] =>
    Array.from({ length: count }, (_, i) => a(name, `198.51.${i >> 8}.${i & 255}`))
  const recursor = await startRecursor(t, ({ name }, transport) =>
    transport === 'udp' ? 'cut' : records(name, Number(/\d+/.exec(name)?.[0])),
  )
  const entries = [
    { node: 'n', address: '10.0.0.1', service: { id: 'site', name: 'site', port: 443, address: 'of20.example.com' } },
  ]
  const dns = await startDns(t, { settings: { recursors: [recursor.at] }, entries })
  t.match(
    await dns.ask({ name: 'of20.example.com', edns: 1232 }),
    { tc: false, rcode: 'NOERROR', answers: { length: 20 } },
    'the whole, where it fits',
  )
  t.same(recursor.asked, ['udp of20.example.com A', 'tcp of20.example.com A'])
  t.match(
    await dns.ask({ name: 'site.service.consul', edns: 1232 }),
    { tc: false, answers: { length: 21 } },
    'addresses behind a host name too',
  )
  for (const edns of [0, 512, 1232, 4096, 65_535]) {
    const cut = await dns.ask({ name: 'of600.example.com', edns })
    t.match(cut, { tc: true, ra: true, answers: { length: 0 } }, `EDNS ${edns}`)
    t.ok(cut.size <= 512)
  }
  t.match(await dns.ask({ name: 'of600.example.com', transport: 'tcp' }), { tc: false, answers: { length: 600 } })
})

void t.test('an answer that stays cut says so', async t => {
  const recursor = await startRecursor(t, (_question, transport) => (transport === 'udp' ? 'cut' : undefined))
  const dns = await startDns(t, { settings: { recursors: [recursor.at], dns: quick } })
  t.match(await dns.ask('a.example'), { rcode: 'NOERROR', tc: true, answers: { length: 0 } })
})

void t.test('a recursor that sends more than it was allowed is held to udp_answer_size', async t => {
  const recursor = await startRecursor(t, ({ name }) =>
    Array.from({ length: 300 }, (_, i) => a(name, `198.51.${i >> 8}.${i & 255}`)),
  )
  const dns = await startDns(t, { settings: { recursors: [recursor.at] } })
  t.match(await dns.ask({ name: 'a.example', edns: 65_535 }), { tc: true, answers: { length: 0 } })
  dns.update({ recursors: [recursor.at], dns: { udpAnswerSize: 65_535 } })
  t.match(await dns.ask({ name: 'a.example', edns: 65_535 }), { tc: false, answers: { length: 300 } })
})

void t.test('aliases that are cut off from their address are marked, so that clients ask again', async t => {
  const recursor = await startRecursor(t, ({ type }) => [
    { type: 'CNAME', name: 'www.example.com', ttl: 300, data: 'a.example.com' },
    { type: 'CNAME', name: 'a.example.com', ttl: 300, data: 'b.example.com' },
    ...(addresses({ name: 'b.example.com', type }, 'udp') as Answer[]),
  ])
  const entries = [
    { node: 'n', address: '10.0.0.1', service: { id: 'site', name: 'site', port: 443, address: 'www.example.com' } },
  ]
  const dns = await startDns(t, { settings: { recursors: [recursor.at] }, entries })
  t.match(await dns.ask('site.service.consul'), { tc: true, answers: { length: 3 } })
  t.match(await dns.ask({ name: 'site.service.consul', transport: 'tcp' }), { tc: false, answers: { length: 4 } })
  dns.update({ recursors: [recursor.at], dns: { udpAnswerLimit: 4 } })
  t.match(await dns.ask('site.service.consul'), { tc: false, answers: { length: 4 } })
})

void t.test('a host name that nobody knows is given bare', async t => {
  const dns = await startDns(t, {
    settings: { recursors: ['127.0.0.1:1'], dns: quick },
    entries: [{ node: 'ext', address: 'db.example.com' }],
  })
  t.match(await dns.ask('ext.node.consul'), {
    rcode: 'NOERROR',
    aa: true,
    ra: true,
    answers: ['ext.node.consul 0 CNAME db.example.com'],
  })
})

void t.test('no more questions are under way than there may be', async t => {
  const silent = await startRecursor(t, () => undefined)
  const dns = await startDns(t, { settings: { recursors: [silent.at], dns: { recursorTimeout: milliseconds(1500) } } })
  const outcomes = await Promise.all(Array.from({ length: 700 }, (_, i) => dns.ask(`n${i}.example`)))
  t.ok(outcomes.every(({ rcode }) => rcode === 'SERVFAIL'))
  t.ok(silent.asked.length <= 512, `${silent.asked.length} were asked`)
})
