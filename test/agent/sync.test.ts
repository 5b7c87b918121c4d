import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { EntryOrigin } from '../../src/agent/api.js'
import { nodeData } from '../../src/agent/catalog-data.js'
import { LocalState } from '../../src/agent/local-state.js'
import { compare, isEmpty } from '../../src/agent/sync-compare.js'
import { catalogTarget } from '../../src/agent/sync-target.js'
import { Sync } from '../../src/agent/sync.js'
import {
  Catalog,
  deregister,
  pushNode,
  type NodeData,
  type SyncRequest,
  type SyncTarget,
} from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { consulService } from '../../src/cluster/index.js'
import { openMemoryStore } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'
import { check, service } from './definitions.js'

const api: EntryOrigin = { by: 'api' }
const fromFile: EntryOrigin = { by: 'file', at: { file: 'conf/web.json', line: 4, column: 3 } }
/** What the cluster keeps for the server. */
const servers = consulService({ server: true, ports: { raft: 8300 } })

const own: NodeData = {
  node: 'n1',
  id: '6dd0f5a6-2f7c-4f58-bb1c-2a4b8f6f2f63',
  address: '127.0.0.1',
  taggedAddresses: { lan: '127.0.0.1' },
  meta: { 'consul-network-segment': '' },
}

/** A sync against a real catalog whose every write is counted and can be made to fail. */
async function syncing(t: Test, options: { interval?: number } = {}) {
  const store = openMemoryStore()
  const catalog = await Catalog.open({ store, clock: systemClock })
  const clock = new FakeClock()
  const log = new RecordingLog()
  const metrics = new RecordingMetrics()
  const local = new LocalState({ discardOutput: false, now: () => 0 })
  const writes: SyncRequest[] = []
  const fault = { on: false }
  const node = { data: own }
  const real = catalogTarget(catalog)
  const target: SyncTarget = {
    read: name => (fault.on ? Promise.reject(new Error('no leader')) : real.read(name)),
    write: changes => {
      writes.push(changes)
      return fault.on ? Promise.reject(new Error('no leader')) : real.write(changes)
    },
  }
  const sync = new Sync({
    local,
    target,
    node: () => node.data,
    own: servers,
    checkUpdateInterval: () => options.interval ?? 300_000,
    members: () => 1,
    clock,
    random: () => 0.5,
    log,
    metrics,
  })
  t.teardown(async () => {
    await sync.stop()
    catalog.close()
    await store.close()
  })
  const written = () =>
    writes
      .splice(0)
      .map(({ put, remove }) =>
        [
          ...put.services.map(each => each.id),
          ...put.checks.map(each => each.id),
          ...[...remove.services, ...remove.checks].map(id => `-${id}`),
        ].join(' '),
      )
  return { catalog, clock, log, metrics, local, sync, written, fault, node }
}

const put = (
  catalog: Catalog,
  services: Parameters<typeof pushNode>[1]['put']['services'],
  checks: Parameters<typeof pushNode>[1]['put']['checks'] = [],
) => pushNode(catalog, { node: own, put: { services, checks }, remove: { services: [], checks: [] } })

t.test('since when a check has its status reaches the catalog with the status, and alone is no write', async t => {
  const { catalog, local, sync, written } = await syncing(t)
  local.putCheck(check('old'), api, () => ({ status: 'passing', output: '', reported: true, since: 5 }))
  local.putCheck(check('unknown'), api, () => ({ status: 'passing', output: '', reported: true }))
  const record = (id: string) => ({
    node: 'n1',
    id,
    name: id,
    status: 'passing',
    notes: '',
    output: '',
    serviceId: '',
    type: 'ttl',
    definition: {},
  })
  await put(catalog, [], [record('old'), { ...record('unknown'), since: 7 }])
  const { revision } = catalog
  await sync.start()
  t.same(written(), [], 'a record of an earlier version is not written for the time alone')
  t.equal(catalog.revision, revision)
  local.setStatus('old', 'critical', '')
  await sync.pushed()
  t.same(written(), ['old'])
  t.match(catalog.checks.get('n1', 'old'), { status: 'critical', since: 0 })
  await put(
    catalog,
    [],
    [
      { ...record('old'), status: 'critical', output: 'other', since: 99 },
      { ...record('unknown'), output: 'other' },
    ],
  )
  t.same(
    ['old', 'unknown'].map(id => catalog.checks.get('n1', id)?.since),
    [0, 7],
    'another output with the same status leaves it',
  )
  await put(catalog, [], [{ ...record('unknown'), status: 'warning' }])
  t.equal(
    catalog.checks.get('n1', 'unknown')?.since,
    undefined,
    'another status of somebody who does not say since when',
  )
})

