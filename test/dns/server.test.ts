import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import packet from 'dns-packet'
import fc from 'fast-check'
import t from 'tap'
import type { RegisterRequest } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { createDnsServer } from '../../src/dns/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { dig } from '../support/dig.js'
import { until } from '../support/until.js'
import { encodeQuestion, exchangeTcp, exchangeUdp, framed, readReply } from './support/dns-client.js'
import { openCatalog, startDns } from './support/fixture.js'
import { dnsSettings } from './support/settings.js'

const web: RegisterRequest[] = [1, 2, 3].map(i => ({
  node: `n${i}`,
  address: `10.0.0.${i}`,
  service: { id: 'web', name: 'web', port: 80 },
}))
const hasDig = spawnSync('dig', ['-v']).error === undefined

void t.test('the real dig, over UDP and TCP', { skip: hasDig ? false : 'dig is not installed' }, async t => {
  const dns = await startDns(t, {
    entries: [...web, { node: 's', address: '10.0.0.9', service: { id: 'consul', name: 'consul', port: 8300 } }],
  })
  const agent = { dns: dns.port }
  for (const transport of [['+tcp'], []]) {
    const a = await dig(agent, 'web.service.consul', ...transport)
    t.equal(a.status, 'NOERROR')
    t.same(
      [...a.answer].sort(),
      [1, 2, 3].map(i => `web.service.consul. 0 IN A 10.0.0.${i}`),
    )
    const srv = await dig(agent, 'web.service.consul', 'SRV', ...transport)
    t.same(
      [...srv.answer].sort(),
      [1, 2, 3].map(i => `web.service.consul. 0 IN SRV 1 1 80 n${i}.node.dc1.consul.`),
    )
    t.equal(srv.additional.length, 3)
  }
  const aaaa = await dig(agent, 'web.service.consul', 'AAAA')
  t.match(aaaa, {
    status: 'NOERROR',
    answer: [],
    authority: [/^consul\. 1 IN SOA ns\.consul\. hostmaster\.consul\. \d+ 3600 600 86400 1$/],
  })
  t.match(await dig(agent, 'nope.service.consul'), { status: 'NXDOMAIN', authority: [/ 86400 1$/] })
  t.match(await dig(agent, 'consul', 'SOA'), { answer: { length: 1 }, authority: [/NS s\.node\.dc1\.consul\.$/] })
  t.match(await dig(agent, 'version.bind', 'TXT', 'CH'), { status: 'REFUSED' })
  t.match(await dig(agent, 'web.service.consul', '+edns=1', '+noednsnegotiation'), { status: 'BADVERS' })
  t.match(await dig(agent, 'web.service.consul', '+opcode=NOTIFY'), { status: 'NOTIMP' })
  t.match(await dig(agent, 'web.service.consul', '+noedns', '+norecurse'), { flags: ['qr', 'aa'] })
  t.match(await dig(agent, 'web.service.consul', '+subnet=192.0.2.0/24'), { status: 'NOERROR' })
})

void t.test(
  '60 instances: plain UDP says that there is more, TCP has all of it',
  { skip: hasDig ? false : 'dig is not installed' },
  async t => {
    const dns = await startDns(t, {
      entries: Array.from({ length: 60 }, (_, i) => ({
        node: `n${i}`,
        address: `10.0.0.${i}`,
        service: { id: 'web', name: 'web', port: 80 },
      })),
    })
    const agent = { dns: dns.port }
    const plain = await dig(agent, '+noedns', '+ignore', 'web.service.consul', 'SRV')
    t.ok(plain.flags.includes('tc'))
    t.equal((await dig(agent, '+tcp', 'web.service.consul', 'SRV')).answer.length, 60)
    t.equal(
      (await dig(agent, '+noedns', 'web.service.consul', 'SRV')).answer.length,
      60,
      'dig falls back to TCP by itself',
    )
  },
)

void t.test('EDNS comes back: size, version 0, subnet with scope 0; other options do not', async t => {
  const dns = await startDns(t, { entries: web })
  const opt = async (name: string): Promise<unknown> => {
    const reply = await dns.ask({ name, edns: 1400, subnet: '192.0.2.0/24' })
    return reply.packet.additionals?.find(record => record.type === 'OPT')
  }
  for (const name of ['web.service.consul', 'web.service.consul', 'nope.service.consul', 'example.com']) {
    t.match(
      await opt(name),
      {
        udpPayloadSize: 1400,
        ednsVersion: 0,
        options: [{ code: 8, ip: '192.0.2.0', sourcePrefixLength: 24, scopePrefixLength: 0 }],
      },
      name,
    )
  }
  t.equal((await dns.ask('web.service.consul')).packet.additionals?.length, 0)
})

