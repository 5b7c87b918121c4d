import t from 'tap'
import type { ServiceDefinition } from '../../src/config/index.js'
import { serve, type Served } from './support/serve.js'

type Json = Readonly<Record<string, unknown>>

/**
 * Leaves the indexes out of an answer, after seeing that they are there and above 0, and since when checks have their
 * status, which Consul does not say.
 */
function withoutIndexes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIndexes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, one]) => {
        if (key === 'StatusSince' && typeof one === 'string' && Date.parse(one) <= Date.now()) return false
        if (key !== 'CreateIndex' && key !== 'ModifyIndex') return true
        if (typeof one !== 'number' || one < 1) throw new Error(`${key} is ${String(one)}`)
        return false
      })
      .map(([key, one]) => [key, withoutIndexes(one)]),
  )
}

const nodeA = {
  ID: '',
  Node: 'a',
  Address: '192.0.2.1',
  Datacenter: 'dc1',
  TaggedAddresses: null,
  Meta: { rack: 'r1' },
}
const check = (node: string, id: string, more: Json = {}): Json => ({
  Node: node,
  CheckID: id,
  Name: id,
  Status: 'passing',
  Notes: '',
  Output: '',
  ServiceID: '',
  ServiceName: '',
  ServiceTags: [],
  Type: '',
  Interval: '',
  Timeout: '',
  ExposedPort: 0,
  Definition: {},
  ...more,
})

async function populate({ put }: Served): Promise<void> {
  const bodies: readonly Json[] = [
    {
      Node: 'a',
      Address: '192.0.2.1',
      NodeMeta: { rack: 'r1' },
      Service: { ID: 'web1', Service: 'web', Tags: ['v1'], Port: 80 },
      Checks: [
        { CheckID: 'alive', Name: 'alive', Status: 'passing' },
        { CheckID: 'web1', Name: 'web1', Status: 'passing', ServiceID: 'web1' },
      ],
    },
    {
      Node: 'b',
      Address: '192.0.2.2',
      NodeMeta: { rack: 'r2' },
      Service: {
        ID: 'web2',
        Service: 'web',
        Tags: ['v2', 'v1'],
        Port: 81,
        Meta: { m: '1' },
        Weights: { Passing: 5, Warning: 2 },
        TaggedAddresses: { wan: { Address: '198.51.100.2', Port: 8081 } },
      },
      Checks: [
        { CheckID: 'alive', Name: 'alive', Status: 'passing' },
        { CheckID: 'web2', Name: 'web2', Status: 'warning', Output: 'slow', ServiceID: 'web2' },
      ],
    },
    {
      Node: 'c',
      Address: '192.0.2.3',
      Service: { ID: 'web3', Service: 'web', Tags: ['v2'], Address: '192.0.2.33', Port: 82 },
      Checks: [
        { CheckID: 'alive', Name: 'alive', Status: 'critical', Notes: 'node down' },
        { CheckID: 'web3', Name: 'web3', Status: 'passing', ServiceID: 'web3' },
      ],
    },
    { Node: 'idle', Address: '192.0.2.4', TaggedAddresses: { lan: '192.0.2.4' } },
    { Node: 'b', Address: '192.0.2.2', SkipNodeUpdate: true, Service: { Service: 'Cache', Tags: ['x'], Port: 83 } },
  ]
  for (const body of bodies) {
    const reply = await put('/v1/catalog/register', body)
    if (reply.body !== 'true') throw new Error(reply.body)
  }
}

