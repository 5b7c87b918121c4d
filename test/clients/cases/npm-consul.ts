import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { Test } from 'tap'
import { until } from '../../support/until.js'
import { runCases, type Cases, type Open, type Target } from '../target.js'

/** Calls of the client by area, as they are made here: options in, the parsed answer out. */
type Call = (options?: unknown, ...more: readonly unknown[]) => Promise<unknown>
type Area<Name extends string> = Readonly<Record<Name, Call>>
interface Client {
  readonly agent: Area<
    'checks' | 'services' | 'members' | 'reload' | 'self' | 'maintenance' | 'join' | 'forceLeave'
  > & {
    readonly check: Area<'list' | 'register' | 'deregister' | 'pass' | 'warn' | 'fail'>
    readonly service: Area<'list' | 'register' | 'deregister' | 'maintenance'>
  }
  readonly catalog: Area<'datacenters' | 'nodes' | 'services' | 'register' | 'deregister'> & {
    readonly node: Area<'list' | 'services'>
    readonly service: Area<'list' | 'nodes'>
  }
  readonly health: Area<'node' | 'checks' | 'service' | 'state'>
  readonly kv: Area<'get' | 'keys' | 'set' | 'del'>
  readonly query: Area<'list' | 'create' | 'get' | 'update' | 'destroy' | 'execute' | 'explain'>
  readonly session: Area<'create' | 'destroy' | 'info' | 'get' | 'node' | 'list' | 'renew'>
  readonly status: Area<'leader' | 'peers'>
  readonly transaction: Area<'create'>
  watch(options: {
    readonly method: Call
    readonly options: unknown
    readonly backoffFactor?: number
  }): EventEmitter & { end(): void; isRunning(): boolean }
  destroy(): void
}
const Consul = createRequire(import.meta.url)('consul') as new (options: {
  readonly host: string
  readonly port: number
}) => Client

/** An agent, and the client that applications in Node.js use for it. */
async function connect(t: Test, open: Open): Promise<Target & { readonly client: Client }> {
  const target = await open(t)
  const client = new Consul({ host: target.host, port: target.port })
  t.teardown(() => {
    client.destroy()
  })
  return { ...target, client }
}

const list = async (call: Promise<unknown>): Promise<Record<string, unknown>[]> =>
  (await call) as Record<string, unknown>[]
const entry = async (call: Promise<unknown>): Promise<Record<string, unknown>> =>
  (await call) as Record<string, unknown>

const cases: Cases = {
  'agent: itself, members, maintenance': itself,
  'agent: checks': checks,
  'agent: services': services,
  'catalog and health': catalogAndHealth,
  'kv': keys,
  'sessions and locks': sessionsAndLocks,
  'prepared queries': preparedQueries,
  'transactions': transactions,
  'watches see each change, and live through a restart of the agent': watches,
}

/** Drives an agent by the client of applications in Node.js, the package `consul` of npm. */
export async function npmConsul(t: Test, open: Open): Promise<void> {
  await runCases(t, open, cases)
}

async function itself(t: Test, open: Open): Promise<void> {
  const { client, host, node, nodes, server, peers } = await connect(t, open)
  t.match(await client.agent.self(), {
    Config: { Datacenter: 'dc1', NodeName: node, Server: server },
    Member: { Name: node, Addr: host },
  })
  t.match(
    await client.agent.members(),
    nodes.map(name => ({ Name: name, Status: 1 })),
  )
  t.equal((await list(client.agent.members({ wan: true }))).length, server ? peers.length : 0)
  await client.agent.reload()
  await client.agent.maintenance(true)
  t.match(await client.agent.checks(), { _node_maintenance: { Status: 'critical' } })
  await client.agent.maintenance({ enable: false })
  t.notOk('_node_maintenance' in (await entry(client.agent.checks())))
  await t.rejects(client.agent.join('127.0.0.1:1'), 'nobody is there')
  // The client says no more of an error than its status; the text is in the answer.
  const refused = await client.agent.forceLeave('nobody').then(
    () => undefined,
    (error: unknown) => error as { readonly response: { readonly body: unknown } },
  )
  t.match(String(refused?.response.body), /No node found with name 'nobody'/)
}

async function checks(t: Test, open: Open): Promise<void> {
  const { client } = await connect(t, open)
  const state = async () =>
    ((await entry(client.agent.checks())) as Record<string, { Status: string; Output: string }>).mine
  await client.agent.check.register({ name: 'mine', ttl: '10s' })
  t.equal((await state())?.Status, 'critical')
  await client.agent.check.pass('mine')
  t.equal((await state())?.Status, 'passing')
  await client.agent.check.warn({ id: 'mine', note: 'so so' })
  t.match(await state(), { Status: 'warning', Output: 'so so' })
  await client.agent.check.fail('mine')
  t.equal((await state())?.Status, 'critical')
  t.ok('mine' in (await entry(client.agent.check.list())))
  t.equal((await list(client.health.state('critical'))).filter(check => check.CheckID === 'mine').length, 1)
  await client.agent.check.deregister('mine')
  t.equal(await state(), undefined)
  await t.rejects(client.agent.check.pass('mine'))
}

