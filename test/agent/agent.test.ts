import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { pushNode } from '../../src/catalog/index.js'
import { startWebServer } from '../support/web-server.js'
import { until } from '../support/until.js'
import { check, service } from './definitions.js'
import { place, startNode } from './node.js'

const api = (definition: ReturnType<typeof service>) => ({ definition, replaceExistingChecks: false })

t.test('what survives a restart', async t => {
  const server = await startWebServer(t)
  const at = place(t, {
    'web.json': {
      service: {
        name: 'file',
        port: 1,
        checks: [
          { id: 'file-ttl', ttl: '1h' },
          { id: 'file-http', http: `http://127.0.0.1:${server.port}/`, interval: '1h' },
        ],
      },
    },
  })
  const first = await startNode(t, at)
  const { agent } = first
  await until('the HTTP check has run', () => agent.checks().get('file-http')?.status === 'passing')
  const answered = agent.checks().get('file-http')?.output ?? ''
  await agent.registerService(
    api(
      service('web-1', {
        name: 'web',
        tags: ['t'],
        checks: [check('web-ttl'), check('web-passing', { status: 'passing' })],
      }),
    ),
  )
  await agent.reportTtl('web-ttl', 'passing', 'fine')
  await agent.reportTtl('file-ttl', 'warning', 'so so')
  await agent.registerCheck(check('lone', { notes: 'kept' }))
  await agent.registerCheck(check('short', { kind: { type: 'ttl', ttl: 150 } }))
  await agent.reportTtl('short', 'passing', 'still here')
  await agent.registerService(api(service('gone')))
  await agent.deregisterService('gone')
  await agent.registerCheck(check('dropped', { serviceId: 'web-1' }))
  await agent.deregisterCheck('dropped')
  await agent.setMaintenance('web-1', true, 'rebuild')
  await agent.setMaintenance(undefined, true, 'move')
  const { nodeId } = agent
  await first.stop()
  await new Promise(resolve => setTimeout(resolve, 200))
  const { agent: again, catalog } = await startNode(t, at, { catalog: first.catalog })
  t.equal(again.nodeId, nodeId)
  t.same([...again.services().keys()].sort(), ['file', 'web-1'])
  const checks = Object.fromEntries(
    [...again.checks()].map(([id, { status, output, notes }]) => [id, [status, output, notes].join('|')]),
  )
  t.same(checks, {
    'web-ttl': 'passing|fine|',
    'web-passing': 'passing||',
    'file-ttl': 'warning|so so|',
    'file-http': `passing|${answered}|`,
    'lone': 'critical||kept',
    'short': 'critical|TTL expired (last output before timeout follows): still here|',
    '_service_maintenance:web-1': 'critical||rebuild',
    '_node_maintenance': 'critical||move',
  })
  t.equal(catalog.checks.get('n1', 'web-ttl')?.status, 'passing')
  await again.setMaintenance('web-1', false, '')
  await again.setMaintenance(undefined, false, '')
  t.same(
    [...again.checks().keys()].filter(id => id.startsWith('_')),
    [],
  )
  const { revision } = catalog
  await again.registerService(
    api(
      service('web-1', {
        name: 'web',
        tags: ['t'],
        checks: [check('web-ttl'), check('web-passing', { status: 'passing' })],
      }),
    ),
  )
  t.equal(catalog.revision, revision, 'the same registration after a restart is no change')
})