void t.test('what was registered for a service mesh is found again as it was sent', async t => {
  const served = await serve(t)
  // As Go's client writes its structures.
  const proxy = {
    DestinationServiceName: 'web',
    DestinationServiceID: 'web1',
    LocalServiceAddress: '127.0.0.1',
    LocalServicePort: 8080,
    Mode: 'direct',
    Config: { timeout: 5 },
    Upstreams: [{ DestinationName: 'db', LocalBindPort: 9000 }],
    MeshGateway: {},
    Expose: { Checks: true },
  }
  const register = (Service: Json): ReturnType<typeof served.put> =>
    served.put('/v1/catalog/register', { Node: 'a', Address: '192.0.2.1', Service })
  t.equal(
    (
      await register({
        Kind: 'connect-proxy',
        ID: 'p',
        Service: 'web-proxy',
        Port: 9,
        Proxy: proxy,
        Connect: { Native: true },
      })
    ).body,
    'true',
  )
  const [shown] = (await served.get('/v1/catalog/service/web-proxy')).json() as [Json]
  t.same([shown.ServiceProxy, shown.ServiceConnect], [proxy, { Native: true }])
  t.match((await served.get('/v1/health/service/web-proxy')).json(), [
    { Service: { Kind: 'connect-proxy', Proxy: proxy, Connect: { Native: true } } },
  ])
  const { revision } = served.catalog
  t.equal(
    (
      await register({
        Kind: 'connect-proxy',
        ID: 'p',
        Service: 'web-proxy',
        Port: 9,
        Proxy: { ...proxy },
        Connect: { Native: true },
      })
    ).body,
    'true',
  )
  t.equal(served.catalog.revision, revision, 'the same again is no change')
  t.equal((await register({ ID: 'p', Service: 'web-proxy', Port: 9, Proxy: {}, Connect: {} })).body, 'true')
  t.match((await served.get('/v1/catalog/service/web-proxy')).json(), [{ ServiceProxy: {}, ServiceConnect: {} }])
  t.match(await register({ ID: 'p', Service: 'x', Proxy: 'web' }), {
    status: 400,
    body: 'Request decode failed: Service.Proxy: expected an object, got a string',
  })
})

void t.test('how often a check runs is shown as it was registered', async t => {
  const { put, get } = await serve(t)
  t.equal(
    (
      await put('/v1/catalog/register', {
        Node: 'a',
        Address: '192.0.2.1',
        Check: { CheckID: 'c', Name: 'c', Interval: '10s', Timeout: '1s' },
      })
    ).body,
    'true',
  )
  t.match((await get('/v1/health/node/a')).json(), [{ CheckID: 'c', Interval: '10s', Timeout: '1s' }])
  t.same((await get('/v1/health/node/a?filter=Interval==%2210s%22')).json(), (await get('/v1/health/node/a')).json())
})

void t.test('views hold exactly what Consul shows', async t => {
  const served = await serve(t)
  await populate(served)
  const shown = async (path: string): Promise<unknown> => withoutIndexes((await served.get(path)).json())
  t.same(await shown('/v1/catalog/node-services/a'), {
    Node: nodeA,
    Services: [
      {
        ID: 'web1',
        Service: 'web',
        Tags: ['v1'],
        Address: '',
        Meta: null,
        Port: 80,
        Weights: { Passing: 1, Warning: 1 },
        EnableTagOverride: false,
        Proxy: {},
        Connect: {},
      },
    ],
  })
  t.same(await shown('/v1/catalog/service/web?tag=V2&tag=v1'), [
    {
      ID: '',
      Node: 'b',
      Address: '192.0.2.2',
      Datacenter: 'dc1',
      TaggedAddresses: null,
      NodeMeta: { rack: 'r2' },
      ServiceKind: '',
      ServiceID: 'web2',
      ServiceName: 'web',
      ServiceTags: ['v2', 'v1'],
      ServiceAddress: '',
      ServiceTaggedAddresses: { wan: { Address: '198.51.100.2', Port: 8081 } },
      ServiceWeights: { Passing: 5, Warning: 2 },
      ServiceMeta: { m: '1' },
      ServicePort: 81,
      ServiceSocketPath: '',
      ServiceEnableTagOverride: false,
      ServiceProxy: {},
      ServiceConnect: {},
    },
  ])
  t.same(await shown('/v1/health/service/web?passing'), [
    {
      Node: nodeA,
      Service: {
        ID: 'web1',
        Service: 'web',
        Tags: ['v1'],
        Address: '',
        Meta: null,
        Port: 80,
        Weights: { Passing: 1, Warning: 1 },
        EnableTagOverride: false,
        Proxy: {},
        Connect: {},
      },
      Checks: [check('a', 'alive'), check('a', 'web1', { ServiceID: 'web1', ServiceName: 'web', ServiceTags: ['v1'] })],
    },
  ])
  t.same(await shown('/v1/health/node/c'), [
    check('c', 'alive', { Status: 'critical', Notes: 'node down' }),
    check('c', 'web3', { ServiceID: 'web3', ServiceName: 'web', ServiceTags: ['v2'] }),
  ])
  t.same(await shown('/v1/catalog/services'), { Cache: ['x'], web: ['v1', 'v2'] })
})

