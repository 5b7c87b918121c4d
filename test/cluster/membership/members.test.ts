import t from 'tap'
import { createSession, kvAcquire, register } from '../../../src/catalog/index.js'
import { hours, milliseconds, seconds } from '../../../src/common/duration.js'
import { MusterError } from '../../../src/common/errors.js'
import { agentInfo, heartbeatOf, pass, serverInfo, standing, startServer, uuid } from './samples.js'

type Started = Awaited<ReturnType<typeof startServer>>
const method = {
  heartbeat: 'member/heartbeat',
  list: 'member/list',
  leave: 'member/leave',
  forceLeave: 'member/force-leave',
} as const
const session = (id: string, node: string) => ({
  id,
  node,
  name: '',
  behavior: '',
  ttl: '',
  lockDelay: milliseconds(0),
  nodeChecks: ['serfHealth'],
  serviceChecks: [],
  checks: [],
})

/** A client agent that speaks up every two seconds as long as it lives. */
function client({ calls, clock }: Started, name: string, digit: string, given: Parameters<typeof agentInfo>[2] = {}) {
  const state = { lives: true }
  const info = agentInfo(name, digit, given)
  const beat = () => calls.call(method.heartbeat, heartbeatOf(info))
  const again = (): void => {
    clock.after(2000, () => {
      if (!state.lives) return
      void beat()
      again()
    })
  }
  again()
  return {
    info,
    beat,
    stop: () => {
      state.lives = false
    },
  }
}

void t.test('a client agent joins, fails, comes back and leaves', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  const { catalog, clock, calls, membership } = server
  const c1 = client(server, 'c1', 'c')
  t.match(await c1.beat(), {
    ttl: 8000,
    every: 8000 / 3,
    servers: [{ id: uuid('a'), name: 's1', server: true }],
    leader: '127.0.0.1:8300',
    peers: ['127.0.0.1:8300'],
    datacenters: ['dc1'],
    membersRevision: catalog.members.topics.all().index,
  })
  t.same(standing(membership), ['c1 alive', 's1 alive'])
  t.match(membership.members()[0], {
    id: uuid('c'),
    address: '127.0.0.9',
    port: 8301,
    tags: { role: 'node', dc: 'dc1', build: '1.0.0:' },
  })
  t.match(catalog.nodes.find('c1'), { id: uuid('c'), address: '127.0.0.9' })
  t.equal(catalog.checks.get('c1', 'serfHealth')?.status, 'passing')
  t.equal(catalog.services.get('c1', 'consul'), undefined)
  t.match(await calls.call(method.list, {}), {
    revision: catalog.members.topics.all().index,
    members: [{ name: 'c1' }, { name: 's1' }],
  })

  await catalog.execute(
    register({
      node: 'c1',
      id: uuid('c'),
      address: '127.0.0.9',
      service: { name: 'web' },
      checks: [{ name: 'web', serviceId: 'web', status: 'passing' }],
    }),
  )
  await catalog.execute(createSession(session(uuid('1'), 'c1'), seconds(10)))
  t.ok((await catalog.execute(kvAcquire({ key: 'lock', flags: 0n, value: Buffer.from('x') }, uuid('1')))).result)
  const settled = catalog.revision
  await pass(clock, 60_000)
  t.equal(catalog.revision, settled, 'as long as it lives nothing is written')

  c1.stop()
  await pass(clock, 13_000)
  t.same(standing(membership), ['c1 failed', 's1 alive'])
  t.match(catalog.checks.get('c1', 'serfHealth'), { status: 'critical', output: 'Agent not live or unreachable' })
  t.equal(catalog.checks.get('c1', 'web')?.status, 'passing', 'other checks keep their last status')
  t.equal(catalog.sessions.get(uuid('1')), undefined)
  t.equal(catalog.kv.get('lock')?.session, '')
  t.equal(
    catalog.checks.get('c1', 'serfHealth')?.modified,
    catalog.kv.get('lock')?.modified,
    'its locks are free at the very same revision',
  )
  t.equal(catalog.members.get(uuid('c'))?.modified, catalog.kv.get('lock')?.modified)

  await c1.beat()
  t.same(standing(membership), ['c1 alive', 's1 alive'])
  t.equal(catalog.checks.get('c1', 'serfHealth')?.status, 'passing')
  t.ok(catalog.services.get('c1', 'web'), 'nothing lost')

  await calls.call(method.leave, { id: uuid('c') })
  t.same(standing(membership), ['c1 left', 's1 alive'])
  t.same(
    [...catalog.nodes.all()].map(({ node }) => node),
    ['s1'],
  )
  t.same(catalog.services.ofNode('c1'), [])
  await pass(clock, 23 * 3_600_000)
  t.same(standing(membership), ['c1 left', 's1 alive'])
  await pass(clock, 2 * 3_600_000)
  t.same(standing(membership), ['s1 alive'], 'forgotten after a day')
})

