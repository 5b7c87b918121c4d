import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { reconcile } from '../../src/cluster/membership/reconcile-duty.js'
import { systemClock } from '../../src/common/clock.js'
import { hours } from '../../src/common/duration.js'
import type { DeclaredChange } from '../../src/config/index.js'
import { until } from '../support/until.js'
import { check, service } from './definitions.js'
import { place, startNode } from './node.js'

const told = (changes: readonly DeclaredChange[]): readonly string[] =>
  changes.map(({ kind, op, id }) => `${op} ${kind} ${id}`)
const web = { service: { name: 'web', port: 80, check: { id: 'web-ttl', ttl: '1h' } } }

t.test('equal in, nothing out', async t => {
  const at = place(t, { 'web.json': web, 'node.json': { check: { id: 'disk', name: 'disk', ttl: '1h' } } })
  const { agent, catalog, metrics } = await startNode(t, at)
  await agent.reportTtl('web-ttl', 'passing', 'fine')
  const before = {
    revision: catalog.revision,
    checks: JSON.stringify([...agent.checks().values()]),
    settings: agent.settings,
  }
  const reports = [await agent.reload('api'), await agent.reload('signal')]
  at.write('web.json', JSON.stringify(web, null, 4))
  reports.push(await agent.reload('api'))
  for (const report of reports)
    t.match(report, { outcome: 'applied', changes: [], settings: [], needsRestart: [], diagnostics: [] })
  t.same(
    reports.map(report => report.number),
    [2, 3, 4],
  )
  t.equal(catalog.revision, before.revision)
  t.equal(agent.settings, before.settings)
  t.equal(
    JSON.stringify([...agent.checks().values()].map(each => ({ ...each, origin: undefined }))),
    JSON.stringify((JSON.parse(before.checks) as object[]).map(each => ({ ...each, origin: undefined }))),
  )
  t.same([metrics.values.get('reload.failures'), metrics.values.get('reload.older_config')], [undefined, 0])
})

t.test('only the difference is applied', async t => {
  const at = place(t, {
    'web.json': web,
    'old.json': { service: { name: 'old' }, check: { id: 'old-check', name: 'old', ttl: '1h' } },
  })
  const { agent, catalog } = await startNode(t, at)
  await agent.registerService({
    definition: service('api', { checks: [check('api-ttl')] }),
    replaceExistingChecks: false,
  })
  await agent.reportTtl('web-ttl', 'warning', 'kept')
  at.write('web.json', { service: { ...web.service, port: 81, tags: ['new'] } })
  at.write('added.json', { services: [{ name: 'added', check: { id: 'added-ttl', ttl: '1h' } }] })
  at.write('old.json', undefined)
  const report = await agent.reload('api')
  t.same([...told(report.changes)].sort(), [
    'add service added',
    'change service web',
    'remove check old-check',
    'remove service old',
  ])
  t.same([...agent.services().keys()].sort(), ['added', 'api', 'web'])
  t.match(agent.checks().get('web-ttl'), { status: 'warning', output: 'kept', serviceTags: ['new'] })
  t.same(
    catalog.services
      .ofNode('n1')
      .map(each => `${each.id}:${each.port}`)
      .sort(),
    ['added:0', 'api:0', 'consul:8300', 'web:81'],
  )
  t.same(catalog.checks.get('n1', 'web-ttl')?.serviceTags, ['new'])
  t.equal(catalog.checks.get('n1', 'old-check'), undefined)
  t.same(agent.lastReload, report)
})

t.test("a service declared under the id of the server's own wins while it is declared", async t => {
  const at = place(t, { 'consul.json': { service: { name: 'consul', port: 7, check: { id: 'c', ttl: '1h' } } } })
  const { agent, catalog, log } = await startNode(t, at)
  const port = (): number | undefined => catalog.services.get('n1', 'consul')?.port
  t.equal(port(), 7)
  t.equal(catalog.checks.get('n1', 'c')?.serviceId, 'consul')
  await reconcile(
    { catalog, countsAsAlive: () => true, reconnectTimeout: hours(1), clock: systemClock, log },
    new AbortController().signal,
  )
  t.equal(port(), 7, 'the cluster does not put its own there')
  at.write('consul.json', undefined)
  await agent.reload('api')
  t.equal(port(), 8300)
  t.equal(catalog.checks.get('n1', 'c'), undefined)
  await agent.registerService({ definition: service('consul', { port: 9 }), replaceExistingChecks: false })
  t.equal(port(), 9)
  await agent.deregisterService('consul')
  t.equal(port(), 8300)
})

