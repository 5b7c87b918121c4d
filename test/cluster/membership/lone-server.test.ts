import t from 'tap'
import { Catalog, register } from '../../../src/catalog/index.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { pass, serverInfo, standing, startServer, uuid } from './samples.js'

void t.test('a lone server is a member, leads itself, and is in the catalog', async t => {
  const { membership, catalog } = await startServer(t, serverInfo('n1', 'a'))
  t.same(membership.members(), [
    {
      name: 'n1',
      id: uuid('a'),
      address: '127.0.0.1',
      port: 8301,
      status: 'alive',
      tags: {
        role: 'consul',
        dc: 'dc1',
        id: uuid('a'),
        port: '8300',
        build: '1.0.0:',
        bootstrap: '1',
        expect: '1',
        acls: '0',
        segment: '',
        wan_join_port: '8302',
        ft_fs: '1',
        ft_si: '1',
        vsn: '2',
        vsn_min: '2',
        vsn_max: '3',
        raft_vsn: '3',
      },
    },
  ])
  t.match(membership.wanMembers(), [{ name: 'n1.dc1', port: 8302, status: 'alive' }])
  t.equal(membership.leader(), '127.0.0.1:8300')
  t.same(membership.peers(), ['127.0.0.1:8300'])
  t.same(membership.datacenters(), ['dc1'])
  t.same(
    membership.servers().map(({ name }) => name),
    ['n1'],
  )
  t.match(catalog.checks.get('n1', 'serfHealth'), {
    status: 'passing',
    output: 'Agent alive and reachable',
    name: 'Serf Health Status',
    serviceId: '',
  })
  t.match(catalog.services.get('n1', 'consul'), { port: 8300, meta: { version: '1.10.0' } })
  t.match(await membership.stats(), {
    consul: {
      server: 'true',
      bootstrap: 'true',
      leader: 'true',
      leader_addr: '127.0.0.1:8300',
      known_datacenters: '1',
    },
    raft: { state: 'Leader', num_peers: '0' },
    serf_lan: { members: '1', failed: '0', left: '0' },
    serf_wan: { members: '1' },
  })
})

void t.test('joining itself succeeds, others are refused', async t => {
  const { membership } = await startServer(t, serverInfo('n1', 'a'))
  t.equal(await membership.join(['127.0.0.1', '127.0.0.1:8301'], false), 2)
  t.equal(await membership.join(['127.0.0.1:8302'], true), 1)
  await t.rejects(membership.join(['127.0.0.2'], false), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /Failed to join 127.0.0.2: /,
  })
  await t.rejects(membership.join(['127.0.0.2'], true), { code: 'CLUSTER_JOIN_FAILED' })
  await t.rejects(membership.forceLeave('nobody', false), {
    code: 'CLUSTER_UNKNOWN_MEMBER',
    message: "agent: No node found with name 'nobody'",
  })
  await membership.forceLeave('n1', false)
  t.same(standing(membership), ['n1 alive'])
})

void t.test('without a WAN port there are no members of the WAN', async t => {
  const { membership } = await startServer(t, serverInfo('n1', 'a', { ports: { raft: 8300, lan: 8301, wan: 0 } }))
  t.same(membership.wanMembers(), [])
})

void t.test(
  'a server whose node id was lost starts again, and its former self does not stay alive for ever',
  async t => {
    const clock = new FakeClock()
    const memory = openMemoryStore({ clock })
    t.teardown(() => memory.close())
    const external = '33333333-3333-4333-8333-333333333333'
    const start = async (name: string, digit: string) => {
      const { stop, catalog } = await startServer(t, serverInfo(name, digit), { memory, fake: clock })
      const nodes = [...catalog.nodes.all()].map(({ node, id }) => `${node} ${id}`).sort()
      const members = catalog.members.all().map(({ info }) => `${info.name} ${info.id}`)
      await stop()
      return { nodes, members }
    }
    await start('n1', 'a')
    const catalog = await Catalog.open({ store: memory, clock })
    await catalog.execute(
      register({
        node: 'router',
        address: '192.0.2.1',
        id: external,
        checks: [{ name: 'serfHealth', status: 'passing' }],
      }),
    )
    // As a server of an earlier version left it: without a member's record.
    await catalog.execute(
      register({
        node: 'n0',
        address: '192.0.2.1',
        id: uuid('e'),
        checks: [{ name: 'serfHealth', status: 'passing' }],
        service: { name: 'consul' },
      }),
    )
    catalog.close()
    t.same(
      await start('n1', 'b'),
      { nodes: [`n1 ${uuid('b')}`, `router ${external}`], members: [`n1 ${uuid('b')}`] },
      'the same name',
    )
    t.same(
      await start('n2', 'a'),
      { nodes: [`n2 ${uuid('a')}`, `router ${external}`], members: [`n2 ${uuid('a')}`] },
      'another name',
    )
    t.same(
      await start('n3', 'a'),
      { nodes: [`n3 ${uuid('a')}`, `router ${external}`], members: [`n3 ${uuid('a')}`] },
      'a rename',
    )
  },
)