void t.test('queries in every spelling, flag and size are told apart, and cookies are not', async t => {
  const dns = await startDns(t, { entries: web })
  t.match((await dns.ask('WEB.service.consul')).answers, [/^WEB\.service/, /^WEB/, /^WEB/])
  t.match((await dns.ask('web.SERVICE.consul')).answers, [/^web\.SERVICE/, /^web/, /^web/])
  const withCookie = (cookie: number): Buffer => {
    const bytes = encodeQuestion({ name: 'web.service.consul', edns: 1232 })
    bytes.writeUInt16BE(12, bytes.length - 2)
    return Buffer.concat([bytes, Buffer.from([0, 10, 0, 8]), Buffer.alloc(8, cookie)])
  }
  for (let cookie = 0; cookie < 5; cookie++)
    t.equal(readReply(await exchangeUdp(dns.port, withCookie(cookie))).answers.length, 3)
  await dns.server.close()
  t.equal(dns.metrics.values.get('dns.cache_hits'), 4)
  t.equal(dns.metrics.values.get('dns.queries'), 7)
})

void t.test('nothing is answered from a state that is not loaded', async t => {
  let ready = false
  const dns = await startDns(t, { entries: web, ready: () => ready })
  for (const name of ['web.service.consul', 'nope.service.consul', 'consul', '1.0.0.10.in-addr.arpa'])
    t.match(await dns.ask(name), { rcode: 'SERVFAIL', answers: [] }, name)
  t.equal((await dns.ask('example.com')).rcode, 'REFUSED')
  ready = true
  t.equal((await dns.ask('web.service.consul')).answers.length, 3)
  ready = false
  t.equal((await dns.ask('web.service.consul')).rcode, 'SERVFAIL', 'nor from an answer kept from before')
})

void t.test('allow_stale off: a barrier before each answer', async t => {
  let barriers = 0
  let age = 0
  const dns = await startDns(t, {
    entries: web,
    settings: { dns: { allowStale: false } },
    freshness: {
      barrier: () => {
        barriers++
        return Promise.resolve()
      },
      age: () => age,
    },
  })
  for (let i = 0; i < 3; i++) t.equal((await dns.ask('web.service.consul')).answers.length, 3)
  t.equal(barriers, 3)
  dns.update({})
  await dns.ask('web.service.consul')
  t.equal(barriers, 3, 'none while stale answers are allowed')
  age = Number.MAX_SAFE_INTEGER
  await dns.ask('web.service.consul')
  t.equal(barriers, 4, 'one more when the view is older than max_stale')
})

void t.test('a barrier that fails is a failure and no crash', async t => {
  const dns = await startDns(t, {
    entries: web,
    settings: { dns: { allowStale: false } },
    freshness: { barrier: () => Promise.reject(new Error('no leader')), age: () => 0 },
  })
  t.equal((await dns.ask('web.service.consul')).rcode, 'SERVFAIL')
  t.match(dns.log.messages('error'), ['DNS query failed'])
})

void t.test('no bytes disturb the server', async t => {
  const dns = await startDns(t, { entries: web })
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  const valid = encodeQuestion({ name: 'web.service.consul', edns: 1232, subnet: '192.0.2.0/24' })
  const mutated = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .map(edits => {
      const bytes = Buffer.from(valid)
      for (const [at, value] of edits) bytes[at] = value
      return bytes
    })
  const cut = fc.nat(valid.length).map(length => Buffer.from(valid.subarray(0, length)))
  const any = fc.uint8Array({ maxLength: 600 }).map(bytes => Buffer.from(bytes))
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, cut, any), async bytes => {
      if (bytes.length > 0)
        await new Promise(resolve => {
          socket.send(bytes, dns.port, '127.0.0.1', resolve)
        })
    }),
    { numRuns: 2000 },
  )
  t.equal((await dns.ask('web.service.consul')).answers.length, 3)
  t.same(dns.log.messages('error'), [])
})

void t.test('malformed queries: FORMERR where the header can be read, silence otherwise', async t => {
  const dns = await startDns(t, { entries: web })
  const broken = encodeQuestion({ name: 'web.service.consul' })
  broken[12] = 0xc0
  const noQuestion = Buffer.from(broken)
  noQuestion[5] = 0
  for (const bytes of [broken, noQuestion, broken.subarray(0, 12)]) {
    const answer = await exchangeUdp(dns.port, bytes)
    t.equal(answer.readUInt16BE(0), broken.readUInt16BE(0))
    t.equal((answer[3] ?? 0) & 15, 1)
  }
  const response = encodeQuestion({ name: 'web.service.consul' })
  response[2] = (response[2] ?? 0) | 0x80
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  const answers: Buffer[] = []
  socket.on('message', answer => answers.push(answer))
  for (const bytes of [response, broken.subarray(0, 11)]) socket.send(bytes, dns.port, '127.0.0.1')
  socket.send(broken, dns.port, '127.0.0.1')
  await until('the last packet is answered', () => answers.length > 0)
  t.equal(answers.length, 1, 'only the query has an answer')
})