void t.test('which items an answer has', async t => {
  const served = await serve(t)
  await populate(served)
  const ids: readonly [string, string, readonly string[]][] = [
    ['/v1/catalog/nodes', 'Node', ['a', 'b', 'c', 'idle']],
    ['/v1/catalog/nodes?node-meta=rack:r2', 'Node', ['b']],
    ['/v1/catalog/nodes?node-meta=rack:none', 'Node', []],
    ['/v1/catalog/nodes?node-meta=rack', 'Node', []],
    ['/v1/catalog/nodes?near=c', 'Node', ['c', 'a', 'b', 'idle']],
    ['/v1/catalog/nodes?near=_agent', 'Node', ['a', 'b', 'c', 'idle']],
    ['/v1/catalog/service/web?near=B', 'ServiceID', ['web2', 'web1', 'web3']],
    ['/v1/catalog/service/WEB?node-meta=rack:r1', 'ServiceID', ['web1']],
    ['/v1/catalog/service/cache', 'ServiceName', ['Cache']],
    ['/v1/catalog/service/absent', 'ServiceID', []],
    ['/v1/health/checks/web', 'CheckID', ['web1', 'web2', 'web3']],
    ['/v1/health/checks/web?node-meta=rack:r2', 'CheckID', ['web2']],
    ['/v1/health/checks/web?near=c', 'CheckID', ['web3', 'web1', 'web2']],
    ['/v1/health/state/critical', 'Node', ['c']],
    ['/v1/health/state/any?node-meta=rack:r1', 'CheckID', ['alive', 'web1']],
    ['/v1/health/state/unknown', 'CheckID', []],
    ['/v1/health/node/absent', 'CheckID', []],
    [`/v1/catalog/nodes?filter=${encodeURIComponent('Meta.rack == r2 or Node == idle')}`, 'Node', ['b', 'idle']],
    [
      `/v1/catalog/service/web?filter=${encodeURIComponent('"v1" in ServiceTags and ServicePort == 81')}`,
      'ServiceID',
      ['web2'],
    ],
    [`/v1/health/checks/web?filter=${encodeURIComponent('Status != passing')}`, 'CheckID', ['web2']],
    [`/v1/health/state/any?node-meta=rack:r1&filter=${encodeURIComponent('CheckID == alive')}`, 'CheckID', ['alive']],
    [`/v1/internal/ui/nodes?filter=${encodeURIComponent('Services.Service == Cache')}`, 'Node', ['b']],
    [`/v1/internal/ui/services?filter=${encodeURIComponent('Service.Port == 83')}`, 'Name', ['Cache']],
    ['/v1/internal/ui/nodes', 'Node', ['a', 'b', 'c', 'idle']],
    ['/v1/internal/ui/services', 'Name', ['Cache', 'web']],
  ]
  for (const [path, key, expected] of ids) {
    t.same((await served.get(path)).json(), await served.get(path).then(reply => reply.json()), `${path} twice`)
    t.same(
      ((await served.get(path)).json() as Json[]).map(one => one[key]),
      expected,
      path,
    )
  }
  const byPort = (
    await served.get(`/v1/health/service/web?filter=${encodeURIComponent('Service.Port == 82')}`)
  ).json() as { Service: Json }[]
  t.same(
    byPort.map(one => one.Service.ID),
    ['web3'],
  )
  t.match((await served.get(`/v1/catalog/node/b?filter=${encodeURIComponent('Port == 81')}`)).json(), {
    Node: { Node: 'b' },
    Services: { web2: { Port: 81 }, Cache: undefined },
  })
  const refused = await served.get(`/v1/catalog/nodes?filter=${encodeURIComponent('Nope == 1')}`)
  t.ok(refused.status >= 400 && refused.body.includes('Selector "Nope" is not valid'), refused.body)
  t.same(((await served.get('/v1/health/service/web?passing=false')).json() as Json[]).length, 3)
  t.same((await served.get('/v1/catalog/services?node-meta=rack:r1')).json(), { web: ['v1'] })
  t.same((await served.get('/v1/catalog/services?node-meta=rack:none')).json(), {})
  t.equal((await served.get('/v1/catalog/node/absent')).body, 'null')
  t.equal((await served.get('/v1/catalog/node-services/absent')).body, '{"Node":null,"Services":null}')
  t.match((await served.get('/v1/catalog/node-services/idle')).json(), { Node: { Node: 'idle' }, Services: null })
  t.same(
    ((await served.get('/v1/catalog/node/A')).json() as Json).Node,
    ((await served.get('/v1/catalog/node/a')).json() as Json).Node,
  )
  t.match((await served.get('/v1/internal/ui/node/b')).json(), {
    Node: 'b',
    Services: [{ Service: 'Cache' }, { Service: 'web' }],
    Checks: [{ CheckID: 'alive' }, { CheckID: 'web2' }],
  })
  t.equal((await served.get('/v1/internal/ui/node/absent')).status, 404)
  t.match((await served.get('/v1/internal/ui/services')).json(), [
    { Name: 'Cache', InstanceCount: 1 },
    {
      Name: 'web',
      Datacenter: 'dc1',
      Tags: ['v1', 'v2'],
      Nodes: ['a', 'b', 'c'],
      InstanceCount: 3,
      ChecksPassing: 4,
      ChecksWarning: 1,
      ChecksCritical: 1,
    },
  ])
})

