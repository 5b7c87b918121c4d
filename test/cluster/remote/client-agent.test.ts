import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import {
  Catalog,
  preparedQueries,
  register,
  type CheckData,
  type NodeData,
  type ServiceData,
} from '../../../src/catalog/index.js'
import {
  ClientMembership,
  ClusterMembership,
  registerQueryHandler,
  registerSyncHandlers,
  remoteQueries,
  remoteSyncTarget,
  serversFile,
  ServerPool,
  type AgentInfo,
  type ClientMembershipOptions,
  type ServerInfo,
} from '../../../src/cluster/index.js'
import { createRpcClient, createRpcServer, type RpcClient, type RpcServer } from '../../../src/rpc/index.js'
import { systemClock } from '../../../src/common/clock.js'
import { hours, milliseconds, seconds } from '../../../src/common/duration.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { RecordingLog } from '../../support/recording-log.js'
import { RecordingMetrics } from '../../support/recording-metrics.js'
import { temporaryDirectory } from '../../support/temporary-directory.js'
import { FakeClock } from '../../support/fake-clock.js'
import { until } from '../../support/until.js'
import { agentInfo, serverInfo, uuid } from '../membership/samples.js'

const autopilot = {
  cleanupDeadServers: true,
  lastContactThreshold: milliseconds(200),
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTime: seconds(10),
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

function calls(t: Test): RpcClient {
  const rpc = createRpcClient({ clock: systemClock })
  t.teardown(() => {
    rpc.close()
  })
  return rpc
}

const port = (): RpcServer =>
  createRpcServer({
    lan: { bind: '127.0.0.1', port: 0, allowed: [] },
    wan: { bind: '127.0.0.1', port: -1, allowed: [] },
    connectionsPerClient: 0,
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: systemClock,
  })

const placed = (info: AgentInfo, server: RpcServer): AgentInfo => ({
  ...info,
  address: '127.0.0.1',
  ports: { ...info.ports, lan: server.ports.lan },
})

/** A server on a store of its own that takes client agents. */
async function startServer(t: Test, name = 's1', datacenter = 'dc1') {
  const store = openMemoryStore({ clock: systemClock })
  const catalog = await Catalog.open({ store, clock: systemClock })
  const rpc = port()
  const client = calls(t)
  const self = (): ServerInfo => ({ ...placed(serverInfo(name, name.slice(1), { datacenter }), rpc), server: true })
  const membership = new ClusterMembership({
    self,
    expect: 1,
    store: 'own',
    catalog,
    calls: { server: rpc, client },
    reconnectTimeout: hours(72),
    holdTimeout: seconds(7),
    autopilot,
    encrypted: false,
    clock: systemClock,
    random: Math.random,
    log: new RecordingLog(),
  })
  registerSyncHandlers(rpc, catalog)
  registerQueryHandler(rpc, nodeName => preparedQueries({ catalog, random: Math.random, datacenter, nodeName }))
  await rpc.start()
  await membership.start()
  const stop = async (): Promise<void> => {
    await membership.close()
    await rpc.close()
  }
  t.teardown(async () => {
    await stop()
    catalog.close()
    await store.close()
  })
  return { catalog, membership, self, address: `127.0.0.1:${rpc.ports.lan}`, stop }
}

/** A client agent's part in the cluster. */
async function startClient(
  t: Test,
  given: Partial<ClientMembershipOptions> & {
    readonly name?: string
    readonly digit?: string
    readonly known?: readonly ServerInfo[]
    readonly datacenter?: string
  } = {},
) {
  const rpc = calls(t)
  const server = port()
  const { name = 'c1', digit = 'c1', known = [], datacenter = 'dc1', ...more } = given
  const self = (): AgentInfo => placed(agentInfo(name, digit, { datacenter }), server)
  const remembered: (readonly ServerInfo[])[] = []
  const pool = new ServerPool({
    agentId: uuid(digit),
    initial: known,
    rpc,
    clock: systemClock,
    changed: servers => {
      remembered.push(servers)
    },
  })
  const log = new RecordingLog()
  let contacts = 0
  const membership = new ClientMembership({
    self,
    pool,
    rpc,
    server,
    port: 8301,
    startJoin: [],
    retryJoin: [],
    retryInterval: 50,
    retryMax: 0,
    onServers: () => {
      contacts++
    },
    onGivenUp: () => undefined,
    clock: systemClock,
    random: Math.random,
    log,
    ...more,
  })
  await server.start()
  t.teardown(async () => {
    await membership.close()
    await server.close()
  })
  return { membership, pool, log, remembered, self, address: `127.0.0.1:${server.ports.lan}`, contacts: () => contacts }
}

void t.test('a client joins through a server, is a member and in the catalog, and leaves', async t => {
  const s1 = await startServer(t)
  const c1 = await startClient(t)
  await c1.membership.start()
  t.match(c1.membership.members(), [{ name: 'c1', status: 'alive' }], 'alone at first')
  t.equal(c1.membership.leader(), '')
  t.equal(await c1.membership.join([s1.address], false), 1)
  await until('it knows the members', () => c1.membership.members().length === 2)
  t.match(
    c1.membership.members().map(({ name, status, tags }) => [name, status, tags.role]),
    [
      ['c1', 'alive', 'node'],
      ['s1', 'alive', 'consul'],
    ],
  )
  t.match(
    s1.membership.members().map(({ name }) => name),
    ['c1', 's1'],
  )
  t.equal(s1.catalog.checks.get('c1', 'serfHealth')?.status, 'passing')
  t.equal(c1.membership.leader(), s1.membership.leader())
  t.equal(c1.contacts(), 1, 'whoever compares entries was told of the server')
  t.match(await c1.membership.stats(), {
    consul: { known_servers: '1' },
    serf_lan: { members: '2', failed: '0', left: '0' },
  })
  t.match(c1.remembered.at(-1), [{ name: 's1' }])
  await c1.membership.leave()
  await until('it is out of the catalog', () => s1.catalog.nodes.find('c1') === undefined)
  t.match(s1.membership.members(), [{ name: 'c1', status: 'left' }, {}])
})

void t.test('a client joins through another client, and by retry_join once somebody is there', async t => {
  const s1 = await startServer(t)
  const c1 = await startClient(t, { startJoin: [s1.address] })
  await c1.membership.start()
  const c2 = await startClient(t, { name: 'c2', digit: 'c2', retryJoin: [c1.address, '127.0.0.1:1'] })
  await c2.membership.start()
  await until('all are members', () => s1.membership.members().length === 3 && c2.membership.connected)
  t.match(c2.pool.servers(), [{ name: 's1' }])
  await t.rejects(c1.membership.join(['127.0.0.1:1'], false), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /Failed to join 127.0.0.1:1/,
  })
  await t.rejects(c1.membership.join([s1.address], true), { code: 'CLUSTER_JOIN_FAILED' })
})