t.test('a check that moves between services keeps its status', async t => {
  const at = place(t, { 'a.json': { service: { name: 'a', check: { id: 'moving', ttl: '1h' } } } })
  const { agent, catalog } = await startNode(t, at)
  await agent.reportTtl('moving', 'passing', 'fine')
  at.write('a.json', { service: { name: 'b', check: { id: 'moving', ttl: '1h' } } })
  await agent.reload('api')
  t.match(agent.checks().get('moving'), { serviceId: 'b', status: 'passing' })
  t.match(catalog.checks.get('n1', 'moving'), { serviceId: 'b', status: 'passing' })
  at.write('a.json', { service: { name: 'b' }, check: { id: 'moving', name: 'm', ttl: '1h' } })
  await agent.reload('api')
  t.match(agent.checks().get('moving'), { serviceId: '' })
  t.match(catalog.checks.get('n1', 'moving'), { serviceId: '' })
})

t.test('a broken file keeps its last good content, loudly, also over a restart', async t => {
  const at = place(t, { 'web.json': web })
  const first = await startNode(t, at)
  at.write('web.json', '{"service": {"name": "web"')
  at.write('good.json', { service: { name: 'good' } })
  const report = await first.agent.reload('api')
  t.equal(report.outcome, 'partly')
  t.same(told(report.changes), ['add service good'])
  t.same([...first.agent.services().keys()].sort(), ['good', 'web'])
  t.equal(first.agent.files.find(file => file.path.endsWith('web.json'))?.state, 'last-good')
  const finding = first.log.lines.find(line => line.message === 'configuration error')
  t.match(finding?.fields, { at: /conf\/web\.json:1:\d+/, found: /./ })
  t.same([first.metrics.values.get('reload.failures'), first.metrics.values.get('reload.older_config')], [1, 1])
  await first.stop()
  const second = await startNode(t, at)
  t.same([...second.agent.services().keys()].sort(), ['good', 'web'])
  t.equal(second.agent.lastReload.outcome, 'partly')
  t.equal(second.metrics.values.get('reload.older_config'), 1)
  at.write('web.json', { service: { ...web.service, port: 82 } })
  t.match(await second.agent.reload('signal'), { outcome: 'applied', changes: [{ op: 'change', id: 'web' }] })
  t.equal(second.metrics.values.get('reload.older_config'), 0)
})

t.test('what a client removed comes back with a reload', async t => {
  const at = place(t, { 'web.json': web, 'disk.json': { check: { id: 'disk', name: 'disk', ttl: '1h' } } })
  const { agent, catalog, log } = await startNode(t, at)
  t.equal(await agent.deregisterService('web'), true)
  t.equal(await agent.deregisterCheck('disk'), true)
  t.equal(catalog.services.get('n1', 'web'), undefined)
  t.same([...told((await agent.plan()).changes)].sort(), ['add check disk', 'add service web'])
  t.same([...told((await agent.reload('api')).changes)].sort(), ['add check disk', 'add service web'])
  t.ok(catalog.services.get('n1', 'web'))
  await agent.registerService({ definition: service('web', { port: 99 }), replaceExistingChecks: true })
  t.equal(catalog.services.get('n1', 'web')?.port, 99)
  await agent.reload('api')
  t.equal(catalog.services.get('n1', 'web')?.port, 80)
  t.same(log.messages('warn'), [
    'a client registered a service that a file declares: the file wins at the next reload',
    'a file declares a service that was registered over the API: the file wins',
  ])
})

t.test('settings: live ones take effect, others are named with both values', async t => {
  const at = place(t, { 'agent.json': { node_meta: { rack: 'r1' }, ports: { dns: 8600 } } })
  const { agent, catalog, log } = await startNode(t, at)
  const seen: string[] = []
  agent.onSettings(settings => {
    seen.push(settings.nodeMeta.rack ?? '')
  })
  at.write('agent.json', {
    node_meta: { rack: 'r2' },
    ports: { dns: 8601 },
    dns_config: { node_ttl: '2s' },
    discard_check_output: true,
  })
  const plan = await agent.plan()
  const report = await agent.reload('api')
  t.same(plan.settings, report.settings)
  t.ok(report.settings.includes('node_meta') && report.settings.includes('dns_config.node_ttl'))
  t.match(report.needsRestart, [{ key: 'ports.dns', running: 8600, written: 8601, at: { line: 1 } }])
  t.match(agent.settings, { nodeMeta: { rack: 'r2' }, ports: { dns: 8600 }, dns: { nodeTtl: 2000 } })
  t.same(seen, ['r2'])
  await until('the node is written', () => catalog.nodes.find('n1')?.meta?.rack === 'r2')
  t.match(log.lines.find(line => line.message === 'a setting needs a restart')?.fields, {
    key: 'ports.dns',
    running: 8600,
    written: 8601,
  })
  t.same((await agent.reload('api')).settings, [])
  t.match(agent.lastReload.needsRestart, [{ key: 'ports.dns' }])
  at.write('agent.json', { node_meta: { rack: 'r3' }, ports: { dns: 'x' } })
  t.equal((await agent.reload('api')).outcome, 'refused')
  t.match(agent.settings, { nodeMeta: { rack: 'r2' } })
})

