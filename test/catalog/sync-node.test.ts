import t from 'tap'
import { Catalog, pushNode, register, syncNode } from '../../src/catalog/index.js'
import type { CheckData, SyncRequest, ServiceData } from '../../src/catalog/index.js'
import { systemClock } from '../../src/common/clock.js'
import { seconds } from '../../src/common/duration.js'
import { openEtcdStore } from '../../src/store/index.js'
import { startEtcd } from '../support/etcd.js'
import { checkData, nodeData, openCatalog, serviceData, uuid } from './samples.js'

const node = nodeData({ node: 'n1', id: uuid('a') })
const request = (
  services: readonly ServiceData[],
  checks: readonly CheckData[],
  remove: Partial<SyncRequest['remove']> = {},
): SyncRequest => ({ node, put: { services, checks }, remove: { services: [], checks: [], ...remove } })

const web = serviceData({ id: 'web', tags: ['old'] })
const webCheck = checkData({ id: 'service:web', serviceId: 'web' })
const first = request([web, serviceData({ id: 'db' })], [webCheck, checkData({ id: 'node' })])

void t.test('puts a node with its services and checks in one transaction, and once only', async t => {
  const { catalog } = await openCatalog(t)
  const { result, revision } = await catalog.execute(syncNode(first))
  t.same(result, { writes: 5, complete: true })
  t.equal(revision, 2)
  t.same(
    catalog.health.instances('web')[0]?.checks.map(({ id }) => id),
    ['node', 'service:web'],
  )
  t.same((await catalog.execute(syncNode(first))).result, { writes: 0, complete: true })
  t.equal(catalog.revision, 2)
})

void t.test('writes only what differs', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(syncNode(first))
  const { result } = await catalog.execute(syncNode(request([web, serviceData({ id: 'db', port: 1 })], [webCheck])))
  t.equal(result.writes, 1)
  t.same(
    [
      catalog.services.get('n1', 'web')?.modified,
      catalog.services.get('n1', 'db')?.modified,
      catalog.nodes.find('n1')?.modified,
    ],
    [2, 3, 2],
  )
})

void t.test(
  'a changed name of a service reaches all its checks, changed tags those that are written with it',
  async t => {
    const { catalog } = await openCatalog(t)
    await catalog.execute(syncNode(first))
    await catalog.execute(syncNode(request([{ ...web, tags: ['new'] }], [])))
    t.same(catalog.checks.get('n1', 'service:web')?.serviceTags, ['old'])
    await catalog.execute(syncNode(request([], [webCheck])))
    t.same(catalog.checks.get('n1', 'service:web')?.serviceTags, ['new'])
    await catalog.execute(syncNode(request([{ ...web, name: 'shop', tags: ['new'] }], [webCheck])))
    t.same(
      catalog.checks.ofService('shop').map(({ id }) => id),
      ['service:web'],
    )
    t.same(catalog.checks.ofService('web'), [])
  },
)

void t.test('removes what is named, a service with its checks, and leaves the rest', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(syncNode(first))
  await catalog.execute(
    register({ node: 'n1', skipNodeUpdate: true, checks: [{ id: 'serfHealth', status: 'passing' }] }),
  )
  await catalog.execute(syncNode(request([], [], { services: ['web', 'absent'], checks: ['node', 'absent'] })))
  t.same(
    catalog.services.ofNode('n1').map(({ id }) => id),
    ['db'],
  )
  t.same(
    catalog.checks.ofNode('n1').map(({ id }) => id),
    ['serfHealth'],
  )
})

void t.test('a check that moves to another service survives the removal of its old one', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(syncNode(first))
  await catalog.execute(syncNode(request([], [{ ...webCheck, serviceId: 'db' }], { services: ['web'] })))
  t.match(catalog.checks.get('n1', 'service:web'), { serviceId: 'db', serviceName: 'db' })
})

void t.test('what is put and removed at once is put', async t => {
  const { catalog } = await openCatalog(t)
  await catalog.execute(syncNode({ ...first, remove: { services: ['web'], checks: ['node'] } }))
  t.ok(catalog.services.get('n1', 'web'))
  t.ok(catalog.checks.get('n1', 'node'))
})