void t.test('TCP: many queries in one go, in pieces, and a client that sends no queries', async t => {
  const dns = await startDns(t, { entries: web })
  const queries = Array.from({ length: 200 }, (_, i) =>
    encodeQuestion({ name: i % 2 === 0 ? 'web.service.consul' : 'nope.service.consul' }),
  )
  const stream = Buffer.concat(queries.map(framed))
  for (const piece of [stream.length, 1000, 7]) {
    const socket = connect(dns.port, '127.0.0.1')
    let received: Buffer = Buffer.alloc(0)
    socket.on('data', data => {
      received = Buffer.concat([received, data])
    })
    for (let at = 0; at < stream.length; at += piece) socket.write(stream.subarray(at, at + piece))
    const ids: number[] = []
    await until('all are answered', () => {
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        ids.push(received.readUInt16BE(2))
        received = received.subarray(2 + received.readUInt16BE(0))
      }
      return ids.length === queries.length
    })
    t.same(
      ids,
      queries.map(query => query.readUInt16BE(0)),
    )
    socket.destroy()
  }
  const stranger = connect(dns.port, '127.0.0.1', () => {
    stranger.write(framed(Buffer.from('hello')))
  })
  await new Promise(resolve =>
    stranger
      .once('close', resolve)
      .on('error', () => undefined)
      .resume(),
  )
  t.equal((await dns.ask({ name: 'web.service.consul', transport: 'tcp' })).answers.length, 3)
})

void t.test('ports: free ones for all addresses, the same over UDP and TCP', async t => {
  const dns = await startDns(t, {
    entries: web,
    settings: { addresses: { dns: ['127.0.0.1', '127.0.0.2'], http: [], https: [] } },
  })
  t.equal(dns.server.addresses.length, 2)
  t.same(
    dns.server.addresses.map(({ address }) => address),
    ['127.0.0.1', '127.0.0.2'],
  )
  t.equal(new Set(dns.server.addresses.map(({ port }) => port)).size, 1)
  const query = encodeQuestion({ name: 'web.service.consul' })
  t.equal(packet.decode(await exchangeUdp(dns.port, query)).answers?.length, 3)
  t.equal(packet.decode(await exchangeTcp(dns.port, query)).answers?.length, 3)
})

void t.test('a port that is taken is an error with a hint, and leaves nothing bound', async t => {
  const first = await startDns(t)
  const make = (port: number, address = '127.0.0.1') =>
    createDnsServer({
      settings: dnsSettings({
        addresses: { dns: ['127.0.0.3', address], http: [], https: [] },
        ports: { ...dnsSettings().ports, dns: port },
      }),
      catalog: first.catalog,
      log: new RecordingLog(),
      metrics: new RecordingMetrics(),
      clock: systemClock,
      random: Math.random,
      ready: () => true,
    })
  await t.rejects(make(first.port).start(), {
    code: 'DNS_LISTEN',
    message: new RegExp(`127.0.0.1 port ${first.port}`),
    hint: /ports\.dns/,
  })
  await t.rejects(make(0, '192.0.2.77').start(), { code: 'DNS_LISTEN', hint: /not one of this machine/ })
  const free = make(first.port, '127.0.0.4')
  await free.start()
  t.equal(free.addresses[0]?.port, first.port, 'what the failed start had bound is free again')
  await free.close()
  const off = make(-1)
  await off.start()
  t.same(off.addresses, [])
  await off.close()
})

void t.test('settings take effect at once', async t => {
  const dns = await startDns(t, { entries: web })
  t.equal((await dns.ask('web.service.consul')).rcode, 'NOERROR')
  dns.update({ domain: 'example.org', datacenter: 'east' })
  t.equal((await dns.ask('web.service.consul')).rcode, 'REFUSED')
  t.match(await dns.ask({ name: 'web.service.east.example.org', type: 'SRV' }), {
    rcode: 'NOERROR',
    answers: [/node\.east\.example\.org$/, /./, /./],
  })
})

void t.test('the catalog that is not loaded is not answered from', async t => {
  const catalog = await openCatalog(t, web)
  const unloaded = Object.create(catalog, { loaded: { value: false } }) as typeof catalog
  const dns = await startDns(t, { remote: () => unloaded })
  t.equal((await dns.ask('web.service.dc2.consul')).rcode, 'SERVFAIL')
})