void t.test('a member that stays away is reaped with its node, one that comes back in time is not', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'), { reconnectTimeout: hours(10) })
  const { catalog, clock, membership } = server
  const [c1, c2] = [client(server, 'c1', 'c'), client(server, 'c2', 'd')]
  await Promise.all([c1.beat(), c2.beat()])
  c1.stop()
  c2.stop()
  await pass(clock, 20_000)
  t.same(standing(membership), ['c1 failed', 'c2 failed', 's1 alive'])
  await pass(clock, 9 * 3_600_000)
  const again = client(server, 'c2', 'd')
  await again.beat()
  await pass(clock, 9 * 3_600_000)
  t.same(standing(membership), ['c2 alive', 's1 alive'])
  t.same(
    [...catalog.nodes.all()].map(({ node }) => node),
    ['c2', 's1'],
  )
  again.stop()
})

void t.test('force-leave', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  const { catalog, clock, calls, membership } = server
  const [c1, c2, c3] = [client(server, 'c1', 'c'), client(server, 'c2', 'd'), client(server, 'c3', 'e')]
  await Promise.all([c1.beat(), c2.beat(), c3.beat()])
  c1.stop()
  c2.stop()
  await pass(clock, 20_000)
  await membership.forceLeave('c1', false)
  await membership.forceLeave('C2.dc1', true)
  await calls.call(method.forceLeave, { name: 'c3', prune: false })
  t.same(
    standing(membership),
    ['c1 left', 'c3 leaving', 's1 alive'],
    'left, pruned, and one that lives is shown as leaving',
  )
  t.match(
    await calls.call(method.list, {}),
    { members: [{ name: 'c1' }, { name: 'c3', status: 'alive' }, { name: 's1' }] },
    'agents that keep the list are not told of it',
  )
  await pass(clock, 500)
  t.same(standing(membership), ['c1 left', 'c3 alive', 's1 alive'], 'until it has refuted it')
  t.same(
    [...catalog.nodes.all()].map(({ node }) => node),
    ['c3', 's1'],
  )
  await membership.forceLeave('c1', true)
  t.same(standing(membership), ['c3 alive', 's1 alive'])
  await t.rejects(membership.forceLeave('c1', true), { code: 'CLUSTER_UNKNOWN_MEMBER' })
  await t.rejects(calls.call(method.forceLeave, { name: 'x', prune: false }), {
    message: "agent: No node found with name 'x'",
  })
  c3.stop()
})

void t.test('a rename is one transaction, and shows one row', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  const { catalog, membership } = server
  await client(server, 'old', 'c').beat()
  await catalog.execute(
    register({ node: 'old', id: uuid('c'), address: '127.0.0.9', meta: { rack: 'r1' }, service: { name: 'web' } }),
  )
  const seen: string[] = []
  const before = catalog.revision
  const renamed = client(server, 'new', 'c')
  const watching = catalog.wait(catalog.nodes.topics.all(), before, 1000).then(() => {
    seen.push([...catalog.nodes.all()].map(({ node }) => node).join())
  })
  await renamed.beat()
  await watching
  t.same(seen, ['new,s1'])
  t.same(standing(membership), ['new alive', 's1 alive'])
  t.match(catalog.nodes.find('new'), { id: uuid('c'), meta: { rack: 'r1' } })
  t.equal(catalog.services.ofNode('old').length, 0)
})

void t.test('the same node at another address', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  await client(server, 'c1', 'c').beat()
  await client(server, 'c1', 'c', { address: '127.0.0.10' }).beat()
  t.same(standing(server.membership), ['c1 alive', 's1 alive'])
  t.equal(server.catalog.nodes.find('c1')?.address, '127.0.0.10')
  t.equal(server.membership.members()[0]?.address, '127.0.0.10')
})

