import t from 'tap'
import type { RegisterRequest } from '../../src/catalog/index.js'
import { seconds } from '../../src/common/duration.js'
import { openCatalog, startDns } from './support/fixture.js'
import { ttls } from './support/settings.js'

const web = (
  node: string,
  address: string,
  rest: Partial<RegisterRequest['service']> = {},
  checks: RegisterRequest['checks'] = [],
): RegisterRequest => ({ node, address, service: { id: 'web', name: 'web', port: 80, ...rest }, checks })

void t.test('an instance is left out while a check of its own or of its node is critical', async t => {
  const dns = await startDns(t, {
    entries: [
      web('none', '10.0.0.1'),
      web('passing', '10.0.0.2', {}, [{ name: 'c', status: 'passing', serviceId: 'web' }]),
      web('warning', '10.0.0.3', {}, [{ name: 'c', status: 'warning', serviceId: 'web' }]),
      web('critical', '10.0.0.4', {}, [{ name: 'c', status: 'critical', serviceId: 'web' }]),
      web('node-critical', '10.0.0.5', {}, [{ name: 'serfHealth', status: 'critical' }]),
      web('node-warning', '10.0.0.6', {}, [{ name: 'n', status: 'warning' }]),
      {
        node: 'other',
        address: '10.0.0.7',
        service: { id: 'db', name: 'db' },
        checks: [{ name: 'c', status: 'critical', serviceId: 'db' }],
      },
    ],
  })
  const tail = async (): Promise<string[]> =>
    (await dns.ask({ name: 'web.service.consul', edns: 4096 })).answers.map(answer => answer.split('.').pop() ?? '')
  t.same(await tail(), ['1', '2', '3', '6'])
  t.equal((await dns.ask('db.service.consul')).rcode, 'NXDOMAIN')
  t.equal((await dns.ask('node-critical.node.consul')).answers.length, 1, 'nodes resolve whatever their health')
  dns.update({ dns: { onlyPassing: true } })
  t.same(await tail(), ['1', '2'])
})

void t.test('weights follow the worst check', async t => {
  const weights = { passing: 10, warning: 3 }
  const dns = await startDns(t, {
    entries: [
      web('a', '10.0.0.1', { weights }),
      web('b', '10.0.0.2', { weights }, [
        { name: 'c', status: 'passing', serviceId: 'web' },
        { name: 'd', status: 'warning', serviceId: 'web' },
      ]),
      web('c', '10.0.0.3', { weights }, [{ name: 'n', status: 'warning' }]),
      web('d', '10.0.0.4'),
    ],
  })
  const { answers } = await dns.ask({ name: 'web.service.consul', type: 'SRV', edns: 4096 })
  t.same(
    answers.map(answer => answer.split(' ').slice(4, 7).join(' ')),
    ['1 80 d.node.dc1.consul', '10 80 a.node.dc1.consul', '3 80 b.node.dc1.consul', '3 80 c.node.dc1.consul'],
  )
})

void t.test('one record for one address, one SRV for one node, address and port', async t => {
  const dns = await startDns(t, {
    entries: [
      web('a', '10.0.0.1', { id: 'w1', port: 1 }),
      web('a', '10.0.0.1', { id: 'w2', port: 2 }),
      web('a', '10.0.0.1', { id: 'w3', port: 2 }),
      web('b', '10.0.0.2', { id: 'w4', port: 1, address: '10.0.0.1' }),
    ],
  })
  t.same((await dns.ask('web.service.consul')).answers, ['web.service.consul 0 A 10.0.0.1'])
  const srv = await dns.ask({ name: 'web.service.consul', type: 'SRV', edns: 4096 })
  t.same(srv.answers, [
    'web.service.consul 0 SRV 1 1 1 0a000001.addr.dc1.consul',
    'web.service.consul 0 SRV 1 1 1 a.node.dc1.consul',
    'web.service.consul 0 SRV 1 1 2 a.node.dc1.consul',
  ])
  t.same(srv.additionals, ['0a000001.addr.dc1.consul 0 A 10.0.0.1', 'a.node.dc1.consul 0 A 10.0.0.1'])
})