t.test('times of checks and what is for a service mesh reach the catalog, and their change is one', async t => {
  const { catalog, local, sync, written } = await syncing(t)
  const declare = (mode: string, times: Record<string, string>): void => {
    local.putService(
      service('web', { mesh: { proxy: { Mode: mode } }, checks: [check('up', { written: times })] }),
      api,
      { replaceChecks: 'own' },
    )
  }
  declare('direct', { Interval: '10s', Timeout: '1s' })
  await sync.start()
  t.match(catalog.services.get('n1', 'web'), { mesh: { proxy: { Mode: 'direct' } } })
  t.match(catalog.checks.get('n1', 'up'), { interval: '10s', timeout: '1s' })
  written()
  declare('transparent', { Interval: '20s' })
  await sync.pushed()
  t.match(catalog.services.get('n1', 'web'), { mesh: { proxy: { Mode: 'transparent' } } })
  t.same([catalog.checks.get('n1', 'up')?.interval, catalog.checks.get('n1', 'up')?.timeout], ['20s', undefined])
  t.same(written(), ['web up'])
})

t.test('the first comparison brings everything in one batch and corrects nothing aloud', async t => {
  const { catalog, local, sync, written, log } = await syncing(t)
  for (const id of ['a', 'b', 'c'])
    local.putService(service(id, { checks: [check(`${id}-check`)] }), fromFile, { replaceChecks: 'own' })
  await sync.start()
  t.same(written(), ['a b c a-check b-check c-check'])
  t.same(
    catalog.services
      .ofNode('n1')
      .map(each => each.id)
      .sort(),
    ['a', 'b', 'c'],
  )
  t.same(catalog.nodes.find('n1')?.meta, own.meta)
  t.same(log.messages('warn'), [])
})

t.test('changes of one turn travel together, and those who wait are told afterwards', async t => {
  const { catalog, local, sync, written } = await syncing(t)
  await sync.start()
  written()
  local.putService(service('web'), api, { replaceChecks: 'none' })
  const first = sync.pushed()
  local.putService(service('db', { checks: [check('ttl')] }), api, { replaceChecks: 'none' })
  local.setStatus('ttl', 'passing', 'ok')
  await Promise.all([first, sync.pushed()])
  t.same(written(), ['web db ttl'])
  t.equal(catalog.checks.get('n1', 'ttl')?.status, 'passing')
  local.removeService('db')
  await sync.pushed()
  t.same(written(), ['-db -ttl'])
  t.equal(catalog.services.get('n1', 'db'), undefined)
  const revision = catalog.revision
  local.putService(service('web'), api, { replaceChecks: 'none' })
  await sync.pushed()
  t.same(written(), [])
  t.equal(catalog.revision, revision)
})

t.test('changes that come while others are on their way follow at once', async t => {
  const { catalog, local, sync } = await syncing(t)
  await sync.start()
  local.putService(service('one'), api, { replaceChecks: 'none' })
  const one = sync.pushed()
  await new Promise(resolve => {
    setImmediate(resolve)
  })
  local.putService(service('two'), api, { replaceChecks: 'none' })
  await sync.pushed()
  t.ok(catalog.services.get('n1', 'two'))
  await one
})

