import type { Test } from 'tap'
import t from 'tap'
import { register } from '../../src/catalog/index.js'
import { createRpcClient, createRpcServer, type RpcClient } from '../../src/rpc/index.js'
import { upstreams } from '../../src/cluster/index.js'
import { systemClock } from '../../src/common/clock.js'
import { milliseconds, seconds } from '../../src/common/duration.js'
import type { Settings } from '../../src/config/index.js'
import type { Forwarding } from '../../src/http/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { until } from '../support/until.js'
import { ask } from './support/ask.js'
import { serve, type Served } from './support/serve.js'
import { settingsWith } from './support/settings.js'

/** An agent whose cluster port takes requests for its API. */
async function server(
  t: Test,
  parts: Partial<Settings> = {},
  options: Parameters<typeof serve>[2] = {},
): Promise<Served & { readonly address: string; readonly stop: () => Promise<void> }> {
  const served = await serve(t, parts, options)
  const listen = { bind: '127.0.0.1', port: 0, allowed: [] }
  const rpc = createRpcServer({
    lan: listen,
    wan: { ...listen, port: -1 },
    connectionsPerClient: 0,
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: systemClock,
  })
  rpc.serveApi(served.server.serve)
  await rpc.start()
  t.teardown(() => rpc.close())
  return { ...served, address: `127.0.0.1:${rpc.ports.lan}`, stop: () => rpc.close() }
}

const clientParts: Partial<Settings> = { nodeName: 'c1', server: false, engine: 'none', lone: false }

function calls(t: Test): RpcClient {
  const rpc = createRpcClient({ clock: systemClock })
  t.teardown(() => {
    rpc.close()
  })
  return rpc
}

const to = (rpc: RpcClient, ...addresses: readonly string[]): Forwarding['servers'] & object =>
  upstreams(rpc, { addresses: () => addresses })

void t.test('a client agent has everything answered by a server, but what is about itself', async t => {
  const s1 = await server(t, { http: { ...settingsWith().http, responseHeaders: { 'X-Where': 'server' } } })
  const client = await serve(
    t,
    {
      ...clientParts,
      http: { ...settingsWith().http, responseHeaders: { 'X-Where': 'client' }, allowWriteHttpFrom: [] },
    },
    { forward: { servers: to(calls(t), s1.address) } },
  )

  t.equal((await client.put('/v1/kv/a/b?flags=7', 'value')).body, 'true')
  t.equal(Buffer.from(s1.catalog.kv.get('a/b')?.value ?? '').toString(), 'value', 'written at the server')
  const read = await client.get('/v1/kv/a%2Fb')
  t.match(read.json(), [{ Key: 'a/b', Flags: 7 }])
  t.equal(read.headers['x-consul-index'], String(s1.catalog.kv.get('a/b')?.modified))
  t.equal(read.headers['x-where'], 'client', 'headers are those of the agent that is asked')
  t.equal(read.headers.vary, 'Accept-Encoding', 'and stand there once')
  for (const again of [1, 2, 3])
    t.same((await client.get('/v1/catalog/nodes')).json(), [], `from the server's kept answers, ${again}`)
  t.same((await client.get('/v1/status/leader')).json(), '127.0.0.1:8300')
  t.equal((await client.get('/v1/agent/self')).headers['x-where'], 'client')
  t.match((await client.get('/v1/agent/self')).json(), { Config: { NodeName: 'c1' } }, 'the agent itself')
  t.equal((await client.get('/v1/nothing')).status, 404)
  t.equal((await client.get('/v1/kv/x', { method: 'PATCH' })).status, 405)
  const invalid = await client.get('/v1/health/service/web?passing=x')
  t.same([invalid.status, invalid.body], [400, 'Invalid value for ?passing'])
})

