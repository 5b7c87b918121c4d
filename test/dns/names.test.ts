import fc from 'fast-check'
import t from 'tap'
import { formatAddress } from '../../src/dns/addresses.js'
import { isDomainName, readName } from '../../src/dns/names.js'
import { recordType } from '../../src/dns/protocol.js'

const zones = { domain: 'consul', altDomain: 'test.example' }
const read = (name: string, type: keyof typeof recordType = 'A'): string => {
  const named = readName(name.split('.'), recordType[type], zones)
  switch (named.kind) {
    case 'service':
      return `service ${named.service} tag=${named.tag} dc=${named.datacenter} ${named.zone}`
    case 'node':
      return `node ${named.node} dc=${named.datacenter} ${named.zone}`
    case 'query':
      return `query ${named.query} dc=${named.datacenter} ${named.zone}`
    case 'address':
      return `address ${named.digits} dc=${named.datacenter} ${named.zone}`
    case 'reverse':
      return `reverse ${named.address === undefined ? 'none' : formatAddress(named.address)}`
    case 'outside':
      return 'outside'
    default:
      return `${named.kind} ${named.zone}`
  }
}

void t.test('every name form', async t => {
  const table: readonly [name: string, type: keyof typeof recordType, meaning: string][] = [
    ['web.service.consul', 'A', 'service web tag= dc= consul'],
    ['Web.SERVICE.Consul', 'A', 'service web tag= dc= consul'],
    ['web.service.dc1.consul', 'A', 'service web tag= dc=dc1 consul'],
    ['web.service.DC1.consul', 'A', 'service web tag= dc=dc1 consul'],
    ['web.service.test.example', 'A', 'service web tag= dc= test.example'],
    ['v1.web.service.consul', 'A', 'service web tag=v1 dc= consul'],
    ['eu.west.web.service.consul', 'A', 'service web tag=eu.west dc= consul'],
    ['_web._tcp.service.consul', 'A', 'service web tag= dc= consul'],
    ['_web._udp.service.consul', 'SRV', 'service web tag=udp dc= consul'],
    ['_web._v1.service.consul', 'SRV', 'service web tag=v1 dc= consul'],
    ['_web._tcp.consul', 'SRV', 'service web tag= dc= consul'],
    ['_web._tcp.consul', 'A', 'unknown consul'],
    ['_web._v1.dc1.consul', 'SRV', 'service web tag=v1 dc=dc1 consul'],
    ['_web.service.consul', 'SRV', 'service _web tag= dc= consul'],
    ['web._tcp.service.consul', 'SRV', 'service _tcp tag=web dc= consul'],
    ['v1._web._tcp.service.consul', 'SRV', 'service _tcp tag=v1._web dc= consul'],
    ['n1.node.consul', 'A', 'node n1 dc= consul'],
    ['a.b.node.dc2.consul', 'A', 'node a.b dc=dc2 consul'],
    ['node.node.consul', 'A', 'node node dc= consul'],
    ['q.query.consul', 'A', 'query q dc= consul'],
    ['a.b.query.dc1.consul', 'A', 'query a.b dc=dc1 consul'],
    ['c0000201.addr.consul', 'A', 'address c0000201 dc= consul'],
    ['c0000201.addr.dc1.consul', 'A', 'address c0000201 dc=dc1 consul'],
    ['x.c0000201.addr.consul', 'A', 'unknown consul'],
    ['web.connect.consul', 'A', 'unknown consul'],
    ['web.ingress.consul', 'A', 'unknown consul'],
    ['web.virtual.consul', 'A', 'unknown consul'],
    ['web.service.a.b.consul', 'A', 'unknown consul'],
    ['service.consul', 'A', 'unknown consul'],
    ['node.dc1.consul', 'A', 'unknown consul'],
    ['consul', 'A', 'unknown consul'],
    ['ns.consul', 'A', 'unknown consul'],
    ['consul', 'SOA', 'apex consul'],
    ['anything.at.all.consul', 'NS', 'apex consul'],
    ['test.example', 'SOA', 'apex test.example'],
    ['consul', 'AXFR', 'transfer consul'],
    ['notconsul', 'A', 'outside'],
    ['a.node.notconsul', 'A', 'outside'],
    ['consul.example.com', 'SOA', 'outside'],
    ['example', 'A', 'outside'],
    ['1.2.0.192.in-addr.arpa', 'PTR', 'reverse 192.0.2.1'],
    ['1.2.0.192.IN-ADDR.ARPA', 'ANY', 'reverse 192.0.2.1'],
    ['2.0.192.in-addr.arpa', 'PTR', 'reverse none'],
    ['256.2.0.192.in-addr.arpa', 'PTR', 'reverse none'],
    [`6.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`, 'PTR', 'reverse 2001:db8::6'],
    ['8.b.d.0.1.0.0.2.ip6.arpa', 'PTR', 'reverse none'],
    ['home.arpa', 'A', 'reverse none'],
  ]
  for (const [name, type, meaning] of table) t.equal(read(name, type), meaning, `${name} ${type}`)
})

void t.test('a domain inside the other one: the longer is meant', async t => {
  const nested = { domain: 'consul', altDomain: 'sub.consul' }
  const named = readName('web.service.sub.consul'.split('.'), recordType.A, nested)
  t.match(named, { kind: 'service', zone: 'sub.consul', datacenter: '' })
})

void t.test('no labels at all', async t => {
  t.equal(readName([], recordType.A, zones).kind, 'outside')
})

void t.test('any labels are read without a throw', async t => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 10 })),
        fc.integer({ min: 0, max: 65_535 }),
        (labels, type) => {
          readName([...labels, 'consul'], type, zones)
          readName([...labels, 'arpa'], type, zones)
        },
      ),
    )
  })
})

void t.test('which texts can be names in an answer', async t => {
  for (const good of ['a', 'a.b', 'n1.node.dc1.consul', '_web._tcp', 'A-1', 'x'.repeat(63)])
    t.ok(isDomainName(good), good)
  for (const bad of ['', '.', 'a..b', 'a.', '.a', 'a b', 'a/b', 'fe80::1', 'ü', 'x'.repeat(64), 'a.'.repeat(127)])
    t.notOk(isDomainName(bad), bad)
})