t.test('foreign changes are put back within a minute, one line each', async t => {
  const { catalog, clock, local, sync, log, metrics } = await syncing(t)
  local.putService(service('web', { port: 80, tags: ['mine'] }), fromFile, { replaceChecks: 'own' })
  local.putService(service('gone'), api, { replaceChecks: 'none' })
  local.putCheck(check('disk', { status: 'passing' }), fromFile)
  await sync.start()
  const web = catalog.services.get('n1', 'web')
  const disk = catalog.checks.get('n1', 'disk')
  if (web === undefined || disk === undefined) throw new Error('not synced')
  await put(
    catalog,
    [
      { ...web, tags: ['theirs'] },
      { ...web, id: 'extra', name: 'extra' },
    ],
    [
      { ...disk, status: 'critical' },
      { ...disk, id: 'foreign' },
    ],
  )
  await catalog.execute(deregister({ node: 'n1', serviceId: 'gone' }))
  await clock.advance(60_000)
  await until(
    'everything is put back',
    () => catalog.services.get('n1', 'gone') !== undefined && catalog.services.get('n1', 'extra') === undefined,
  )
  t.same(catalog.services.get('n1', 'web')?.tags, ['mine'])
  t.equal(catalog.checks.get('n1', 'disk')?.status, 'passing')
  t.equal(catalog.checks.get('n1', 'foreign'), undefined)
  await until('the corrections are logged', () => log.messages('warn').length > 0)
  t.same(
    log.lines.filter(line => line.level === 'warn').map(line => line.fields),
    [
      { entry: 'service web', owner: 'conf/web.json:4', reason: 'changed by someone else' },
      { entry: 'service gone', owner: 'api', reason: 'missing in the catalog' },
      { entry: 'service extra', owner: 'nobody', reason: 'registered by someone else' },
      { entry: 'check disk', owner: 'conf/web.json:4', reason: 'changed by someone else' },
      { entry: 'check foreign', owner: 'nobody', reason: 'registered by someone else' },
    ],
  )
  t.equal(metrics.values.get('sync.corrections'), 5)
})

t.test("the liveness check and the service of the server are the cluster's", async t => {
  const { catalog, clock, local, sync, log } = await syncing(t)
  await put(catalog, servers === undefined ? [] : [{ ...servers, node: 'n1' }], [
    {
      node: 'n1',
      id: 'serfHealth',
      name: 'Serf Health Status',
      status: 'passing',
      notes: '',
      output: 'Agent alive and reachable',
      serviceId: '',
      type: '',
      definition: {},
    },
  ])
  local.putCheck(check('serfHealth'), api)
  await sync.start()
  local.removeCheck('serfHealth')
  await sync.pushed()
  await clock.advance(60_000)
  t.equal(catalog.checks.get('n1', 'serfHealth')?.status, 'passing')
  t.equal(catalog.services.get('n1', 'consul')?.port, 8300)
  t.same(log.messages('warn'), [])
})

t.test("a service of its own under the id of the server's", async t => {
  const { catalog, clock, local, sync, log } = await syncing(t)
  await put(catalog, servers === undefined ? [] : [{ ...servers, node: 'n1' }])
  await sync.start()
  const port = (): number | undefined => catalog.services.get('n1', 'consul')?.port
  local.putService(service('consul', { port: 7 }), api, { replaceChecks: 'none' })
  await sync.pushed()
  t.equal(port(), 7, 'wins')
  await put(catalog, servers === undefined ? [] : [{ ...servers, node: 'n1' }])
  await clock.advance(60_000)
  await until('it is put back', () => port() === 7)
  local.removeService('consul')
  await sync.pushed()
  t.match(catalog.services.get('n1', 'consul'), servers, "when it goes, the server's is there again")
  await put(catalog, [{ ...service('consul', { port: 9 }), node: 'n1' }])
  await clock.advance(60_000)
  await until('what others put there is replaced', () => port() === 8300)
  t.match(catalog.services.get('n1', 'consul'), servers)
  await until('both are told', () => log.messages('warn').length === 2)
})