void t.test("who asks is told along: sessions are of the client's node, and near=_agent is near it", async t => {
  const s1 = await server(t)
  const client = await serve(t, clientParts, { forward: { servers: to(calls(t), s1.address) } })
  for (const node of ['a1', 'c1', 'z1'])
    await s1.catalog.execute(
      register({
        node,
        address: '192.0.2.1',
        service: { name: 'web', port: 80 },
        checks: [{ name: 'serfHealth', status: 'passing' }],
      }),
    )
  const created = (await client.put('/v1/session/create', '{"Checks":[]}')).json() as { ID: string }
  t.equal(s1.catalog.sessions.get(created.ID)?.node, 'c1')
  t.match((await client.get('/v1/catalog/service/web?near=_agent')).json(), [{ Node: 'c1' }, {}, {}])
  t.match((await s1.get('/v1/session/list', { headers: { 'muster-agent': 'c1' } })).json(), [{ Node: 'c1' }])
  const forged = await s1.put('/v1/session/create', '{"Checks":[]}', { headers: { 'muster-agent': 'c1' } })
  t.ok(forged.status >= 400, 'a stranger cannot speak for an agent: n1 is no node')
})

void t.test('guards are those of every agent that a request passes', async t => {
  const guarded = (...allowWriteHttpFrom: readonly string[]): Partial<Settings> => ({
    http: { ...settingsWith().http, allowWriteHttpFrom },
  })
  const s1 = await server(t, guarded('127.0.0.0/8'))
  const strict = await server(t, guarded('10.0.0.0/8'))
  const rpc = calls(t)
  const client = (of: { readonly address: string }, ...writers: readonly string[]): Promise<Served> =>
    serve(t, { ...clientParts, ...guarded(...writers) }, { forward: { servers: to(rpc, of.address) } })
  t.equal((await (await client(s1)).put('/v1/kv/a', '1')).body, 'true')
  for (const refused of [await client(s1, '10.0.0.0/8'), await client(strict)])
    t.match(await refused.put('/v1/kv/a', '2'), { status: 403, body: 'Access is restricted' })
  t.equal((await (await client(strict)).get('/v1/catalog/nodes')).status, 200)
  t.equal(Buffer.from(s1.catalog.kv.get('a')?.value ?? []).toString(), '1')
})

void t.test('blocking queries wait through a client, and the next server takes over', async t => {
  const s1 = await server(t)
  const s2 = await server(t)
  for (const { catalog } of [s1, s2])
    await catalog.execute(register({ node: 'n1', address: '192.0.2.1', service: { name: 'web', port: 80 } }))
  const client = await serve(t, clientParts, { forward: { servers: to(calls(t), s1.address, s2.address) } })
  const first = await client.get('/v1/health/service/web')
  const waiting = client.get(`/v1/health/service/web?index=${String(first.headers['x-consul-index'])}&wait=60s`)
  await until('the query waits at the server', () => s1.metrics.values.get('http.blocked_queries') === 1)
  await s1.catalog.execute(register({ node: 'n2', address: '192.0.2.2', service: { name: 'web', port: 80 } }))
  t.equal(((await waiting).json() as unknown[]).length, 2)
  await s1.stop()
  t.equal(((await client.get('/v1/health/service/web')).json() as unknown[]).length, 1, 'answered by the other one')
  t.equal((await client.put('/v1/kv/a', '1')).body, 'true')
  t.equal(s1.catalog.kv.get('a'), undefined)
  const watched = await client.server.get('/v1/catalog/service/web', new AbortController().signal)
  t.match(watched, { status: 200, index: /^\d+$/ })
  t.equal((JSON.parse(watched.body) as unknown[]).length, 1, 'watches ask servers too')
  t.match(await client.server.put('/v1/kv/own', Buffer.from('x'), new AbortController().signal), {
    status: 200,
    body: 'true',
  })
  t.equal(
    Buffer.from(s2.catalog.kv.get('own')?.value ?? []).toString(),
    'x',
    'what the agent itself writes goes to servers too',
  )
})

