import { decode } from 'dns-packet'
import t from 'tap'
import { systemClock } from '../../src/common/clock.js'
import type { RegisterRequest } from '../../src/catalog/index.js'
import { encodeQuestion, exchangeUdp } from './support/dns-client.js'
import { startDns } from './support/fixture.js'

const server = (i: number, status = 'passing'): RegisterRequest => ({
  node: `s${i}`,
  address: `10.0.0.${i}`,
  service: { id: 'consul', name: 'consul', port: 8300 },
  checks: [{ name: 'serfHealth', status }],
})

void t.test('name servers: three healthy ones at most, and their addresses', async t => {
  const dns = await startDns(t, {
    entries: [server(1), server(2, 'critical'), server(3), server(4), server(5), { ...server(6), node: 'not a name' }],
  })
  const ns = await dns.ask({ name: 'consul', type: 'NS' })
  t.equal(ns.answers.length, 3)
  t.equal(ns.additionals.length, 3)
  t.notOk(ns.answers.some(answer => /s2|not a name/.test(answer)))
  const soa = await dns.ask({ name: 'web.service.consul', type: 'SOA' })
  t.same(soa.answers, ['consul 0 SOA ns.consul hostmaster.consul 3600 600 86400 0'])
  t.equal(soa.authorities.length, 3)
})

void t.test('without servers NS is an empty answer with the SOA record', async t => {
  const dns = await startDns(t)
  const ns = await dns.ask({ name: 'consul', type: 'NS' })
  t.match(ns, { rcode: 'NOERROR', answers: [], authorities: [/SOA/] })
})

void t.test('negative answers may be remembered: 1 s for resolvers, 0 for old stubs, or what min_ttl says', async t => {
  const dns = await startDns(t, { entries: [{ node: 'a', address: '10.0.0.1', service: { id: 'web', name: 'web' } }] })
  const soa = async (edns: number, name = 'nope.service.consul', type: 'A' | 'AAAA' = 'A'): Promise<string> =>
    (await dns.ask({ name, type, edns })).authorities.join()
  t.equal(await soa(1232), 'consul 1 SOA ns.consul hostmaster.consul 3600 600 86400 1')
  t.equal(await soa(0), 'consul 0 SOA ns.consul hostmaster.consul 3600 600 86400 0')
  t.match(await soa(1232, 'web.service.consul', 'AAAA'), /^consul 1 SOA/)
  t.match(await soa(1232, 'a.node.consul', 'AAAA'), /^consul 1 SOA/)
  for (const minTtl of [0, 30]) {
    dns.update({ dns: { soa: { refresh: 1, retry: 2, expire: 3, minTtl } } })
    for (const edns of [0, 1232])
      t.equal(await soa(edns), `consul ${minTtl} SOA ns.consul hostmaster.consul 1 2 3 ${minTtl}`)
  }
})

void t.test('the SOA record belongs to the zone that was asked', async t => {
  const dns = await startDns(t, { settings: { altDomain: 'test.example' } })
  t.match((await dns.ask('nope.service.test.example')).authorities, [
    /^test\.example 0 SOA ns\.test\.example hostmaster\.test\.example/,
  ])
  t.match((await dns.ask('nope.service.consul')).authorities, [/^consul 0 SOA/])
})

void t.test('names for addresses', async t => {
  const dns = await startDns(t, {
    entries: [
      { node: 'n', address: '2001:DB8::6', service: { id: 'web', name: 'web', address: '10.0.0.9' } },
      { node: 'm', address: '10.0.0.1', taggedAddresses: { lan_ipv6: '2001:db8::1' } },
    ],
  })
  const reverse = (address: string): string => `${address.split('.').reverse().join('.')}.in-addr.arpa`
  t.same((await dns.ask({ name: reverse('10.0.0.9'), type: 'PTR' })).answers, [
    '9.0.0.10.in-addr.arpa 0 PTR web.service.dc1.consul',
  ])
  t.same((await dns.ask({ name: reverse('10.0.0.1'), type: 'A' })).answers, [
    '1.0.0.10.in-addr.arpa 0 PTR m.node.dc1.consul',
  ])
  t.match((await dns.ask({ name: `6.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`, type: 'PTR' })).answers, [
    / PTR n\.node\.dc1\.consul$/,
  ])
  t.match(await dns.ask({ name: reverse('10.0.0.2'), type: 'PTR' }), { rcode: 'SERVFAIL', ra: true, aa: false })
  await dns.register({ node: 'late', address: '10.0.0.2' })
  t.match(await dns.ask({ name: reverse('10.0.0.2'), type: 'PTR' }), { rcode: 'NOERROR', aa: true, answers: [/late/] })
})