t.test('foreign tags of a service with tag override are taken over', async t => {
  const { catalog, clock, local, sync, log } = await syncing(t)
  local.putService(service('open', { tags: ['mine'], enableTagOverride: true, port: 1 }), api, {
    replaceChecks: 'none',
  })
  await sync.start()
  const open = catalog.services.get('n1', 'open')
  if (open === undefined) throw new Error('not synced')
  await put(catalog, [{ ...open, tags: ['theirs'] }])
  await clock.advance(60_000)
  await until('the tags are shown here', () => local.services().get('open')?.definition.tags[0] === 'theirs')
  t.same(catalog.services.get('n1', 'open')?.tags, ['theirs'])
  t.same(log.messages('warn'), [])
  await put(catalog, [{ ...open, tags: ['theirs'], port: 2 }])
  await clock.advance(60_000)
  await until('the port is put back', () => catalog.services.get('n1', 'open')?.port === 1)
  t.same(catalog.services.get('n1', 'open')?.tags, ['theirs'])
})

t.test('what could not be pushed is tried with the next change, and by a comparison within 30 s', async t => {
  const { catalog, clock, local, sync, fault, log } = await syncing(t)
  await sync.start()
  fault.on = true
  local.putService(service('web'), api, { replaceChecks: 'none' })
  await sync.pushed()
  t.same(log.messages('error'), ['could not bring entries of this node to the catalog, trying again'])
  t.equal(catalog.services.get('n1', 'web'), undefined)
  fault.on = false
  await clock.advance(14_000)
  t.equal(catalog.services.get('n1', 'web'), undefined)
  await clock.advance(16_000)
  await until('the retry is done', () => catalog.services.get('n1', 'web'))
  fault.on = true
  local.putService(service('two'), api, { replaceChecks: 'none' })
  await sync.pushed()
  fault.on = false
  local.putService(service('three'), api, { replaceChecks: 'none' })
  await sync.pushed()
  t.ok(catalog.services.get('n1', 'two') !== undefined && catalog.services.get('n1', 'three') !== undefined)
  t.same(log.messages('warn'), [], 'own changes that came late are no corrections')
})

t.test('a server that appears is compared with soon; so is a changed node', async t => {
  const { catalog, clock, sync, fault, node } = await syncing(t)
  fault.on = true
  const ready = sync.start()
  await clock.advance(0)
  fault.on = false
  sync.soon()
  await clock.advance(3000)
  await ready
  t.ok(catalog.nodes.find('n1'))
  node.data = { ...own, meta: { rack: 'r2' } }
  sync.nodeChanged()
  await until('the node is written', () => catalog.nodes.find('n1')?.meta?.rack === 'r2')
})

t.test('a new output waits, a new status takes it along', async t => {
  const { catalog, clock, local, sync, written } = await syncing(t, { interval: 10_000 })
  local.putCheck(check('date'), api)
  await sync.start()
  local.setStatus('date', 'passing', 'first')
  await sync.pushed()
  t.equal(catalog.checks.get('n1', 'date')?.output, 'first', 'the first result goes with its output')
  const revision = catalog.revision
  written()
  for (const text of ['1', '2', '3']) {
    local.setStatus('date', 'passing', text)
    await clock.advance(2000)
  }
  t.same(written(), [])
  t.equal(catalog.revision, revision)
  await clock.advance(9000)
  await until('the newest output is sent', () => catalog.checks.get('n1', 'date')?.output === '3')
  t.same(written(), ['date'])
  local.setStatus('date', 'passing', '4')
  local.setStatus('date', 'critical', '5')
  await sync.pushed()
  t.match(catalog.checks.get('n1', 'date'), { status: 'critical', output: '5' })
  written()
  await clock.advance(30_000)
  t.same(written(), [], 'what went with the status is not sent again')
})

t.test('an interval of 0 sends each output', async t => {
  const { catalog, local, sync } = await syncing(t, { interval: 0 })
  local.putCheck(check('date'), api)
  await sync.start()
  for (const text of ['1', '2', '3']) {
    local.setStatus('date', 'passing', text)
    await sync.pushed()
    t.equal(catalog.checks.get('n1', 'date')?.output, text)
  }
})