void t.test('a loopback service address is the node to everyone else', async t => {
  const dns = await startDns(t, {
    entries: [
      web('far', '10.0.0.1', { address: '127.0.0.1' }),
      web('here', '127.0.0.1', { address: '127.0.0.1', port: 81 }),
      web('six', '2001:db8::1', { address: '::1', port: 82 }),
    ],
  })
  const srv = await dns.ask({ name: 'web.service.consul', type: 'SRV', edns: 4096 })
  t.same(
    srv.answers.map(answer => answer.split(' ').slice(5).join(' ')),
    ['80 far.node.dc1.consul', '81 7f000001.addr.dc1.consul', '82 six.node.dc1.consul'],
  )
  t.same(srv.additionals, [
    '7f000001.addr.dc1.consul 0 A 127.0.0.1',
    'far.node.dc1.consul 0 A 10.0.0.1',
    'six.node.dc1.consul 0 AAAA 2001:db8::1',
  ])
})

void t.test('names that DNS cannot carry are said by address', async t => {
  const dns = await startDns(t, {
    entries: [
      web('my node', '10.0.0.1'),
      web('x'.repeat(70), '10.0.0.2'),
      web('ok', '10.0.0.3', { address: 'bad host!' }),
    ],
  })
  const srv = await dns.ask({ name: 'web.service.consul', type: 'SRV', edns: 4096 })
  t.same(
    srv.answers.map(answer => answer.split(' ').pop()),
    ['0a000001.addr.dc1.consul', '0a000002.addr.dc1.consul'],
  )
  t.equal((await dns.ask({ name: '1.0.0.10.in-addr.arpa', type: 'PTR' })).rcode, 'SERVFAIL')
})

void t.test('host names: followed in the zone, in no circle, and only where there is no address', async t => {
  const dns = await startDns(t, {
    entries: [
      web('a', '10.0.0.1', { name: 'itself', id: 'itself', address: 'itself.service.consul' }),
      web('a', '10.0.0.1', { name: 'ping', id: 'ping', address: 'pong.service.consul' }),
      web('a', '10.0.0.1', { name: 'pong', id: 'pong', address: 'ping.service.consul' }),
      web('a', '10.0.0.1', { name: 'mixed', id: 'm1', address: 'www.example.com' }),
      web('b', '10.0.0.2', { name: 'mixed', id: 'm2' }),
      web('a', '10.0.0.1', { name: 'one', id: 'o1', address: 'www.example.com' }),
      web('b', '10.0.0.2', { name: 'one', id: 'o2', address: 'www.example.net' }),
      web('a', '10.0.0.1', { name: 'l1', id: 'l1', address: 'L2.service.consul.' }),
      web('a', '10.0.0.1', { name: 'l2', id: 'l2', address: 'a.node.consul' }),
    ],
    settings: { dns: { serviceTtl: ttls({ l1: 9, l2: 8 }), nodeTtl: seconds(7) } },
  })
  t.same((await dns.ask('itself.service.consul')).answers, ['itself.service.consul 0 A 10.0.0.1'])
  t.match((await dns.ask({ name: 'itself.service.consul', type: 'SRV' })).answers, [
    'itself.service.consul 0 SRV 1 1 80 a.node.dc1.consul',
  ])
  const circle = await dns.ask({ name: 'ping.service.consul', edns: 4096 })
  t.equal(circle.rcode, 'NOERROR')
  t.ok(circle.answers.length <= 4, 'the circle ends')
  t.same((await dns.ask('mixed.service.consul')).answers, ['mixed.service.consul 0 A 10.0.0.2'])
  t.equal((await dns.ask('one.service.consul')).answers.length, 1, 'a name has one CNAME')
  t.same((await dns.ask('l1.service.consul')).answers, [
    'L2.service.consul 9 CNAME a.node.consul',
    'a.node.consul 9 A 10.0.0.1',
    'l1.service.consul 9 CNAME L2.service.consul',
  ])
})

void t.test('addresses by family', async t => {
  const dual = { lan_ipv4: '10.0.0.1', lan_ipv6: '2001:db8::1', wan: '198.51.100.1' }
  const dns = await startDns(t, {
    entries: [
      { node: 'dual', address: '10.0.0.1', taggedAddresses: dual, service: { id: 'ondual', name: 'ondual', port: 1 } },
      web('dual2', '2001:db8::2', {
        name: 'svc',
        id: 'svc',
        address: '10.0.0.3',
        taggedAddresses: { lan_ipv6: { address: '2001:db8::3', port: 1 } },
      }),
      {
        node: 'dual',
        address: '10.0.0.1',
        taggedAddresses: dual,
        service: { id: 'own', name: 'own', address: '10.0.0.9' },
      },
    ],
  })
  const answers = async (name: string, type: 'A' | 'AAAA' | 'ANY'): Promise<readonly string[]> =>
    (await dns.ask({ name, type })).answers.map(answer => answer.split(' ').pop() ?? '')
  t.same(await answers('ondual.service.consul', 'A'), ['10.0.0.1'])
  t.same(await answers('ondual.service.consul', 'AAAA'), ['2001:db8::1'])
  t.same(await answers('ondual.service.consul', 'ANY'), ['10.0.0.1'])
  t.same(await answers('svc.service.consul', 'A'), ['10.0.0.3'])
  t.same(await answers('svc.service.consul', 'AAAA'), ['2001:db8::3'])
  t.same(await answers('own.service.consul', 'AAAA'), [], "the node's other address is not the service's")
})