void t.test('a restart writes nothing', async t => {
  const clock = new FakeClock()
  const memory = openMemoryStore({ clock })
  t.teardown(() => memory.close())
  const first = await startServer(t, serverInfo('n1', 'a'), { memory, fake: clock })
  await first.catalog.execute(register({ node: 'n1', id: uuid('a'), address: '127.0.0.1', meta: { rack: 'r1' } }))
  const { revision } = first.catalog
  await first.stop()
  const again = await startServer(t, serverInfo('n1', 'a'), { memory, fake: clock })
  t.equal(again.catalog.revision, revision)
  t.same(again.catalog.nodes.find('n1')?.meta, { rack: 'r1' })
})

void t.test('what others took out of the catalog comes back, what has no member goes', async t => {
  const { catalog, clock } = await startServer(t, serverInfo('n1', 'a'))
  await catalog.execute(
    register({ node: 'ghost', address: '192.0.2.1', checks: [{ name: 'serfHealth', status: 'passing' }] }),
  )
  await catalog.execute(
    register({ node: 'foreign', address: '192.0.2.2', checks: [{ name: 'ping', status: 'passing' }] }),
  )
  await catalog.execute(
    register({ node: 'n1', address: '127.0.0.1', checks: [{ name: 'serfHealth', status: 'critical' }] }),
  )
  await pass(clock, 70_000)
  t.equal(catalog.checks.get('n1', 'serfHealth')?.status, 'passing')
  t.same(
    [...catalog.nodes.all()].map(({ node }) => node),
    ['foreign', 'n1'],
  )
})

void t.test('leaving takes the node out of the catalog', async t => {
  const { membership, catalog, clock } = await startServer(t, serverInfo('n1', 'a'))
  await membership.leave()
  t.same([...catalog.nodes.all()], [])
  t.same(catalog.checks.inState('any'), [])
  t.same(standing(membership), ['n1 left'])
  await pass(clock, 120_000)
  t.same([...catalog.nodes.all()], [], 'nothing brings it back')
})

void t.test('operators see one server', async t => {
  const { membership } = await startServer(t, serverInfo('n1', 'a'))
  const { operator } = membership
  t.match(await operator.raft(), {
    servers: [{ id: uuid('a'), node: 'n1', address: '127.0.0.1:8300', leader: true, voter: true }],
  })
  await t.rejects(operator.removePeer({ address: '127.0.0.1:1' }), {
    code: 'CLUSTER_UNKNOWN_PEER',
    message: 'address "127.0.0.1:1" was not found in the Raft configuration',
  })
  await t.rejects(operator.removePeer({ id: uuid('a') }), { code: 'CLUSTER_NO_RAFT' })
  await t.rejects(operator.transferLeader(undefined), { code: 'CLUSTER_NO_RAFT' })
  const { configuration, modified } = await operator.autopilot()
  t.match(configuration, { cleanupDeadServers: true, maxTrailingLogs: 250 })
  t.equal(await operator.setAutopilot({ ...configuration, maxTrailingLogs: 1 }, modified + 1), false)
  t.equal(await operator.setAutopilot({ ...configuration, maxTrailingLogs: 1 }, modified), true)
  t.equal((await operator.autopilot()).configuration.maxTrailingLogs, 1)
  t.match(await operator.health(), {
    healthy: true,
    failureTolerance: 0,
    servers: [{ name: 'n1', leader: true, healthy: true }],
  })
})