const id: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'consul')
const anyService = fc.record({
  id,
  port: fc.nat(3),
  tags: fc.uniqueArray(fc.constantFrom('x', 'y')),
  enableTagOverride: fc.boolean(),
  address: fc.constantFrom('', '10.0.0.1'),
})
const anyCheck = fc.record({
  id: fc.constantFrom('c1', 'c2', 'c3', 'serfHealth'),
  serviceId: fc.option(id, { nil: '' }),
  status: fc.constantFrom('passing' as const, 'critical' as const),
  notes: fc.constantFrom('', 'n'),
})

t.test('after a sync the catalog is as the agent knows it, and a second comparison finds nothing', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyService),
      fc.array(anyCheck),
      fc.array(anyService),
      fc.array(anyCheck),
      async (services, checks, foreign, foreignChecks) => {
        const store = openMemoryStore()
        const catalog = await Catalog.open({ store, clock: systemClock })
        const target = catalogTarget(catalog)
        const local = new LocalState({ discardOutput: false, now: () => 0 })
        for (const each of services) local.putService(service(each.id, each), api, { replaceChecks: 'none' })
        for (const each of checks)
          if (each.serviceId === '' || local.services().has(each.serviceId)) local.putCheck(check(each.id, each), api)
        const theirs = new Map(foreign.map(each => [each.id, { ...service(each.id, each), node: 'n1' }]))
        await put(
          catalog,
          [...theirs.values()],
          foreignChecks
            .filter(each => each.serviceId === '' || theirs.has(each.serviceId))
            .map(each => ({ node: 'n1', name: each.id, output: '', type: 'ttl', definition: {}, ...each })),
        )
        const kept = catalog.checks.get('n1', 'serfHealth')
        const options = { ignoreOutput: false, own: undefined }
        const { changes, tags } = compare(local, await target.read('n1'), own, options)
        for (const [serviceId, foreignTags] of tags) local.adoptTags(serviceId, foreignTags)
        await target.write(changes)
        const again = compare(local, await target.read('n1'), own, options)
        t.equal(isEmpty(again.changes), true)
        t.same(again.corrections, [])
        t.same(
          catalog.services
            .ofNode('n1')
            .map(({ id, port, tags }) => ({ id, port, tags }))
            .sort((a, b) => (a.id < b.id ? -1 : 1)),
          [...local.services().values()]
            .map(({ definition: { id, port, tags } }) => ({ id, port, tags }))
            .sort((a, b) => (a.id < b.id ? -1 : 1)),
        )
        t.same(
          new Set(
            catalog.checks
              .ofNode('n1')
              .map(each => each.id)
              .filter(each => each !== 'serfHealth'),
          ),
          new Set([...local.checks().keys()].filter(each => each !== 'serfHealth')),
        )
        const liveness = catalog.checks.get('n1', 'serfHealth')
        if (kept?.serviceId === '') t.equal(liveness?.status, kept.status)
        catalog.close()
        await store.close()
      },
    ),
    { numRuns: 60 },
  )
})

t.test('the node as the catalog shows it', async t => {
  const settings = {
    nodeName: 'n1',
    advertiseAddr: '10.0.0.1',
    advertiseAddrWan: '2001:db8::1',
    taggedAddresses: { vpn: '10.8.0.1' },
    nodeMeta: { rack: 'r1' },
  }
  t.same(nodeData(settings as unknown as Parameters<typeof nodeData>[0], 'id'), {
    node: 'n1',
    id: 'id',
    address: '10.0.0.1',
    taggedAddresses: {
      lan: '10.0.0.1',
      lan_ipv4: '10.0.0.1',
      wan: '2001:db8::1',
      wan_ipv6: '2001:db8::1',
      vpn: '10.8.0.1',
    },
    meta: { 'rack': 'r1', 'consul-network-segment': '' },
  })
})