void t.test('other datacenters, with and without their WAN addresses', async t => {
  const far = await openCatalog(t, [
    {
      node: 'f',
      address: '10.9.0.1',
      taggedAddresses: { wan: '198.51.100.1' },
      service: { id: 'web', name: 'web', port: 80 },
    },
    {
      node: 'g',
      address: '10.9.0.2',
      service: {
        id: 'web',
        name: 'web',
        port: 80,
        address: '10.9.0.22',
        taggedAddresses: { wan: { address: '198.51.100.2', port: 8080 } },
      },
    },
  ])
  const dns = await startDns(t, { remote: datacenter => (datacenter === 'dc2' ? far : undefined) })
  t.same((await dns.ask('web.service.DC2.consul')).answers, [
    'web.service.DC2.consul 0 A 10.9.0.1',
    'web.service.DC2.consul 0 A 10.9.0.22',
  ])
  t.equal((await dns.ask('web.service.dc3.consul')).rcode, 'NXDOMAIN')
  t.equal((await dns.ask('0a000001.addr.dc3.consul')).rcode, 'NXDOMAIN')
  t.same((await dns.ask('0a000001.addr.dc2.consul')).answers, ['0a000001.addr.dc2.consul 0 A 10.0.0.1'])
  dns.update({ translateWanAddrs: true })
  t.same((await dns.ask('web.service.dc2.consul')).answers, [
    'web.service.dc2.consul 0 A 198.51.100.1',
    'web.service.dc2.consul 0 A 198.51.100.2',
  ])
  t.same((await dns.ask('f.node.dc2.consul')).answers, ['f.node.dc2.consul 0 A 198.51.100.1'])
  t.same((await dns.ask({ name: 'web.service.dc2.consul', type: 'SRV' })).answers, [
    'web.service.dc2.consul 0 SRV 1 1 80 c6336401.addr.dc2.consul',
    'web.service.dc2.consul 0 SRV 1 1 8080 c6336402.addr.dc2.consul',
  ])
})

void t.test('TTLs: exact name, longest prefix, any', async t => {
  const names = ['web', 'web-a', 'web-ab', 'db']
  const dns = await startDns(t, {
    entries: names.map(name => web('n', '10.0.0.1', { id: name, name })),
    settings: { dns: { serviceTtl: ttls({ 'web': 5, 'web-*': 6, 'web-a*': 7, '*': 8.9 }) } },
  })
  const got = await Promise.all(
    names.map(async name => (await dns.ask(`${name}.service.consul`)).answers[0]?.split(' ')[1]),
  )
  t.same(got, ['5', '7', '7', '8'])
})

void t.test('prepared queries: TTL, order, who asks, another datacenter, later', async t => {
  const catalog = await openCatalog(t, [web('a', '10.0.0.1'), web('b', '10.0.0.2'), web('c', '10.0.0.3')])
  const instances = catalog.health.instances('web')
  const seen: string[] = []
  const dns = await startDns(t, {
    settings: { dns: { serviceTtl: ttls({ web: 4 }) } },
    queries: {
      resolve: (name, client) => {
        seen.push(`${name} ${client.subnet ?? client.address}`)
        if (name === 'near') return { instances, ttl: seconds(7), ordered: true }
        if (name === 'later')
          return Promise.resolve({ instances: instances.slice(0, 1), ttl: undefined, datacenter: 'dc2' })
        return name === 'empty' ? { instances: [], ttl: undefined } : undefined
      },
    },
  })
  for (let i = 0; i < 5; i++)
    t.same(
      (await dns.ask('Near.query.consul')).ordered.map(answer => answer.slice(-1)),
      ['1', '2', '3'],
      'the order stays',
    )
  t.match((await dns.ask('near.query.consul')).answers[0], /^near.query.consul 7 A /)
  t.same((await dns.ask({ name: 'later.query.consul', type: 'SRV' })).answers, [
    'later.query.consul 4 SRV 1 1 80 a.node.dc2.consul',
  ])
  t.equal((await dns.ask('empty.query.consul')).rcode, 'NXDOMAIN')
  t.equal((await dns.ask('a.b.query.consul')).rcode, 'NXDOMAIN')
  t.equal((await dns.ask('near.query.dc2.consul')).rcode, 'NXDOMAIN', 'queries are those of the local datacenter')
  await dns.ask({ name: 'near.query.consul', edns: 1232, subnet: '192.0.2.0/24' })
  t.same(
    [seen[0], seen.at(-1), seen.find(line => line.startsWith('a.b'))],
    ['near 127.0.0.1', 'near 192.0.2.0', 'a.b 127.0.0.1'],
  )
})