t.test('files win over what clients registered, for good', async t => {
  const at = place(t)
  const first = await startNode(t, at)
  await first.agent.registerService(api(service('web', { port: 1, checks: [check('api-check')] })))
  await first.agent.registerCheck(check('disk'))
  await first.stop()
  at.write('web.json', { service: { name: 'web', port: 2 }, check: { id: 'disk', name: 'disk', ttl: '1h' } })
  const second = await startNode(t, at)
  t.match(second.agent.services().get('web'), { definition: { port: 2 }, origin: { by: 'file' } })
  t.match(second.agent.checks().get('disk')?.origin, { by: 'file' })
  t.equal(second.agent.checks().has('api-check'), false)
  t.same([...new Set(second.log.messages('warn'))].sort(), [
    'a file declares a check that was registered over the API: the file wins',
    'a file declares a service that was registered over the API: the file wins',
  ])
  await second.stop()
  at.write('web.json', undefined)
  const third = await startNode(t, at)
  t.same([...third.agent.services().keys(), ...third.agent.checks().keys()], [])
})

t.test('what the files lost while the agent was down is removed from the catalog', async t => {
  const at = place(t, {
    'a.json': { service: { name: 'a' } },
    'b.json': { service: { name: 'b', check: { ttl: '1h' } } },
  })
  const first = await startNode(t, at)
  await first.stop()
  at.write('b.json', undefined)
  const { catalog, log } = await startNode(t, at, { catalog: first.catalog })
  t.same(
    catalog.services
      .ofNode('n1')
      .map(each => each.id)
      .sort(),
    ['a', 'consul'],
  )
  t.ok(log.messages('info').includes('removed an entry of this node that is not declared any more'))
})

t.test('in -dev nothing is written', async t => {
  const at = place(t)
  const { agent, stop } = await startNode(t, at, { dev: true })
  await agent.registerService(api(service('web')))
  await stop()
  t.equal(fs.existsSync(at.dataDir), false)
})

t.test('refusals', async t => {
  const at = place(t)
  const { agent } = await startNode(t, at)
  const script = check('s', { kind: { type: 'script', args: ['true'], interval: 1000, timeout: 1000 } })
  const disabled = {
    code: 'AGENT_SCRIPTS_DISABLED',
    status: 500,
    message:
      "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
  }
  await t.rejects(agent.registerCheck(script), disabled)
  await t.rejects(agent.registerService(api(service('web', { checks: [script] }))), disabled)
  t.equal(agent.services().size, 0)
  await t.rejects(agent.registerCheck(check('x', { serviceId: 'absent' })), {
    code: 'AGENT_UNKNOWN_SERVICE',
    status: 500,
    message: 'ServiceID "absent" does not exist',
  })
  await t.rejects(agent.reportTtl('absent', 'passing', ''), { code: 'CHECK_NOT_TTL' })
  t.equal(await agent.setMaintenance('absent', true, ''), false)
  t.equal(await agent.deregisterService('absent'), false)
  t.equal(await agent.deregisterCheck('absent'), false)
})

t.test('a registration that cannot be written is refused, and written when it comes again', async t => {
  const at = place(t)
  const { agent } = await startNode(t, at)
  const services = path.join(at.dataDir, 'services')
  fs.rmSync(services, { recursive: true })
  await t.rejects(agent.registerService(api(service('web'))), { code: 'AGENT_NOT_SAVED' })
  fs.mkdirSync(services)
  await agent.registerService(api(service('web')))
  t.equal(fs.readdirSync(services).length, 1)
  const checks = path.join(at.dataDir, 'checks')
  fs.renameSync(checks, `${checks}.away`)
  await t.rejects(agent.setMaintenance('web', true, 'move'), {
    code: 'AGENT_NOT_SAVED',
    message: /maintenance mark .* would not survive a restart/,
  })
  fs.renameSync(`${checks}.away`, checks)
  const before = fs.readdirSync(checks).length
  t.equal(await agent.setMaintenance('web', true, 'move'), true)
  t.equal(fs.readdirSync(checks).length, before + 1)
  fs.rmSync(services, { recursive: true })
  await t.rejects(agent.deregisterService('web'), { code: 'AGENT_NOT_SAVED', message: /would come back at a restart/ })
})

