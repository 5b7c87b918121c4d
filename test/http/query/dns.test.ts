import t from 'tap'
import { createQuery, preparedQueries } from '../../../src/catalog/index.js'
import { systemClock } from '../../../src/common/clock.js'
import { createDnsServer } from '../../../src/dns/index.js'
import { queryData, queryId } from '../../catalog/queries/samples.js'
import { ask } from '../../dns/support/dns-client.js'
import { openCatalog } from '../../dns/support/fixture.js'
import { dnsSettings, ttls } from '../../dns/support/settings.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'

void t.test('prepared queries by DNS, on the server that agents run', async t => {
  const catalog = await openCatalog(t, [
    {
      node: 'a',
      address: '192.0.2.1',
      service: { name: 'web', tags: ['v1'], port: 80 },
      checks: [{ name: 'up', serviceId: 'web', status: 'passing' }],
    },
    {
      node: 'b',
      address: '192.0.2.2',
      service: { name: 'web', tags: ['v2'], port: 81 },
      checks: [{ name: 'up', serviceId: 'web', status: 'warning' }],
    },
    {
      node: 'c',
      address: '192.0.2.3',
      service: { name: 'web', tags: ['v2'], port: 82 },
      checks: [{ name: 'up', serviceId: 'web', status: 'critical' }],
    },
  ])
  const queries = [
    queryData({ id: queryId(1), name: 'all', ttl: '7s' }),
    queryData({ id: queryId(2), name: 'healthy', service: { onlyPassing: true } }),
    queryData({ id: queryId(3), name: 'dotted.name', service: { tags: ['v2'] } }),
    queryData({
      id: queryId(4),
      name: 'tpl-',
      template: { regexp: '^tpl-([^.]+)$' },
      service: { tags: ['${match(1)}'] },
    }),
    queryData({ id: queryId(5), name: 'near', service: { near: '_ip' } }),
    queryData({ id: queryId(6), name: 'mine', service: { near: '_agent' } }),
    queryData({ id: queryId(7), name: 'nobody', service: { service: 'absent' } }),
  ]
  for (const query of queries) await catalog.execute(createQuery(query))
  const log = new RecordingLog()
  const server = createDnsServer({
    settings: dnsSettings({ dns: { serviceTtl: ttls({ web: 5 }) } }),
    catalog,
    ready: () => true,
    log,
    metrics: new RecordingMetrics(),
    clock: systemClock,
    random: Math.random,
    queries: preparedQueries({ catalog, datacenter: 'dc1', nodeName: 'b', random: Math.random }),
  })
  await server.start()
  t.teardown(() => server.close())
  const port = server.addresses[0]?.port ?? 0

  const answers: [string, readonly string[]][] = [
    ['all.query.consul', ['all.query.consul 7 A 192.0.2.1', 'all.query.consul 7 A 192.0.2.2']],
    ['ALL.query.dc1.consul', ['ALL.query.dc1.consul 7 A 192.0.2.1', 'ALL.query.dc1.consul 7 A 192.0.2.2']],
    [
      `${queryId(1)}.query.consul`,
      [`${queryId(1)}.query.consul 7 A 192.0.2.1`, `${queryId(1)}.query.consul 7 A 192.0.2.2`],
    ],
    ['healthy.query.consul', ['healthy.query.consul 5 A 192.0.2.1']],
    ['dotted.name.query.consul', ['dotted.name.query.consul 5 A 192.0.2.2']],
    ['tpl-v1.query.consul', ['tpl-v1.query.consul 5 A 192.0.2.1']],
  ]
  for (const [name, wanted] of answers) t.match(await ask(port, { name }), { rcode: 'NOERROR', answers: wanted }, name)
  t.same((await ask(port, { name: 'all.query.consul', type: 'SRV' })).answers, [
    'all.query.consul 7 SRV 1 1 80 a.node.dc1.consul',
    'all.query.consul 7 SRV 1 1 81 b.node.dc1.consul',
  ])
  for (const name of ['nobody', 'absent', 'tpl-v9', queryId(4), 'all.query.dc2'].map(label =>
    label.includes('.') ? `${label}.consul` : `${label}.query.consul`,
  )) {
    t.match(await ask(port, { name }), { rcode: 'NXDOMAIN', answers: [] }, name)
  }

  const firsts = async (name: string, subnet?: string): Promise<readonly string[]> => {
    const seen = new Set<string>()
    for (let i = 0; i < 20; i++)
      seen.add(
        (await ask(port, { name, edns: 1232, ...(subnet !== undefined && { subnet }) })).ordered[0]?.split(' ')[3]
          ?? '',
      )
    return [...seen].sort()
  }
  t.same(await firsts('mine.query.consul'), ['192.0.2.2'], 'this agent is b')
  t.same(await firsts('near.query.consul', '192.0.2.1/32'), ['192.0.2.1'], 'the subnet that the question tells of')
  t.same(await firsts('near.query.consul'), ['192.0.2.1', '192.0.2.2'], 'from an address of no node, by chance')

  await catalog.execute(createQuery(queryData({ id: queryId(8), name: 'absent', service: { tags: ['v1'] } })))
  t.same(
    (await ask(port, { name: 'absent.query.consul' })).answers,
    ['absent.query.consul 5 A 192.0.2.1'],
    'a query that has just been made',
  )
  t.same(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  )
})