void t.test('headers of reads', async t => {
  const served = await serve(t)
  await populate(served)
  for (const [query, consistency] of [
    ['', 'leader'],
    ['?stale', 'stale'],
    ['?consistent', 'consistent'],
    ['?max_stale=10s', 'stale'],
    ['?stale&leader', 'leader'],
  ]) {
    for (const round of ['built', 'kept']) {
      const { headers, status } = await served.get(`/v1/catalog/service/web${query}`)
      t.equal(status, 200)
      t.match(
        headers,
        {
          'content-type': 'application/json',
          'x-consul-knownleader': 'true',
          'x-consul-lastcontact': '0',
          'x-consul-effective-consistency': consistency,
          'x-consul-default-acl-policy': 'allow',
          'vary': 'Accept-Encoding',
          'x-consul-query-backend': 'blocking-query',
        },
        `${query} ${round}`,
      )
      t.equal(
        headers['x-consul-index'],
        String(served.catalog.health.topics.instances('web').index),
        `${query} ${round}`,
      )
    }
  }
  t.equal(
    (await served.get('/v1/catalog/service/web?cached')).headers['x-cache'],
    'HIT',
    'its body is shared with what was asked before',
  )
  t.match((await served.get('/v1/catalog/service/other?cached')).headers, {
    'x-cache': 'MISS',
    'x-consul-index': /^[1-9]/,
  })
  t.match((await served.get('/v1/catalog/service/other?cached')).headers, { 'x-cache': 'HIT', 'age': '0' })
  t.equal(
    (await served.get('/v1/catalog/service/other?cached', { headers: { 'cache-control': 'max-age=soon' } })).body,
    'Invalid Cache-Control header.',
  )
  t.equal(
    (
      await served.get('/v1/catalog/service/other?cached', {
        headers: { 'cache-control': 'max-age=3, must-revalidate' },
      })
    ).status,
    200,
  )
  served.membership.leads = false
  t.equal(
    (await served.get('/v1/catalog/service/web')).headers['x-consul-knownleader'],
    'false',
    'a kept answer says nothing old about the leader',
  )
})

void t.test('reads from within the process', async t => {
  const served = await serve(t)
  await populate(served)
  const { signal } = new AbortController()
  for (const path of [
    '/v1/health/service/web?passing',
    '/v1/catalog/node/absent',
    '/v1/agent/services',
    '/v1/status/leader',
    '/v1/nothing',
    '/v1/internal/ui/node/absent',
    '/v1/catalog/nodes?index=x',
  ]) {
    const reply = await served.get(path)
    t.same(
      await served.server.get(path, signal),
      { status: reply.status, index: reply.headers['x-consul-index'] ?? '', body: reply.body },
      path,
    )
  }
  const { index } = await served.server.get('/v1/catalog/service/web', signal)
  const waiting = served.server.get(`/v1/catalog/service/web?index=${index}&wait=1m`, signal)
  await served.put('/v1/catalog/deregister', { Node: 'c' })
  t.equal((JSON.parse((await waiting).body) as Json[]).length, 2, 'woken by the change')
  const controller = new AbortController()
  const given = served.server.get(`/v1/catalog/service/web?index=99999&wait=1m`, controller.signal)
  controller.abort(new Error('enough'))
  await t.rejects(given, { message: 'enough' })
  const closing = served.server.get(`/v1/catalog/service/web?index=99999&wait=1m`, signal)
  await served.server.close()
  t.equal((await closing).status, 200, 'closing lets it answer')
})