void t.test('what may not be read is as if it were not there', async t => {
  const access = {
    epoch: 0,
    hidden: new Set<string>(),
    node: (name: string) => !access.hidden.has(name),
    service: (name: string) => !access.hidden.has(name),
  }
  const dns = await startDns(t, { entries: [web('a', '10.0.0.1'), web('b', '10.0.0.2')], access })
  const count = async (): Promise<number> => (await dns.ask('web.service.consul')).answers.length
  t.equal(await count(), 2)
  const hide = (...names: string[]): void => {
    access.hidden = new Set(names)
    access.epoch++
  }
  hide('a')
  t.equal(await count(), 1)
  t.equal((await dns.ask('a.node.consul')).rcode, 'NXDOMAIN')
  t.equal((await dns.ask({ name: '1.0.0.10.in-addr.arpa', type: 'PTR' })).rcode, 'SERVFAIL')
  hide('web')
  t.equal((await dns.ask('web.service.consul')).rcode, 'NXDOMAIN')
  hide()
  t.equal(await count(), 2)
})

void t.test('a service or node whose address is a host name has its CNAME record for every type', async t => {
  const service = (name: string, id: string, address: string, node = 'n') => ({
    node,
    address: '10.0.0.1',
    service: { id, name, port: 443, address },
  })
  const dns = await startDns(t, {
    entries: [
      service('site', 's1', 'www.example.com'),
      service('mixed', 'm1', 'www.example.com'),
      service('mixed', 'm2', '10.0.0.5'),
      service('plain', 'p1', '10.0.0.6'),
      service('pair', 'q1', 'one.example.com'),
      service('pair', 'q2', 'two.example.com'),
      service('bad', 'b1', 'not a name'),
      { node: 'ext', address: 'db.example.com' },
      { node: 'told', address: 'db.example.com', meta: { a: 'b' } },
      { node: 'four', address: 'db.example.com', taggedAddresses: { lan_ipv4: '10.0.0.7' } },
    ],
  })
  for (const type of ['CNAME', 'MX', 'UNKNOWN_65', 'TXT', 'ANY', 'A', 'AAAA'] as const) {
    t.match(
      await dns.ask({ name: 'site.service.consul', type, edns: 1232 }),
      {
        rcode: 'NOERROR',
        aa: true,
        answers: ['site.service.consul 0 CNAME www.example.com'],
        authorities: { length: 0 },
      },
      `service ${type}`,
    )
    t.match(
      await dns.ask({ name: 'ext.node.consul', type, edns: 1232 }),
      { rcode: 'NOERROR', answers: ['ext.node.consul 0 CNAME db.example.com'] },
      `node ${type}`,
    )
  }
  t.match(
    await dns.ask({ name: 'pair.service.consul', type: 'MX' }),
    { answers: [/ CNAME (?:one|two)\.example\.com$/] },
    'one of them',
  )
  t.equal((await dns.ask({ name: 'pair.service.consul', type: 'MX' })).answers.length, 1)
  t.match(
    await dns.ask({ name: 'told.node.consul', type: 'TXT' }),
    { answers: ['told.node.consul 0 TXT ["a=b"]'] },
    'texts of its own',
  )
  for (const name of [
    'mixed.service.consul',
    'plain.service.consul',
    'bad.service.consul',
    'four.node.consul',
    'nowhere.node.consul',
  ]) {
    for (const type of ['CNAME', 'MX', 'UNKNOWN_65'] as const)
      t.match(
        await dns.ask({ name, type }),
        { rcode: 'NOERROR', answers: { length: 0 }, authorities: { length: 1 } },
        `${name} ${type}`,
      )
  }
})