void t.test('nodes by id and by the beginning of one', async t => {
  const id = '5f0d9fc2-8f3c-4f6a-9d5a-6f6cf6c1f3a1'
  const dns = await startDns(t, { entries: [{ node: 'n', id, address: '10.0.0.1' }] })
  for (const name of [id, id.toUpperCase(), id.slice(0, 8)])
    t.same((await dns.ask(`${name}.node.consul`)).answers, [`${name}.node.consul 0 A 10.0.0.1`])
  await dns.register({ node: 'm', id: `${id.slice(0, 8)}-0000-4f6a-9d5a-6f6cf6c1f3a1`, address: '10.0.0.2' })
  t.equal((await dns.ask(`${id.slice(0, 8)}.node.consul`)).rcode, 'NXDOMAIN', 'no longer the only one')
})

void t.test('metadata as texts (RFC 1464)', async t => {
  const long = 'v'.repeat(300)
  const dns = await startDns(t, {
    entries: [{ node: 'n', address: '10.0.0.1', meta: { 'a=b': 'c`d=e', ' lead ': 'x', 'rfc1035-a': 'plain', long } }],
  })
  const { answers } = await dns.ask({ name: 'n.node.consul', type: 'TXT', edns: 4096 })
  t.same(answers.map(answer => (JSON.parse(answer.slice('n.node.consul 0 TXT '.length)) as string[]).join('')).sort(), [
    '` lead` =x',
    'a`=b=c``d=e',
    `long=${long}`,
    'plain',
  ])
})

void t.test('addresses that a name says itself', async t => {
  const dns = await startDns(t)
  const table = [
    ['c0000201.addr.consul', 'A', 'NOERROR', 1],
    ['c0000201.addr.consul', 'ANY', 'NOERROR', 1],
    ['c0000201.addr.consul', 'AAAA', 'NOERROR', 0],
    ['c00002.addr.consul', 'A', 'NOERROR', 0],
    ['c00002zz.addr.consul', 'A', 'NXDOMAIN', 0],
    ['c0000201a.addr.consul', 'A', 'NXDOMAIN', 0],
    ['20010db8000000000000000000000001.addr.consul', 'AAAA', 'NOERROR', 1],
  ] as const
  for (const [name, type, rcode, count] of table)
    t.match(await dns.ask({ name, type }), { rcode, aa: true, answers: { length: count } }, `${name} ${type}`)
  t.same((await dns.ask({ name: 'c0000201.addr.consul', type: 'AAAA' })).additionals, [
    'c0000201.addr.consul 0 A 192.0.2.1',
  ])
})

void t.test('zone transfers are not implemented', async t => {
  const dns = await startDns(t)
  t.match(await dns.ask({ name: 'consul', type: 'AXFR', transport: 'tcp' }), { rcode: 'NOTIMP', answers: [] })
})

void t.test('a kept answer ages by the time that passes, whatever becomes of the wall clock', async t => {
  let wall = 2_000_000_000_000
  let elapsed = 0
  const clock = {
    now: () => wall,
    monotonic: () => elapsed,
    after: (delay: number, run: () => void) => systemClock.after(delay, run),
  }
  const dns = await startDns(t, { clock })
  const serial = async (): Promise<number | undefined> => {
    const { answers } = decode(await exchangeUdp(dns.port, encodeQuestion({ name: 'consul', type: 'SOA' })))
    return answers?.flatMap(answer => (answer.type === 'SOA' ? (answer.data.serial ?? []) : []))[0]
  }
  t.equal(await serial(), wall / 1000)
  // Someone corrects a clock that was a day ahead.
  wall -= 86_400_000
  elapsed += 2_000
  t.equal(await serial(), wall / 1000)
})