t.test('registrations are in the catalog when they are answered, many at once in few writes', async t => {
  const at = place(t)
  const { agent, catalog } = await startNode(t, at)
  const { revision } = catalog
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => agent.registerService(api(service(`s${i}`, { checks: [check(`c${i}`)] })))),
  )
  t.equal(catalog.services.ofNode('n1').length, 51)
  t.ok(catalog.revision - revision <= 3, `${catalog.revision - revision} revisions`)
})

t.test('alias checks follow local services and other nodes', async t => {
  const at = place(t)
  const { agent, catalog } = await startNode(t, at)
  await agent.registerService(api(service('target', { checks: [check('target-ttl', { status: 'passing' })] })))
  const alias = (target: string, node = '') => ({ kind: { type: 'alias' as const, service: target, node } })
  await agent.registerService(api(service('follower', { checks: [check('follow', alias('target'))] })))
  await agent.registerCheck(check('missing', { ...alias('absent'), serviceId: 'follower' }))
  await until('the alias passes', () => agent.checks().get('follow')?.status === 'passing')
  await agent.reportTtl('target-ttl', 'warning', '')
  await until('the alias warns', () => agent.checks().get('follow')?.status === 'warning')
  t.equal(agent.checks().get('missing')?.status, 'critical')
  await agent.registerCheck(check('own-node', { ...alias('', 'n1'), serviceId: 'follower' }))
  await until('the node is well', () => agent.checks().get('own-node')?.status === 'passing')
  await agent.registerCheck(check('remote', { ...alias('db', 'n2'), serviceId: 'follower' }))
  await until('the other node is missed', () => agent.checks().get('remote')?.output.includes('n2'))
  await pushNode(catalog, {
    node: { node: 'n2', id: '', address: '10.0.0.2', taggedAddresses: null, meta: null },
    put: { services: [{ ...service('db'), node: 'n2' }], checks: [] },
    remove: { services: [], checks: [] },
  })
  await until('the other node is seen', () => agent.checks().get('remote')?.status === 'passing')
})

t.test('a service that is critical for too long goes, and a file brings it back with the next reload', async t => {
  const at = place(t, { 'web.json': { service: { name: 'web', checks: [{ id: 'web-ttl', ttl: '1h' }] } } })
  let reap: (serviceId: string, checkId: string) => void = () => undefined
  const { agent, catalog, log } = await startNode(t, at, {
    onRunner: ({ reports }) => {
      reap = (serviceId, checkId) => {
        reports.reap(serviceId, checkId)
      }
    },
  })
  reap('web', 'web-ttl')
  await until('the service is gone', () => catalog.services.get('n1', 'web') === undefined)
  t.same([...agent.services().keys(), ...agent.checks().keys()], [])
  t.match(
    log.lines.find(line => line.level === 'warn'),
    { message: 'deregistered a service that was critical for too long', fields: { service: 'web', check: 'web-ttl' } },
  )
  reap('web', 'web-ttl')
  await agent.reload('signal')
  t.ok(catalog.services.get('n1', 'web'))
})

t.test('ready when the first sync is committed; leaving takes the node out', async t => {
  const at = place(t, { 'web.json': { service: { name: 'web' } } })
  const { agent, catalog, membership, stopped } = await startNode(t, at)
  t.same(agent.readiness(), { ready: true })
  const leave = membership.leave.bind(membership)
  membership.leave = () => Promise.reject(new Error('no leader'))
  await t.rejects(agent.leave(), { message: 'no leader' })
  t.equal(stopped.asked, false)
  t.same(agent.readiness(), { ready: true }, 'it goes on as before')
  await agent.registerService(api(service('late')))
  t.ok(catalog.services.get('n1', 'late'))
  membership.leave = leave
  await agent.leave()
  t.equal(catalog.nodes.find('n1'), undefined)
  t.same(catalog.services.ofNode('n1'), [])
  t.equal(stopped.asked, true)
  t.match(agent.readiness(), { ready: false, reason: 'the agent is leaving' })
})