async function services(t: Test, open: Open): Promise<void> {
  const { client, node } = await connect(t, open)
  await client.agent.service.register('plain')
  await client.agent.service.register({
    name: 'web',
    id: 'web1',
    tags: ['a', 'b'],
    address: '192.0.2.1',
    port: 80,
    meta: { rack: 'r1' },
    checks: [
      { ttl: '10s', status: 'passing' },
      { http: 'http://127.0.0.1:1/', interval: '1h', notes: 'looks' },
    ],
  })
  t.match(await client.agent.service.list(), {
    plain: { Service: 'plain' },
    web1: { Service: 'web', Tags: ['a', 'b'], Address: '192.0.2.1', Port: 80, Meta: { rack: 'r1' } },
  })
  t.match(await client.agent.check.list(), {
    'service:web1:1': { Status: 'passing' },
    'service:web1:2': { Notes: 'looks' },
  })
  t.match(await client.catalog.service.nodes({ service: 'web', tag: 'a' }), [
    { Node: node, ServiceID: 'web1', ServiceAddress: '192.0.2.1' },
  ])
  await client.agent.service.maintenance({ id: 'web1', enable: true, reason: 'moving' })
  t.match(await client.agent.checks(), { '_service_maintenance:web1': { Status: 'critical', Notes: 'moving' } })
  t.same(await client.health.service({ service: 'web', passing: true }), [])
  await client.agent.service.maintenance({ id: 'web1', enable: false })
  t.notOk('_service_maintenance:web1' in (await entry(client.agent.checks())))
  await client.agent.service.deregister('web1')
  t.same(await client.catalog.service.nodes('web'), [])
}

async function catalogAndHealth(t: Test, open: Open): Promise<void> {
  const { client, nodes, peers } = await connect(t, open)
  t.same(await client.catalog.datacenters(), ['dc1'])
  await client.catalog.register({
    node: 'far',
    address: '192.0.2.9',
    service: { service: 'db', id: 'db1', port: 5432 },
    check: { node: 'far', name: 'up', checkid: 'up', serviceid: 'db1', status: 'passing' },
  })
  t.same(
    (await list(client.catalog.node.list())).map(node => node.Node),
    [...nodes, 'far'].sort(),
  )
  t.match(await client.catalog.node.services('far'), { Node: { Node: 'far' }, Services: { db1: { Port: 5432 } } })
  t.match(await client.catalog.service.list(), { consul: [], db: [] })
  t.match(await client.catalog.service.nodes('db'), [{ Address: '192.0.2.9', ServicePort: 5432 }])
  t.match(await client.health.node('far'), [{ CheckID: 'up', Status: 'passing' }])
  t.match(await client.health.checks('db'), [{ ServiceID: 'db1' }])
  t.match(await client.health.service({ service: 'db', passing: true }), [
    { Node: { Node: 'far' }, Service: { Port: 5432 }, Checks: [{ Status: 'passing' }] },
  ])
  t.equal((await list(client.health.state('any'))).filter(check => check.Node === 'far').length, 1)
  await client.catalog.deregister({ node: 'far' })
  t.same(
    (await list(client.catalog.nodes())).map(node => node.Node),
    nodes,
  )
  t.ok(peers.includes((await client.status.leader()) as string))
  t.same(((await client.status.peers()) as string[]).sort(), peers)
}

async function keys(t: Test, open: Open): Promise<void> {
  const { client } = await connect(t, open)
  t.equal(await client.kv.set('hello', 'world'), true)
  const found = await entry(client.kv.get('hello'))
  t.match(found, { Key: 'hello', Value: 'world', Flags: 0, LockIndex: 0 })
  t.same(Buffer.from((await client.kv.get({ key: 'hello', raw: true })) as Uint8Array).toString(), 'world')
  t.notOk(await client.kv.get('none'))
  t.notOk(await client.kv.set({ key: 'hello', value: 'again', flags: 42, cas: 1 }), 'the client shows false as nothing')
  t.equal(await client.kv.set({ key: 'hello', value: 'again', flags: 42, cas: found.ModifyIndex }), true)
  t.match(await client.kv.get('hello'), { Value: 'again', Flags: 42 })
  t.equal(await client.kv.set('empty', null), true)
  t.equal((await entry(client.kv.get('empty'))).Value, null)

  for (const key of ['a/x/1', 'a/y/2', 'a/z/3']) await client.kv.set(key, 'value')
  t.same(await client.kv.keys('a'), ['a/x/1', 'a/y/2', 'a/z/3'])
  t.same(await client.kv.keys({ key: 'a/', separator: '/' }), ['a/x/', 'a/y/', 'a/z/'])
  t.equal((await list(client.kv.keys())).length, 5)
  t.same(
    (await list(client.kv.get({ key: 'a/', recurse: true }))).map(item => item.Key),
    ['a/x/1', 'a/y/2', 'a/z/3'],
  )

  const { ModifyIndex } = await entry(client.kv.get('hello'))
  const waiting = client.kv.get({ key: 'hello', index: String(ModifyIndex), wait: '10s' })
  await client.kv.set('hello', 'news')
  t.match(await waiting, { Value: 'news' })
  await client.kv.del('hello')
  t.notOk(await client.kv.get('hello'))
  await client.kv.del({ key: 'a/', recurse: true })
  t.same(await client.kv.keys(), ['empty'])
}