t.test('a plan changes nothing, not even what a broken file falls back to', async t => {
  const at = place(t, { 'web.json': web })
  const { agent, catalog } = await startNode(t, at)
  const { revision } = catalog
  at.write('web.json', { service: { ...web.service, port: 81 } })
  at.write('new.json', { service: { name: 'new' } })
  const first = await agent.plan()
  t.same([...told(first.changes)].sort(), ['add service new', 'change service web'])
  t.same(told((await agent.plan()).changes), told(first.changes))
  t.equal(catalog.revision, revision)
  t.equal(agent.lastReload.number, 1)
  at.write('web.json', '{')
  await agent.reload('api')
  t.same([...agent.services().values()].map(({ definition: { id, port } }) => `${id} ${port}`).sort(), [
    'new 0',
    'web 80',
  ])
})

t.test('requests that come together share one reload', async t => {
  const at = place(t, { 'web.json': web })
  const { agent } = await startNode(t, at)
  at.write('more.json', { service: { name: 'more' } })
  const heard: number[] = []
  agent.onReload(report => {
    heard.push(report.number)
  })
  const reports = await Promise.all([
    agent.reload('api'),
    agent.reload('api'),
    agent.reload('signal'),
    agent.reload('api'),
  ])
  t.same(
    reports.map(report => report.number),
    [2, 3, 3, 3],
  )
  t.same(told(reports[0].changes), ['add service more'])
  t.same(told(reports[1].changes), [])
  t.same(heard, [2, 3])
})

t.test('files are watched: dropped, edited, half written, broken, removed', async t => {
  const at = place(t, { 'web.json': web })
  const { agent, catalog, log } = await startNode(t, at, { watch: true })
  const file = path.join(at.conf, 'new.json')
  at.write('new.json', { service: { name: 'new', port: 1 } })
  await until('a dropped file is in the catalog', () => catalog.services.get('n1', 'new')?.port === 1)
  t.match(agent.lastReload, { cause: 'file', outcome: 'applied' })
  t.equal(agent.services().get('new')?.origin.by, 'file')
  const number = agent.lastReload.number
  fs.writeFileSync(file, '{"service": {"na')
  fs.writeFileSync(file, '{"service": {"name": "new", "port": 2}}')
  await until('the edit is in the catalog', () => catalog.services.get('n1', 'new')?.port === 2)
  fs.writeFileSync(file, '{"service": ')
  await until('the broken file is reported', () => agent.lastReload.outcome === 'partly')
  t.equal(catalog.services.get('n1', 'new')?.port, 2)
  t.equal(
    log.messages('error').filter(message => message === 'configuration error').length,
    1,
    'what was half written was not reported',
  )
  at.write('other.json', { service: { name: 'other' } })
  await until('another file is applied', () => catalog.services.get('n1', 'other'))
  t.equal(
    log.messages('error').filter(message => message === 'configuration error').length,
    1,
    'what is known is not repeated',
  )
  fs.rmSync(file)
  await until('the service of the removed file is gone', () => catalog.services.get('n1', 'new') === undefined)
  t.equal(agent.lastReload.outcome, 'applied')
  t.ok(agent.lastReload.number > number)
  await agent.deregisterService('web')
  at.write('unrelated.json', { service: { name: 'unrelated' } })
  await until('the unrelated file is applied', () => catalog.services.get('n1', 'unrelated'))
  t.equal(agent.services().has('web'), false, 'a change elsewhere does not bring it back')
  at.write('web.json', { service: { ...web.service, port: 81 } })
  await until('a change of its own file does', () => catalog.services.get('n1', 'web')?.port === 81)
})