void t.test(
  "a name in use is refused while its owner's lease lives, with the seconds that it may still live; then it is taken over",
  async t => {
    const server = await startServer(t, serverInfo('s1', 'a'))
    const { catalog, clock, membership } = server
    const owner = client(server, 'web', 'c')
    await owner.beat()
    await catalog.execute(register({ node: 'web', id: uuid('c'), address: '127.0.0.9', service: { name: 'old' } }))
    await catalog.execute(createSession(session(uuid('1'), 'web'), seconds(10)))
    const other = client(server, 'WEB', 'd', { address: '127.0.0.10' })
    const revision = catalog.revision
    await t.rejects(other.beat(), {
      code: 'CLUSTER_NAME_TAKEN',
      message: new RegExp(`reserved by node ${uuid('c')} with name web \\(127.0.0.9\\).*within 8 s`),
    })
    t.equal(catalog.revision, revision, 'nothing was written')
    owner.stop()
    other.stop()
    // The lease has lapsed, and the steward has not been through yet.
    await pass(clock, 8500)
    await other.beat()
    t.same(standing(membership), ['WEB alive', 's1 alive'])
    t.match(catalog.nodes.find('web'), { id: uuid('d'), node: 'WEB', address: '127.0.0.10' })
    t.equal(catalog.services.get('web', 'old'), undefined)
    t.equal(catalog.sessions.get(uuid('1')), undefined, 'what the former owner held is free')
    t.equal(catalog.checks.get('web', 'serfHealth')?.status, 'passing')
    await t.rejects(owner.beat(), { code: 'CLUSTER_NAME_TAKEN' }, "the name is the other's now")
    await t.rejects(client(server, 's1', 'e').beat(), { code: 'CLUSTER_NAME_TAKEN' }, "a server's own name")
    await t.rejects(client(server, 'c9', 'a').beat(), { code: 'CLUSTER_ID_TAKEN' }, "a server's own id")
  },
)

void t.test('a hundred agents that vanish at once', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  const { catalog, clock, membership } = server
  const infos = Array.from({ length: 100 }, (_, i) => agentInfo(`c${i}`, String(i + 1000)))
  await Promise.all(infos.map(info => server.calls.call(method.heartbeat, heartbeatOf(info))))
  t.equal(catalog.checks.inState('passing').length, 101)
  const before = catalog.revision
  await pass(clock, 20_000)
  t.equal(membership.members().filter(({ status }) => status === 'failed').length, 100)
  t.equal(catalog.checks.inState('critical').length, 100)
  // The leases of all of them end one by one, what follows is written in batches.
  t.ok(catalog.revision - before <= 100 + 10, `${catalog.revision - before} revisions`)
})

void t.test('large clusters have longer leases', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  const infos = Array.from({ length: 130 }, (_, i) => agentInfo(`c${i}`, String(i + 1000)))
  for (const info of infos) await server.calls.call(method.heartbeat, heartbeatOf(info))
  const [first] = infos
  t.match(await server.calls.call(method.heartbeat, heartbeatOf(first ?? agentInfo('', ''))), { ttl: 16_000 })
  t.equal(server.catalog.aliveMarks.get(uuid('1000'))?.ttl, 16_000)
  t.equal(server.catalog.aliveMarks.get(uuid('1001'))?.ttl, 8000)
})

void t.test('a new steward gives everyone the time of a lease before it finds them failed', async t => {
  const first = await startServer(t, serverInfo('s1', 'a'))
  const c1 = client(first, 'c1', 'c')
  await c1.beat()
  // What is left of a cluster in which nothing ran for long: a record without a lease.
  c1.stop()
  const { lease = '', ttl = 0 } = first.catalog.aliveMarks.get(uuid('c')) ?? {}
  await first.stop()
  await first.store.resumeLease(lease as never, ttl as never).revoke()
  const again = await startServer(t, serverInfo('s1', 'a'), { memory: first.store, fake: first.clock })
  await pass(again.clock, 7000)
  t.same(standing(again.membership), ['c1 alive', 's1 alive'])
  await again.calls.call(method.heartbeat, heartbeatOf(c1.info))
  await pass(again.clock, 4000)
  t.same(standing(again.membership), ['c1 alive', 's1 alive'])
  t.notOk(again.log.messages('warn').length)
  await pass(again.clock, 8000)
  t.same(standing(again.membership), ['c1 failed', 's1 alive'])
})

void t.test('what is not a heartbeat is refused before it is looked at further', async t => {
  const server = await startServer(t, serverInfo('s1', 'a'))
  const revision = server.catalog.revision
  for (const body of [null, {}, { info: serverInfo('x', 'f') }, { info: agentInfo('x', 'f', { datacenter: 'dc9' }) }]) {
    await t.rejects(server.calls.call(method.heartbeat, body), MusterError)
  }
  await t.rejects(server.calls.call(method.leave, { id: uuid('a') }), { code: 'CLUSTER_UNKNOWN_MEMBER' })
  await server.calls.call(method.leave, { id: uuid('f') })
  t.equal(server.catalog.revision, revision)
})