async function sessionsAndLocks(t: Test, open: Open): Promise<void> {
  const { client, node } = await connect(t, open)
  const { ID } = (await entry(
    client.session.create({ name: 'mine', ttl: '10m', lockdelay: '0s', behavior: 'release' }),
  )) as { ID: string }
  const other = (await entry(client.session.create({ lockdelay: '0s' }))) as { ID: string }
  t.match(await client.session.info(ID), { ID, Name: 'mine', TTL: '10m', Behavior: 'release', Node: node })
  t.match(await client.session.get(ID), { ID })
  t.equal((await list(client.session.list())).length, 2)
  t.equal((await list(client.session.node(node))).length, 2)
  t.match(await client.session.renew(ID), [{ ID }])
  t.equal(await client.kv.set({ key: 'lock', value: 'a', acquire: ID }), true)
  t.notOk(await client.kv.set({ key: 'lock', value: 'b', acquire: other.ID }))
  t.match(await client.kv.get('lock'), { Session: ID, Value: 'a', LockIndex: 1 })
  t.equal(await client.kv.set({ key: 'lock', value: 'c', release: ID }), true)
  t.equal(await client.kv.set({ key: 'lock', value: 'd', acquire: other.ID }), true)
  await client.session.destroy(other.ID)
  t.notOk('Session' in (await entry(client.kv.get('lock'))))
  t.notOk(await client.session.get(other.ID))
}

async function preparedQueries(t: Test, open: Open): Promise<void> {
  const { client } = await connect(t, open)
  await client.agent.service.register({ name: 'web', port: 80 })
  const { ID } = (await entry(
    client.query.create({ name: 'mine', service: { service: 'web', onlypassing: true }, dns: { ttl: '10s' } }),
  )) as { ID: string }
  t.match(await client.query.get(ID), {
    ID,
    Name: 'mine',
    Service: { Service: 'web', OnlyPassing: true },
    DNS: { TTL: '10s' },
  })
  t.equal((await list(client.query.list())).length, 1)
  t.match(await client.query.execute('mine'), {
    Service: 'web',
    Nodes: [{ Service: { Port: 80 } }],
    DNS: { TTL: '10s' },
  })
  await client.query.update({ query: ID, name: 'renamed', service: { service: 'web' } })
  t.match(await client.query.list(), [{ ID, Name: 'renamed' }])
  // It shows only the first item of a list, and this is none; what counts is that there is an answer.
  await client.query.explain('renamed')
  await client.query.destroy(ID)
  t.same(await client.query.list(), [])
}

async function transactions(t: Test, open: Open): Promise<void> {
  const { client } = await connect(t, open)
  t.match(
    await client.transaction.create([
      { KV: { Verb: 'set', Key: 'a', Value: Buffer.from('1').toString('base64') } },
      { KV: { Verb: 'get', Key: 'a' } },
    ]),
    { Results: [{ KV: { Key: 'a' } }, { KV: { Key: 'a' } }], Errors: null },
  )
  t.match(await client.kv.get('a'), { Value: '1' })
  await t.rejects(
    client.transaction.create([{ KV: { Verb: 'check-not-exists', Key: 'a' } }, { KV: { Verb: 'delete', Key: 'a' } }]),
    /conflict/i,
  )
  t.match(await client.kv.get('a'), { Value: '1' })
}

async function watches(t: Test, open: Open): Promise<void> {
  const { client, stop, start } = await connect(t, open)
  const seen: string[] = []
  const errors: unknown[] = []
  const watch = client.watch({ method: client.kv.get.bind(client.kv), options: { key: 'watched' }, backoffFactor: 10 })
  t.teardown(() => {
    watch.end()
  })
  watch.on('change', (data: { Value: string } | undefined) => {
    seen.push(data?.Value ?? 'none')
  })
  watch.on('error', error => {
    errors.push(error)
  })
  await client.kv.set('watched', 'one')
  await until('the first value is seen', () => seen.at(-1) === 'one')
  await client.kv.set('watched', 'two')
  await until('the second value is seen', () => seen.at(-1) === 'two')
  await stop()
  await until('the watch noticed', () => errors.length > 0)
  await start()
  await client.kv.set('watched', 'three')
  await until('it goes on', () => seen.at(-1) === 'three')
  t.equal(new Set(seen).size, seen.length, 'nothing is told twice')
  t.ok(watch.isRunning())
}