void t.test('refused writes', async t => {
  const { put, get, logs } = await serve(t)
  const cases: readonly [string, Json, number, string][] = [
    ['register', {}, 500, 'Must provide node'],
    ['register', { Node: 'x' }, 500, 'Must provide address if SkipNodeUpdate is not set'],
    [
      'register',
      { Node: 'x', Address: '192.0.2.1', Service: { ID: 'id-only', Port: 1 } },
      500,
      'Must provide service name with ID',
    ],
    [
      'register',
      { Node: 'x', Address: '192.0.2.1', Service: { Service: 's', Address: '0.0.0.0' } },
      500,
      'Invalid service address',
    ],
    [
      'register',
      { ID: 'not-a-uuid', Node: 'x', Address: '192.0.2.1' },
      500,
      'Bad node ID: uuid string is wrong length',
    ],
    ['register', { Datacenter: 'nowhere', Node: 'x', Address: '192.0.2.1' }, 500, 'No path to datacenter'],
    [
      'register',
      { Node: 'x', Address: '192.0.2.1', Check: { CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'absent' } },
      500,
      'failed inserting check: Missing service registration on node "x"',
    ],
    ['deregister', {}, 500, 'Must provide node'],
    ['deregister', { Datacenter: 'nowhere', Node: 'x' }, 500, 'No path to datacenter'],
  ]
  for (const [verb, body, status, message] of cases) {
    const reply = await put(`/v1/catalog/${verb}`, body)
    t.equal(reply.status, status, message)
    t.equal(reply.body.split('\n')[0], message)
  }
  t.equal(
    logs.root.messages('warn').filter(line => line === 'a request was refused').length,
    cases.length,
    'each is logged with its reason',
  )
  t.equal((await put('/v1/catalog/deregister', { Node: 'absent' })).body, 'true')
  t.same((await get('/v1/catalog/nodes')).json(), [])
})

const definition = (id: string): ServiceDefinition => ({
  id,
  name: 'web',
  kind: '',
  tags: [],
  address: '',
  taggedAddresses: null,
  meta: {},
  port: 80,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  token: '',
  checks: [],
})

void t.test("writes on this live agent's own node say who owns it", async t => {
  const { put, agent } = await serve(t)
  agent.declare(definition('filed'), 'conf/web3.json', 4)
  await agent.registerService({ definition: definition('asked'), replaceExistingChecks: false })
  const write = async (verb: string, body: Json): Promise<string> => {
    const reply = await put(`/v1/catalog/${verb}`, { Node: 'N1', Address: '127.0.0.1', ...body })
    t.equal(reply.body, 'true')
    return String(reply.headers['x-muster-warning'] ?? '')
  }
  t.match(
    await write('register', { Service: { ID: 'filed', Service: 'web' } }),
    /agent n1 owns service "filed" \(declared by conf\/web3\.json:4\)/,
  )
  t.match(await write('register', { Service: { Service: 'föreign' } }), /does not know service "f\?reign"/)
  t.match(await write('register', {}), /agent n1 owns this node/)
  t.match(await write('deregister', { ServiceID: 'filed' }), /declared by conf\/web3\.json:4.*remove the declaration/)
  t.match(await write('deregister', { ServiceID: 'asked' }), /registered over its API.*removed there too/)
  t.same(
    agent.told.filter(line => line.startsWith('deregister')),
    ['deregister asked'],
    'a removal reaches the owner',
  )
  t.match(await write('deregister', {}), /v1\/agent\/leave/)
  t.equal(await write('register', { Node: 'other' }), '', 'no word about nodes of others')
})