void t.test('agents of another datacenter are refused, both ways', async t => {
  const s1 = await startServer(t)
  const foreign = await startClient(t, { datacenter: 'dc2' })
  await t.rejects(foreign.membership.join([s1.address], false), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /part of wrong datacenter 'dc1'/,
  })
  const c1 = await startClient(t, { name: 'c3', digit: 'c3' })
  await t.rejects(foreign.membership.join([c1.address], false), {
    code: 'CLUSTER_JOIN_FAILED',
    message: /wrong datacenter/,
  })
})

void t.test('retry_join that has been tried often enough ends the agent', async t => {
  let ended: unknown
  const c1 = await startClient(t, {
    retryJoin: ['127.0.0.1:1'],
    retryInterval: 5,
    retryMax: 3,
    onGivenUp: error => {
      ended = error
    },
  })
  await c1.membership.start()
  await until('it gives up', () => ended !== undefined)
  t.match(ended, { code: 'CLUSTER_JOIN_EXHAUSTED' })
})

void t.test('a name that lives elsewhere is refused at the start', async t => {
  const s1 = await startServer(t)
  const c1 = await startClient(t, { known: [s1.self()] })
  await c1.membership.start()
  const twin = await startClient(t, { known: [s1.self()], digit: 'dd' })
  await t.rejects(twin.membership.start(), { message: /c1/ })
})

void t.test('a server that went away is missed and found again', async t => {
  const s1 = await startServer(t)
  const c1 = await startClient(t, { known: [s1.self()] })
  await c1.membership.start()
  t.equal(c1.membership.connected, true)
  await s1.stop()
  await until('it is missed', () => !c1.membership.connected)
  const s2 = await startServer(t, 's2')
  t.equal(await c1.membership.join([s2.address], false), 1)
  await until('the other one takes over', () => s2.catalog.nodes.find('c1') !== undefined)
  await until('whoever compares entries is told', () => c1.contacts() === 2)
})

void t.test('members are made to leave through a client', async t => {
  const s1 = await startServer(t)
  const c1 = await startClient(t, { known: [s1.self()] })
  await c1.membership.start()
  await t.rejects(c1.membership.forceLeave('nobody', false), { message: /nobody/ })
})