void t.test('without a server everything that is not about the agent itself is refused at once', async t => {
  const client = await serve(t, clientParts, { forward: { servers: to(calls(t)) } })
  for (const path of [
    '/v1/kv/a',
    '/v1/status/leader',
    '/v1/status/peers',
    '/v1/catalog/datacenters',
    '/v1/catalog/nodes',
    '/v1/health/service/web?stale',
    '/v1/session/list',
    '/v1/kv/a?dc=dc2',
  ]) {
    const reply = await client.get(path)
    t.same([reply.status, reply.body], [500, 'No known Consul servers'], path)
  }
  t.equal((await client.put('/v1/kv/a', '1')).status, 500)
  t.equal((await client.get('/v1/agent/members')).status, 200)
  client.agent.ready = { ready: false, reason: 'syncing', restored: true }
  t.equal((await client.get('/v1/agent/services')).status, 200, 'though nothing of it is in a catalog')
  client.agent.ready = { ready: false, reason: 'starting' }
  t.equal((await client.get('/v1/agent/services')).status, 503)
  t.match(await client.server.get('/v1/catalog/nodes', new AbortController().signal), {
    status: 500,
    body: 'No known Consul servers',
  })
})

void t.test('other datacenters answer for themselves', async t => {
  const away = await server(t, { datacenter: 'dc2', nodeName: 'm1' })
  const rpc = calls(t)
  const here = await server(
    t,
    {},
    {
      forward: { datacenter: name => (name === 'dc2' ? to(rpc, away.address) : name === 'dc3' ? to(rpc) : undefined) },
    },
  )
  const client = await serve(t, clientParts, { forward: { servers: to(rpc, here.address) } })
  await away.catalog.execute(register({ node: 'm9', address: '192.0.2.9' }))
  for (const agent of [here, client]) {
    t.match((await agent.get('/v1/catalog/node/m9?dc=DC2')).json(), { Node: { Node: 'm9', Datacenter: 'dc2' } })
    t.equal((await agent.put('/v1/kv/far?dc=dc2', 'x')).body, 'true')
    t.same((await agent.get('/v1/kv/far')).status, 404)
    const unknown = await agent.get('/v1/catalog/nodes?dc=nowhere')
    t.same([unknown.status, unknown.body], [500, 'No path to datacenter'])
    const silent = await agent.get('/v1/catalog/nodes?dc=dc3')
    t.same([silent.status, silent.body], [500, 'Remote DC has no server currently reachable'])
    t.equal(
      (await agent.put('/v1/catalog/register', { Datacenter: 'dc2', Node: 'm8', Address: '192.0.2.8' })).body,
      'true',
    )
  }
  t.ok(away.catalog.nodes.find('m8'), 'registered where the body says')
  t.equal(here.catalog.nodes.find('m8'), undefined)
})

