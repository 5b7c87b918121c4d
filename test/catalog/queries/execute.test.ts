import t from 'tap'
import { createQuery, preparedQueries, register, runQuery } from '../../../src/catalog/index.js'
import type { Catalog, Instance, QueryRun, RemoteDatacenters, ServiceQuery } from '../../../src/catalog/index.js'
import { failoverTargets } from '../../../src/catalog/queries/execute.js'
import { openCatalog } from '../samples.js'
import { queryData, queryId } from './samples.js'

const plainRun: QueryRun = { near: '', limit: 0, connect: false, agentNode: 'n3', address: '' }
// Shuffles by turning the list: the last comes first, the first goes last.
const runner = (catalog: Catalog) => ({ catalog, datacenter: 'dc1', random: () => 0 })

async function withNodes(catalog: Catalog, query: Partial<ServiceQuery> = {}): Promise<void> {
  for (let i = 1; i <= 4; i++)
    await catalog.execute(
      register({
        node: `n${i}`,
        address: `192.0.2.${i}`,
        taggedAddresses: { wan: `198.51.100.${i}` },
        service: { name: 'web' },
      }),
    )
  await catalog.execute(createQuery(queryData({ id: queryId(1), name: 'q', ttl: '90s', service: query })))
}

const nodesOf = (instances: readonly Instance[] = []): string => instances.map(({ node }) => node.node).join(' ')

void t.test('shuffled, the node asked from first, then cut', async t => {
  const { catalog } = await openCatalog(t)
  await withNodes(catalog)
  const cases: [string, Partial<QueryRun>, string, boolean][] = [
    ['as the dice fall', {}, 'n2 n3 n4 n1', false],
    ['at most two', { limit: 2 }, 'n2 n3', false],
    ['near a node', { near: 'N1' }, 'n1 n2 n3 n4', true],
    ['near a node, one', { near: 'n4', limit: 1 }, 'n4', true],
    ['near this agent', { near: '_agent' }, 'n3 n2 n4 n1', true],
    ['near who asks', { near: '_ip', address: '192.0.2.4' }, 'n4 n2 n3 n1', true],
    ['over a dual-stack socket', { near: '_ip', address: '::ffff:192.0.2.4' }, 'n4 n2 n3 n1', true],
    ['from far away', { near: '_ip', address: '198.51.100.1' }, 'n1 n2 n3 n4', true],
    ['from an address of nobody', { near: '_ip', address: '203.0.113.1' }, 'n2 n3 n4 n1', false],
    ['from no address', { near: '_ip' }, 'n2 n3 n4 n1', false],
    ['near a node that is not there', { near: 'nobody' }, 'n2 n3 n4 n1', true],
    ['of the service mesh', { connect: true }, '', false],
  ]
  for (const [what, run, nodes, ordered] of cases) {
    const outcome = await runQuery(runner(catalog), 'q', { ...plainRun, ...run })
    t.equal(nodesOf(outcome?.instances), nodes, what)
    t.match(outcome, { ordered, failovers: 0, datacenter: 'dc1' }, what)
  }
  t.equal(runQuery(runner(catalog), 'nobody', plainRun), undefined)
})

void t.test("?near overrides the query's own Near", async t => {
  const { catalog } = await openCatalog(t)
  await withNodes(catalog, { near: '_agent' })
  t.equal(nodesOf((await runQuery(runner(catalog), 'q', plainRun))?.instances), 'n3 n2 n4 n1')
  t.equal(nodesOf((await runQuery(runner(catalog), 'q', { ...plainRun, near: 'n4' }))?.instances), 'n4 n2 n3 n1')
})

/** Other datacenters that answer with so many instances, or not at all. */
function others(
  catalog: Catalog,
  answers: Readonly<Record<string, number | undefined>>,
): RemoteDatacenters & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    nearest: () => Object.keys(answers),
    remote: (datacenter, query, limit) => {
      asked.push(`${datacenter} ${query.service} ${limit}`)
      const count = answers[datacenter]
      return Promise.resolve(count === undefined ? undefined : catalog.health.instances('web').slice(0, count))
    },
  }
}