void t.test('thousands of agents spread over the servers, and a new one gets its share', async t => {
  const rpc = calls(t)
  const servers = ['1', '2', '3'].map(digit => serverInfo(`s${digit}`, digit, { address: `127.0.0.${digit}` }))
  const first = (known: readonly ServerInfo[]): ReadonlyMap<string, string> =>
    new Map(
      Array.from({ length: 2000 }, (_, i) => {
        const id = uuid(i.toString(16))
        return [id, new ServerPool({ agentId: id, initial: known, rpc, clock: systemClock }).addresses()[0] ?? '']
      }),
    )
  const three = first(servers)
  const counted = (choices: ReadonlyMap<string, string>): number[] => {
    const counts = new Map<string, number>()
    for (const address of choices.values()) counts.set(address, (counts.get(address) ?? 0) + 1)
    return [...counts.values()]
  }
  t.ok(
    counted(three).every(count => count > 550 && count < 790),
    `evenly: ${counted(three).join()}`,
  )
  const four = first([...servers, serverInfo('s4', '4', { address: '127.0.0.4' })])
  t.ok(
    counted(four).every(count => count > 400 && count < 600),
    `evenly again: ${counted(four).join()}`,
  )
  t.ok(
    [...four].every(([id, address]) => address === three.get(id) || address.startsWith('127.0.0.4')),
    'nobody moves but to the new one',
  )
  const pool = new ServerPool({ agentId: uuid('1'), initial: servers, rpc, clock: systemClock })
  const [best = '', next] = pool.addresses()
  pool.failed(best)
  t.equal(pool.addresses()[0], next)
  t.equal(pool.addresses()[2], best, 'one that failed is asked last')
  pool.worked(best)
  t.equal(pool.addresses()[0], best)
})

void t.test('the servers are remembered', async t => {
  const directory = temporaryDirectory(t)
  const log = new RecordingLog()
  const clock = new FakeClock()
  const file = serversFile(directory, clock, log)
  t.same(await file.read(), [])
  const servers = [serverInfo('s1', '1'), serverInfo('s2', '2')]
  file.write(servers.slice(0, 1))
  file.write(servers)
  await file.close()
  t.same(await serversFile(directory, clock, log).read(), servers)
  t.match(readFileSync(path.join(directory, 'known-servers.json'), 'utf8'), /"s2"/)
  t.same(log.lines, [])

  rmSync(directory, { recursive: true })
  const again = serversFile(directory, clock, log)
  again.write(servers)
  await until('that it failed is told', () => log.messages('warn').length === 1)
  await clock.advance(10_000)
  await until('it failed again', () => clock.pending === 1)
  t.same(log.messages('warn'), ['the known servers could not be remembered, trying again until they are'], 'said once')
  mkdirSync(directory)
  await clock.advance(10_000)
  await again.close()
  t.same(await again.read(), servers)
  t.equal(clock.pending, 0)
})

const node: NodeData = { node: 'c1', id: uuid('c1'), address: '192.0.2.1', taggedAddresses: null, meta: { rack: 'r1' } }
const service = (id: string): ServiceData => ({
  node: 'c1',
  id,
  name: id,
  kind: '',
  tags: ['a', 'b'],
  address: '',
  taggedAddresses: null,
  meta: {},
  port: 80,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
})
const check = (id: string, serviceId: string): CheckData => ({
  node: 'c1',
  id,
  name: id,
  status: 'passing',
  notes: '',
  output: '',
  serviceId,
  type: 'ttl',
  definition: {},
})

void t.test("a client's entries are brought to the catalog in portions and read back", async t => {
  const s1 = await startServer(t)
  const c1 = await startClient(t, { known: [s1.self()] })
  const target = remoteSyncTarget(c1.pool)
  t.same(await target.read('c1'), { node: undefined, services: [], checks: [] })
  const services = Array.from({ length: 2500 }, (_, i) => service(`s${i}`))
  await target.write({
    node,
    put: {
      services,
      checks: [
        check('disk', ''),
        ...services.map(({ id }) => check(`up-${id}`, id)),
        { ...check('long', 's1'), output: 'x'.repeat(100_000) },
      ],
    },
    remove: { services: [], checks: [] },
  })
  t.equal(s1.catalog.services.ofNode('c1').length, 2500)
  t.equal(s1.catalog.checks.ofNode('c1').length, 2502)
  const back = await target.read('c1')
  t.match(back.node, node)
  t.same(
    back.services.find(({ id }) => id === 's7'),
    s1.catalog.services.get('c1', 's7'),
  )
  await target.write({
    node,
    put: { services: [], checks: [] },
    remove: { services: services.slice(1).map(({ id }) => id), checks: ['disk'] },
  })
  t.match(s1.catalog.services.ofNode('c1'), [{ id: 's0' }])
  t.same(
    s1.catalog.checks
      .ofNode('c1')
      .map(({ id }) => id)
      .sort(),
    ['up-s0'],
  )
  const alone = await startClient(t, { name: 'c2', digit: 'c2' })
  await t.rejects(remoteSyncTarget(alone.pool).read('c2'), {
    code: 'CLUSTER_NO_SERVERS',
    message: 'No known Consul servers',
  })
})

void t.test('prepared queries are run by a server', async t => {
  const s1 = await startServer(t)
  await s1.catalog.execute(register({ node: 'n1', address: '192.0.2.1', service: { name: 'web', port: 80 } }))
  const c1 = await startClient(t, { known: [s1.self()] })
  const queries = remoteQueries(c1.pool, 'c1')
  t.equal(await queries.resolve('none', { address: '192.0.2.7', subnet: undefined }), undefined)
})