void t.test('refusals: a check of no service, a name that is taken', async t => {
  const { catalog } = await openCatalog(t)
  await t.rejects(catalog.execute(syncNode(request([], [webCheck]))), { code: 'CATALOG_MISSING_SERVICE' })
  await catalog.execute(
    register({ node: 'n1', id: uuid('b'), address: '192.0.2.9', checks: [{ id: 'serfHealth', status: 'passing' }] }),
  )
  await t.rejects(catalog.execute(syncNode(first)), { code: 'CATALOG_NODE_NAME_TAKEN' })
})

for (const [title, limits] of [
  ['few writes', { writes: 5, bytes: Infinity }],
  ['few bytes', { writes: Infinity, bytes: 600 }],
] as const) {
  void t.test(
    `in pieces of ${title}, no service is ever seen without its checks, nor before the checks of its node`,
    async t => {
      const { catalog } = await openCatalog(t)
      const ids = Array.from({ length: 20 }, (_, i) => `s${i}`)
      const large = request(
        ids.map(id => serviceData({ id, name: 'web' })),
        [
          checkData({ id: '_node_maintenance', status: 'critical' }),
          ...ids.map(id => checkData({ id: `service:${id}`, serviceId: id, status: 'critical' })),
        ],
      )
      let pieces = 0
      for (;;) {
        const { result } = await catalog.execute(syncNode(large, limits))
        pieces++
        for (const { checks } of catalog.health.instances('web'))
          t.same(
            checks.map(({ status }) => status),
            ['critical', 'critical'],
          )
        if (result.complete) break
      }
      t.ok(pieces > 5, `${pieces} pieces`)
      t.equal(catalog.health.instances('web').length, 20)
      t.same((await pushNode(catalog, large, limits)).writes, 0)
    },
  )
}

void t.test('an etcd that takes little at once gets it in pieces', async t => {
  // Its own limits are 128 operations and 1.5 MiB.
  for (const [args, size] of [
    [[], 10],
    [['--max-txn-ops=10000', '--max-request-bytes=100000'], 1000],
  ] as const) {
    const etcd = await startEtcd(t, { args })
    const store = openEtcdStore({
      connection: { endpoints: [etcd.endpoint] },
      prefix: 'muster/',
      holdTimeout: seconds(5),
    })
    const catalog = await Catalog.open({ store, clock: systemClock })
    t.teardown(async () => {
      catalog.close()
      await store.close()
    })
    const ids = Array.from({ length: 300 }, (_, i) => `s${i}`)
    const all = request(
      ids.map(id => serviceData({ id, meta: { text: 'x'.repeat(size) } })),
      ids.map(id => checkData({ id: `service:${id}`, serviceId: id })),
    )
    t.equal((await pushNode(catalog, all)).writes, 601)
    t.equal(catalog.services.ofNode('n1').length, 300)
    t.equal(catalog.checks.ofNode('n1').length, 300)
    t.equal((await pushNode(catalog, request([], [], { services: ids, checks: [] }))).writes, 600)
    t.same([catalog.services.ofNode('n1'), catalog.checks.ofNode('n1')], [[], []])
    const large = request([serviceData({ id: 'large', meta: { text: 'x'.repeat(120_000) } })], [])
    if (size === 1000) await t.rejects(pushNode(catalog, large), { code: 'STORE_TOO_LARGE' })
    else t.equal((await pushNode(catalog, large)).writes, 1)
  }
})

void t.test('five thousand services and their checks are one revision', async t => {
  const { catalog } = await openCatalog(t)
  const ids = Array.from({ length: 5000 }, (_, i) => `s${i}`)
  const { writes, revision } = await pushNode(
    catalog,
    request(
      ids.map(id => serviceData({ id })),
      ids.map(id => checkData({ id: `service:${id}`, serviceId: id })),
    ),
  )
  t.equal(writes, 10_001)
  t.equal(revision, 2)
  t.equal([...catalog.services.names()].length, 5000)
})