void t.test('an agent that prefers WAN addresses shows those of what is in other datacenters', async t => {
  const rpc = calls(t)
  const wan = { lan: '10.0.0.9', wan: '198.51.100.9' }
  const registration = {
    Node: 'm9',
    Address: '10.0.0.9',
    TaggedAddresses: wan,
    Service: {
      ID: 'web1',
      Service: 'web',
      Address: '10.0.0.10',
      Port: 80,
      TaggedAddresses: { wan: { Address: '198.51.100.10', Port: 8080 } },
    },
  }
  const away = await server(t, { datacenter: 'dc2', nodeName: 'm1', translateWanAddrs: true })
  const datacenter = (name: string): Forwarding['servers'] => (name === 'dc2' ? to(rpc, away.address) : undefined)
  const plain = await server(t, {}, { forward: { datacenter } })
  const here = await server(t, { translateWanAddrs: true }, { forward: { datacenter } })
  const client = await serve(
    t,
    { ...clientParts, translateWanAddrs: true },
    { forward: { servers: to(rpc, plain.address) } },
  )
  for (const one of [away, plain, here]) {
    t.equal((await one.put('/v1/catalog/register', registration)).body, 'true')
    await one.put('/v1/catalog/register', {
      Node: 'bare',
      Address: '10.0.0.7',
      Service: { ID: 'web2', Service: 'web', Port: 81 },
    })
    const query = await ask(one.port, '/v1/query', { method: 'POST', body: { Name: 'q', Service: { Service: 'web' } } })
    t.equal(query.status, 200)
  }

  const lan = { node: '10.0.0.9', service: '10.0.0.10', port: 80 }
  const far = { node: '198.51.100.9', service: '198.51.100.10', port: 8080 }
  const bare = { node: '10.0.0.7', service: '', port: 81 }
  const byNode = <T extends object>(list: readonly T[], name: (one: T) => string): readonly T[] =>
    list.filter(one => name(one) === 'm9' || name(one) === 'bare')
  interface Listed {
    readonly Node: string
    readonly Address: string
    readonly ServiceAddress: string
    readonly ServicePort: number
  }
  interface Entry {
    readonly Node: Listed
    readonly Service: { readonly Address: string; readonly Port: number }
  }
  const entries = (list: readonly Entry[]) =>
    list.map(({ Node, Service }) => [Node.Address, Service.Address, Service.Port]).sort()
  const shows = async (agent: Served, dc: string, m9: typeof lan, title: string): Promise<void> => {
    const read = async (path: string): Promise<unknown> =>
      (await agent.get(`${path}${path.includes('?') ? '&' : '?'}dc=${dc}`)).json()
    const whole = [
      [bare.node, bare.service, bare.port],
      [m9.node, m9.service, m9.port],
    ].sort()
    t.same(entries((await read('/v1/health/service/web')) as Entry[]), whole, `${title}: health/service`)
    t.same(entries(((await read('/v1/query/q/execute')) as { Nodes: Entry[] }).Nodes), whole, `${title}: query`)
    const listed = (await read('/v1/catalog/service/web')) as Listed[]
    t.same(
      listed.map(one => [one.Address, one.ServiceAddress, one.ServicePort]).sort(),
      whole,
      `${title}: catalog/service`,
    )
    const nodes = byNode((await read('/v1/catalog/nodes')) as Listed[], one => one.Node)
    t.same(nodes.map(one => one.Address).sort(), [bare.node, m9.node].sort(), `${title}: catalog/nodes`)
    t.match(
      await read('/v1/catalog/node/m9'),
      { Node: { Address: m9.node, TaggedAddresses: wan }, Services: { web1: { Address: m9.service, Port: m9.port } } },
      `${title}: catalog/node`,
    )
    t.match(
      await read('/v1/catalog/node-services/m9'),
      { Node: { Address: m9.node }, Services: [{ Address: m9.service, Port: m9.port }] },
      `${title}: catalog/node-services`,
    )
    t.equal(
      ((await read('/v1/health/service/web?filter=Service.Port==80')) as unknown[]).length,
      1,
      'a filter sees what is in the catalog',
    )
  }
  for (const round of ['built', 'kept']) {
    await shows(here, 'dc2', far, `${round}, a server`)
    await shows(client, 'dc2', far, `${round}, a client agent by a server that prefers nothing`)
    await shows(plain, 'dc2', lan, `${round}, a server that prefers nothing`)
    await shows(here, 'dc1', lan, `${round}, its own datacenter`)
    await shows(client, 'dc1', lan, `${round}, a client agent's own datacenter`)
  }
})

