import type { Test } from 'tap'
import t from 'tap'
import { Catalog, register } from '../../src/catalog/index.js'
import { createRpcClient, createRpcServer } from '../../src/rpc/index.js'
import { openViews, ViewHub } from '../../src/cluster/index.js'
import { systemClock } from '../../src/common/clock.js'
import { createDnsServer, type DnsServerDeps } from '../../src/dns/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'
import { ask, type Question, type Reply } from './support/dns-client.js'
import { openCatalog } from './support/fixture.js'
import { dnsSettings } from './support/settings.js'

/** DNS of an agent without a catalog of its own, and the server that it has its views from. */
async function start(t: Test, deps: Partial<DnsServerDeps> = {}) {
  const catalog = await openCatalog(t)
  const listen = { bind: '127.0.0.1', port: 0, allowed: [] }
  const cluster = createRpcServer({
    lan: listen,
    wan: { ...listen, port: -1 },
    connectionsPerClient: 0,
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: systemClock,
  })
  new ViewHub({ catalog, clock: systemClock }).register(cluster)
  await cluster.start()
  const rpc = createRpcClient({ clock: systemClock })
  let addresses = [`127.0.0.1:${cluster.ports.lan}`]
  const views = openViews({ rpc, servers: { addresses: () => addresses }, clock: systemClock, log: new RecordingLog() })
  const seen = await Catalog.open({ store: views.store, clock: systemClock })
  const log = new RecordingLog()
  const metrics = new RecordingMetrics()
  const dns = createDnsServer({
    settings: dnsSettings({}),
    catalog: seen,
    ready: () => true,
    log,
    metrics,
    clock: systemClock,
    random: Math.random,
    views: { partial: () => true, ready: (_datacenter, kind, name) => views.ready(kind, name) },
    ...deps,
  })
  await dns.start()
  t.teardown(async () => {
    await dns.close()
    seen.close()
    views.close()
    rpc.close()
    await cluster.close()
  })
  const port = dns.addresses[0]?.port ?? 0
  return {
    catalog,
    views,
    log,
    metrics,
    ask: (question: Question | string): Promise<Reply> =>
      ask(port, typeof question === 'string' ? { name: question } : question),
    cutOff: async (): Promise<void> => {
      addresses = []
      await cluster.close()
    },
  }
}

void t.test('an agent without a catalog answers as a server does, from the first question on', async t => {
  const { catalog, ask: query } = await start(t)
  await catalog.execute(
    register({
      node: 'n1',
      id: '12345678-0000-4000-8000-000000000000',
      address: '192.0.2.1',
      meta: { rack: 'r1' },
      service: { name: 'web', port: 80, tags: ['v1'] },
      checks: [{ name: 'up', status: 'passing', serviceId: 'web' }],
    }),
  )
  await catalog.execute(register({ node: 'n2', address: '192.0.2.2', service: { name: 'consul', port: 8300 } }))
  await catalog.execute(
    register({ node: 'n3', address: '192.0.2.3', service: { name: 'alias', port: 80, address: 'web.service.consul' } }),
  )
  t.same((await query('web.service.consul')).answers, ['web.service.consul 0 A 192.0.2.1'])
  t.match((await query({ name: 'v1.web.service.consul', type: 'SRV' })).answers, [/SRV .*80.*n1\.node\.dc1\.consul/])
  t.match((await query({ name: 'n1.node.consul', type: 'TXT' })).answers, [/rack=r1/])
  t.match((await query('12345678.node.consul')).answers, [/192\.0\.2\.1/])
  t.match((await query({ name: '2.2.0.192.in-addr.arpa', type: 'PTR' })).answers, [/n2\.node\.dc1\.consul/])
  t.match((await query({ name: 'consul', type: 'NS' })).answers, [/n2\.node\.dc1\.consul/])
  t.match((await query({ name: 'c0000201.addr.consul' })).answers, [/192\.0\.2\.1/])
  t.match(
    (await query('alias.service.consul')).answers,
    [/CNAME.*web\.service\.consul/, /192\.0\.2\.1/],
    'names that are followed are fetched as well',
  )
  t.equal((await query('nothing.service.consul')).rcode, 'NXDOMAIN')
  t.equal((await query('nothing.nowhere.consul')).rcode, 'NXDOMAIN')
})

void t.test('changes are seen, births of names that were asked for too', async t => {
  const { catalog, ask: query } = await start(t)
  t.equal((await query('web.service.consul')).rcode, 'NXDOMAIN')
  await catalog.execute(register({ node: 'n1', address: '192.0.2.1', service: { name: 'web', port: 80 } }))
  await until('the birth is seen', async () => (await query('web.service.consul')).answers.length === 1)
  await catalog.execute(register({ node: 'n1', address: '192.0.2.9' }))
  await until(
    'the new address is seen',
    async () => (await query('web.service.consul')).answers[0]?.includes('192.0.2.9') === true,
  )
  await catalog.execute(
    register({ node: 'n1', address: '192.0.2.9', checks: [{ name: 'serfHealth', status: 'critical' }] }),
  )
  await until('the failure is seen', async () => (await query('web.service.consul')).rcode === 'NXDOMAIN')
})

void t.test('without a server what was seen is still answered, and nothing else', async t => {
  const {
    catalog,
    ask: query,
    cutOff,
    log,
  } = await start(t, { queries: { resolve: () => Promise.reject(new Error('no server')) } })
  await catalog.execute(register({ node: 'n1', address: '192.0.2.1', service: { name: 'web', port: 80 } }))
  t.equal((await query('web.service.consul')).answers.length, 1)
  await cutOff()
  t.equal((await query('web.service.consul')).answers.length, 1)
  t.equal((await query({ name: 'web.service.consul', type: 'SRV' })).answers.length, 1)
  t.equal((await query('other.service.consul')).rcode, 'SERVFAIL')
  t.equal((await query('n1.node.consul')).rcode, 'SERVFAIL', 'its node was never asked for')
  t.equal((await query('some.query.consul')).rcode, 'SERVFAIL')
  t.same(log.messages('error'), [], 'which is no defect')
})