void t.test('where nothing is found here, other datacenters are asked in turn', async t => {
  const { catalog } = await openCatalog(t)
  await withNodes(catalog)
  for (const [i, failover] of [
    { nearestN: 1, datacenters: ['dc9', 'dc4', 'dc2', 'dc5'] },
    { nearestN: 0, datacenters: ['dc9', 'dc3'] },
    { nearestN: 3, datacenters: null },
  ].entries()) {
    await catalog.execute(
      createQuery(queryData({ id: queryId(10 + i), name: `absent${i}`, service: { service: 'absent', failover } })),
    )
  }
  const run = (name: string, remote: RemoteDatacenters) =>
    runQuery({ ...runner(catalog), others: remote }, name, { ...plainRun, limit: 5 })

  const some = others(catalog, { dc2: 0, dc3: undefined, dc4: 2, dc5: 1 })
  t.match(await run('absent0', some), { datacenter: 'dc4', failovers: 2, ordered: false, instances: { length: 2 } })
  t.same(
    some.asked,
    ['dc2 absent 5', 'dc4 absent 5'],
    'unknown ones are passed over, none is asked twice, and no more than needed',
  )

  t.match(
    await run('absent1', some),
    { datacenter: 'dc1', failovers: 1, instances: { length: 0 } },
    'one that does not answer counts as asked',
  )
  t.match(await run('absent2', others(catalog, { dc2: 0, dc3: 0, dc4: 0, dc5: 1 })), {
    datacenter: 'dc1',
    failovers: 3,
    instances: [],
  })
  t.match(await run('absent2', others(catalog, {})), { failovers: 0, instances: [] })

  const unneeded = others(catalog, { dc2: 1 })
  await catalog.execute(
    createQuery(
      queryData({ id: queryId(20), name: 'here', service: { failover: { nearestN: 1, datacenters: null } } }),
    ),
  )
  t.match(await run('here', unneeded), { datacenter: 'dc1', failovers: 0, instances: { length: 4 } })
  t.same(unneeded.asked, [])
})

void t.test('which datacenters are asked', t => {
  const cases: [number, string[] | null, string][] = [
    [0, null, ''],
    [0, [], ''],
    [2, null, 'dc2 dc3'],
    [9, null, 'dc2 dc3 dc4'],
    [1, ['dc4', 'dc2', 'dc3'], 'dc2 dc4 dc3'],
    [0, ['dc4', 'nowhere', 'dc4'], 'dc4'],
  ]
  for (const [nearestN, datacenters, wanted] of cases) {
    t.equal(
      failoverTargets({ failover: { nearestN, datacenters } }, ['dc2', 'dc3', 'dc4']).join(' '),
      wanted,
      `${nearestN} ${datacenters?.join() ?? 'none'}`,
    )
  }
  t.end()
})

void t.test(
  'as DNS asks: TTL, order, the subnet of the client before its address, and the datacenter only where it is another',
  async t => {
    const { catalog } = await openCatalog(t)
    await withNodes(catalog, { near: '_ip' })
    await catalog.execute(
      createQuery(
        queryData({
          id: queryId(2),
          name: 'tpl',
          template: {},
          service: { service: '${name.full}', failover: { nearestN: 1, datacenters: null } },
        }),
      ),
    )
    const queries = preparedQueries({ ...runner(catalog), nodeName: 'n1', others: others(catalog, { dc2: 1 }) })
    const asked = await queries.resolve('Q', { address: '192.0.2.3', subnet: undefined })
    t.match(asked, { ttl: 90_000, ordered: true })
    t.equal(asked?.datacenter, undefined)
    t.equal(nodesOf(asked?.instances), 'n3 n2 n4 n1')
    t.equal(
      nodesOf((await queries.resolve('q', { address: '192.0.2.3', subnet: '192.0.2.4' }))?.instances),
      'n4 n2 n3 n1',
    )
    t.match(await queries.resolve('tpl-x', { address: '', subnet: undefined }), {
      ttl: undefined,
      ordered: false,
      datacenter: 'dc2',
      instances: { length: 1 },
    })
    t.equal(queries.resolve('nobody', { address: '', subnet: undefined }), undefined)
    t.equal(
      queries.resolve(queryId(2), { address: '', subnet: undefined }),
      undefined,
      'a template by its id is nothing to DNS',
    )
  },
)