void t.test('what another agent owns is taken out there', async t => {
  const owner = await server(t, { nodeName: 'n1' })
  const rpc = calls(t)
  const other = await serve(
    t,
    { nodeName: 'n2' },
    { forward: { owner: node => (node === 'N1' ? to(rpc, owner.address) : undefined) } },
  )
  await owner.put('/v1/agent/service/register', { Name: 'web', ID: 'web1' })
  t.ok(owner.agent.services().get('web1'))
  t.equal((await other.put('/v1/agent/service/deregister/web1?node=N1')).status, 200)
  t.equal(owner.agent.services().get('web1'), undefined)
  const gone = await other.put('/v1/agent/service/deregister/web1?node=N1')
  t.equal(gone.status, (await owner.put('/v1/agent/service/deregister/web1')).status, 'answered as its owner answers')
  t.match(await other.put('/v1/agent/service/deregister/web1?node=n9'), {
    status: 404,
    body: /no living agent of node "n9" is known/,
  })
  const own = await other.put('/v1/agent/service/register', { Name: 'api' })
  t.equal(own.status, 200)
  t.equal((await other.put('/v1/agent/service/deregister/api?node=n2')).status, 200)
  t.equal(other.agent.services().get('api'), undefined)
})

void t.test('a client agent that is taken for a server does not hand on', async t => {
  const rpc = calls(t)
  const s1 = await server(t)
  const mistaken = await server(t, clientParts, { forward: { servers: to(rpc, s1.address) } })
  const client = await serve(t, { ...clientParts, nodeName: 'c2' }, { forward: { servers: to(rpc, mistaken.address) } })
  t.match(await client.get('/v1/catalog/nodes'), { status: 500, body: 'No known Consul servers' })
})

void t.test('a server that lost its leader says how old its answers are', async t => {
  const s1 = await serve(
    t,
    { engine: 'etcd', cluster: { ...settingsWith().cluster, discoveryMaxStale: seconds(10) } },
    { lastContact: () => 4321 },
  )
  t.match((await s1.get('/v1/catalog/nodes?stale')).headers, {
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
  })
  t.match(
    (await s1.get('/v1/catalog/nodes')).headers,
    { 'x-consul-effective-consistency': 'stale' },
    'discovery_max_stale',
  )
  t.match((await s1.get('/v1/catalog/nodes?consistent')).headers, { 'x-consul-effective-consistency': 'consistent' })
  t.match((await s1.get('/v1/catalog/nodes?leader')).headers, { 'x-consul-effective-consistency': 'leader' })
  s1.membership.leads = false
  t.match((await s1.get('/v1/catalog/nodes?stale')).headers, {
    'x-consul-knownleader': 'false',
    'x-consul-lastcontact': '4321',
  })
  t.match(
    (await s1.get('/v1/catalog/nodes?max_stale=1s')).headers,
    { 'x-consul-effective-consistency': 'leader' },
    'older than allowed',
  )
  t.match((await s1.get('/v1/status/leader')).json(), '')
})

void t.test('a server of a cluster that has not formed has no leader; one on its own is loading', async t => {
  for (const [engine, status, body] of [
    ['etcd', 500, 'No cluster leader'],
    ['lmdb', 503, 'the catalog is being loaded'],
  ] as const) {
    const s1 = await serve(t, { engine, cluster: { ...settingsWith().cluster, rpcHoldTimeout: milliseconds(60) } })
    let loaded = false
    Object.defineProperty(s1.catalog, 'loaded', { get: () => loaded })
    const refused = await s1.get('/v1/catalog/nodes')
    t.same([refused.status, refused.body], [status, body], engine)
    t.equal((await s1.get('/v1/status/leader')).status, 200)
    t.equal((await s1.get('/v1/catalog/datacenters')).status, 200)
    t.equal((await s1.get('/v1/agent/services')).status, engine === 'etcd' ? 200 : 503)
    loaded = true
    t.equal((await s1.get('/v1/catalog/nodes')).status, 200)
  }
  const forming = await serve(t, {
    engine: 'etcd',
    cluster: { ...settingsWith().cluster, rpcHoldTimeout: seconds(20) },
  })
  let loaded = false
  Object.defineProperty(forming.catalog, 'loaded', { get: () => loaded })
  const waiting = ask(forming.port, '/v1/catalog/nodes')
  await until('it waits', () => true)
  loaded = true
  t.equal((await waiting).status, 200, 'it waits for the load')
})
