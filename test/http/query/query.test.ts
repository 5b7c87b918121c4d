import type http from 'node:http'
import t from 'tap'
import { createSession, destroySession, register } from '../../../src/catalog/index.js'
import { milliseconds, seconds } from '../../../src/common/duration.js'
import { until } from '../../support/until.js'
import type { AskOptions } from '../support/ask.js'
import { serve, type Served } from '../support/serve.js'

const missing = '11111111-2222-3333-4444-555555555555'

async function post({ get }: Served, body: unknown): Promise<string> {
  const reply = await get('/v1/query', { method: 'POST', body })
  if (reply.status !== 200) throw new Error(reply.body)
  return (reply.json() as { ID: string }).ID
}

/** Three instances of `web`: on a one that passes, on b one that warns, on c one that is critical. */
async function withWeb({ catalog }: Served): Promise<void> {
  for (const [i, status] of ['passing', 'warning', 'critical'].entries()) {
    const node = 'abc'[i] ?? ''
    await catalog.execute(
      register({
        node,
        address: `192.0.2.${i + 1}`,
        service: { name: 'web', port: 80, ...(node === 'b' && { tags: ['v1'] }) },
        checks: [{ name: 'up', serviceId: 'web', status }],
      }),
    )
  }
}

const nodesOf = (value: unknown): string =>
  (value as { Nodes: { Node: { Node: string } }[] }).Nodes.map(one => one.Node.Node).join('')

void t.test('a query is shown as it was given, with what it left out', async t => {
  const served = await serve(t)
  t.equal((await served.get('/v1/query')).body, '[]')
  const id = await post(served, { name: 'plain', SERVICE: { service: 'web' } })
  const [index] = [served.catalog.revision]
  const shown = {
    ID: id,
    Name: 'plain',
    Session: '',
    Token: '',
    Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
    Service: {
      Service: 'web',
      Failover: { NearestN: 0, Datacenters: null },
      OnlyPassing: false,
      IgnoreCheckIDs: null,
      Near: '',
      Tags: null,
      NodeMeta: null,
      ServiceMeta: null,
      Connect: false,
    },
    DNS: { TTL: '' },
    CreateIndex: index,
    ModifyIndex: index,
  }
  const one = await served.get(`/v1/query/${id.toUpperCase()}`)
  t.same(one.json(), [shown])
  t.match(one.headers, {
    'x-consul-index': String(index),
    'x-consul-knownleader': 'true',
    'x-consul-lastcontact': '0',
    'x-consul-effective-consistency': 'leader',
  })

  const full = {
    Name: 'full',
    Token: 't',
    Template: { Type: 'name_prefix_match', Regexp: '^full(.*)$', RemoveEmptyTags: true },
    Service: {
      Service: '${match(1)}',
      Failover: { NearestN: 2, Datacenters: ['dc2'] },
      OnlyPassing: true,
      IgnoreCheckIDs: [],
      Near: '_agent',
      Tags: ['a', '!b'],
      NodeMeta: { rack: 'r1' },
      ServiceMeta: {},
      Connect: true,
    },
    DNS: { TTL: '10s' },
  }
  const changed = await served.put(`/v1/query/${id}`, { ...full, ID: missing, CreateIndex: 1, ModifyIndex: 1 })
  t.match(changed, { status: 200, body: '' })
  t.equal(changed.headers['content-type'], undefined)
  t.match((await served.get('/v1/query')).json(), [{ ID: id, ...full, CreateIndex: index, ModifyIndex: index + 1 }])
  t.match(await served.get(`/v1/query/${id}`, { method: 'DELETE' }), { status: 200, body: '' })
  t.match(await served.get(`/v1/query/${id}`), { status: 404, body: 'Query not found' })
})

void t.test('what is refused', async t => {
  const served = await serve(t)
  await post(served, { Name: 'taken', Service: { Service: 'web' } })
  const cases: [string, AskOptions, number, string | RegExp][] = [
    ['', { method: 'POST', body: '{' }, 400, /^Request decode failed: 1:2 /],
    ['', { method: 'POST', body: { Nmae: 'x' } }, 400, 'Request decode failed: json: unknown field "Nmae"'],
    ['', { method: 'POST', body: { Name: 'x', Service: { Tags: 'v1' } } }, 400, /Service\.Tags: expected a list/],
    [
      '',
      { method: 'POST', body: { ID: missing, Name: 'x', Service: { Service: 'w' } } },
      500,
      'ID must be empty when creating a new prepared query',
    ],
    [
      '',
      { method: 'POST', body: { Name: 'TAKEN', Service: { Service: 'w' } } },
      500,
      "raft apply failed: name 'TAKEN' aliases an existing query name",
    ],
    ['', { method: 'POST', body: { Name: 'x', Service: { Service: 'w', Tags: ['x'.repeat(70_000)] } } }, 413, /65536/],
    ['', { method: 'PUT' }, 405, 'method PUT not allowed'],
    [
      `/${missing}`,
      { method: 'PUT', body: { Name: 'x', Service: { Service: 'w' } } },
      500,
      `Cannot modify non-existent prepared query: '${missing}'`,
    ],
    [`/${missing}`, { method: 'DELETE' }, 500, `Cannot modify non-existent prepared query: '${missing}'`],
    [`/${missing}`, {}, 404, 'Query not found'],
    ['/taken', {}, 500, 'failed prepared query lookup: index error: UUID must be 36 characters'],
    ['/nobody/execute', {}, 404, 'Query not found'],
    ['/nobody/explain', {}, 404, 'Query not found'],
    ['/execute', {}, 500, /UUID/],
    ['/taken/execute?limit=x', {}, 500, 'Bad limit: strconv.Atoi: parsing "x": invalid syntax'],
    [
      '/taken/execute?connect=maybe',
      {},
      400,
      'Error parsing \'connect\' value: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    ['/taken/execute?stale&consistent', {}, 400, 'Cannot specify ?stale with ?consistent, conflicting semantics.'],
    ['/taken/execute?dc=nowhere', {}, 500, 'No path to datacenter'],
    ['/taken/execute', { method: 'PUT' }, 405, 'method PUT not allowed'],
  ]
  for (const [path, options, status, body] of cases)
    t.match(
      await served.get(`/v1/query${path}`, options),
      { status, body },
      `${options.method ?? 'GET'} ${path} ${String(body)}`,
    )
  for (const [path, allow] of [
    ['', 'OPTIONS,GET,POST'],
    ['/x', 'OPTIONS,GET,PUT,DELETE'],
    ['/x/execute', 'OPTIONS,GET'],
    ['/x/explain', 'OPTIONS,GET'],
  ] as const) {
    t.match(await served.get(`/v1/query${path}`, { method: 'OPTIONS' }), { status: 200, headers: { allow } }, path)
  }
})

void t.test('what a query gives', async t => {
  const served = await serve(t)
  await withWeb(served)
  const id = await post(served, { Name: 'a/b.c', Service: { Service: 'web' }, DNS: { TTL: '9s' } })
  const reply = await served.get('/v1/query/a/b.c/execute')
  t.match(reply.headers, {
    'content-type': 'application/json',
    'x-consul-index': String(served.catalog.revision),
    'x-consul-knownleader': 'true',
  })
  t.match(reply.json(), {
    Service: 'web',
    DNS: { TTL: '9s' },
    Datacenter: 'dc1',
    Failovers: 0,
    Index: served.catalog.revision,
    LastContact: 0,
    KnownLeader: true,
    ConsistencyLevel: 'leader',
    NotModified: false,
    Backend: 0,
  })
  const { Nodes } = reply.json() as { Nodes: { Node: object; Service: object; Checks: object[] }[] }
  t.match(
    Nodes.find(({ Node }) => 'Node' in Node && Node.Node === 'a'),
    {
      Node: { Node: 'a', Address: '192.0.2.1', Datacenter: 'dc1' },
      Service: { ID: 'web', Tags: null, Meta: null },
      Checks: [{ CheckID: 'up', ServiceTags: null }],
    },
  )
  const encoded = await served.get('/v1/query/a%2Fb.c/execute?limit=1&pretty&stale')
  t.match(encoded.body, /^{\n {4}"Service": "web",\n {4}"Nodes": \[\n/)
  t.match(encoded.json(), { Nodes: { length: 1 }, ConsistencyLevel: 'stale' })
  t.same([...nodesOf((await served.get(`/v1/query/${id}/execute`)).json())].sort(), ['a', 'b'])
  t.match((await served.get(`/v1/query/${id}/execute?cached`)).headers, { 'x-cache': 'HIT', 'age': '0' })
  t.match((await served.get(`/v1/query/${id}/execute?limit=0`)).json(), { Nodes: { length: 2 } })
  t.match((await served.get(`/v1/query/${id}/execute?connect=true`)).json(), { Nodes: [] })

  await served.put(`/v1/query/${id}`, { Name: 'q', Service: { Service: 'web', OnlyPassing: true } })
  t.equal(nodesOf((await served.get('/v1/query/q/execute')).json()), 'a')
  await served.put(`/v1/query/${id}`, { Name: 'q', Service: { Service: 'web', Tags: ['V1'], IgnoreCheckIDs: ['up'] } })
  t.equal(nodesOf((await served.get('/v1/query/q/execute')).json()), 'b')
  await served.put(`/v1/query/${id}`, {
    Name: 'q',
    Service: { Service: 'absent', Failover: { NearestN: 3, Datacenters: ['dc2'] } },
  })
  t.match(
    (await served.get('/v1/query/q/execute')).json(),
    { Service: 'absent', Nodes: [], Datacenter: 'dc1', Failovers: 0 },
    'no other datacenter is known',
  )
})

void t.test('near instances come first', async t => {
  let turns = 0
  const served = await serve(t, {}, { random: () => ((turns++ * 7) % 10) / 10 })
  for (const node of ['n1', 'n2', 'n3', 'n4'])
    await served.catalog.execute(
      register({ node, address: node === 'n3' ? '127.0.0.1' : `192.0.2.${node[1]}`, service: { name: 'web' } }),
    )
  await post(served, { Name: 'q', Service: { Service: 'web', Near: '_agent' } })
  const first = async (query: string, headers?: http.OutgoingHttpHeaders): Promise<Set<string>> => {
    const seen = new Set<string>()
    for (let i = 0; i < 12; i++)
      seen.add(
        nodesOf((await served.get(`/v1/query/q/execute?limit=1${query}`, { ...(headers && { headers }) })).json()),
      )
    return seen
  }
  t.same([...(await first(''))], ['n1'], 'this agent is n1')
  t.same([...(await first('&near=n4'))], ['n4'])
  t.same([...(await first('&near=_ip'))], ['n3'])
  t.same([...(await first('&near=_ip', { 'X-Forwarded-For': '192.0.2.2, 10.0.0.1' }))], ['n2'])
  t.same([...(await first('&near=_ip', { 'X-Forwarded-For': 'unknown' }))], ['n3'])
  t.ok((await first('&near=nobody')).size > 1, 'without a place it is by chance')
})

void t.test('templates answer to many names, and can be looked into', async t => {
  const served = await serve(t)
  await withWeb(served)
  const id = await post(served, {
    Name: 'geo-',
    Template: { Type: 'name_prefix_match', Regexp: '^geo-(.+)-(.+)$' },
    Service: { Service: '${match(1)}', Tags: ['${match(2)}'] },
  })
  t.equal(nodesOf((await served.get('/v1/query/geo-web-v1/execute')).json()), 'b')
  t.match((await served.get('/v1/query/geo-web-v1/explain')).json(), {
    Query: { ID: id, Name: 'geo-', Service: { Service: 'web', Tags: ['v1'] } },
    KnownLeader: true,
  })
  t.match((await served.get(`/v1/query/${id}`)).json(), [{ Service: { Service: '${match(1)}' } }])
  t.match(await served.get(`/v1/query/${id}/execute`), {
    status: 500,
    body: 'prepared query templates can only be resolved up by name, not by ID',
  })
  const bad = await served.get('/v1/query', {
    method: 'POST',
    body: { Name: 'bad', Template: { Type: 'name_prefix_match' }, Service: { Service: '${name.fill}' } },
  })
  t.match(bad, {
    status: 500,
    body: /^raft apply failed: failed compiling template: Bad format '\$\{name.fill\}' in Service.Service: character 3: unknown variable accessed: name.fill$/,
    headers: { 'x-muster-hint': 'in ${...} stand name.full, name.prefix, name.suffix, agent.segment or match(N)' },
  })
  const hostile = await post(served, {
    Name: 'h',
    Template: { Type: 'name_prefix_match', Regexp: '^h(a+)+$' },
    Service: { Service: 'x${match(1)}' },
  })
  t.match(await served.get(`/v1/query/h${'a'.repeat(1000)}!/execute`), { status: 200, body: /"Service":"x"/ }, hostile)
  t.match(await served.get(`/v1/query/h${'a'.repeat(5000)}/execute`), { status: 404 })
})

void t.test('blocked reads wake for what they asked for, and for nothing else', async t => {
  const served = await serve(t)
  const id = await post(served, { Name: 'q', Service: { Service: 'web' } })
  const indexOf = async (path: string): Promise<string> => String((await served.get(path)).headers['x-consul-index'])
  const ended: string[] = []
  const wait = async (path: string) => {
    const reply = await served.get(`${path}?wait=20s&index=${await indexOf(path)}`)
    ended.push(path)
    return reply
  }
  const one = wait(`/v1/query/${id}`)
  const all = wait('/v1/query')
  await until('both wait', () => served.metrics.values.get('http.blocked_queries') === 2)
  await served.catalog.execute(register({ node: 'x', address: '192.0.2.9', service: { name: 'web' } }))
  const other = await post(served, { Name: 'other', Service: { Service: 'web' } })
  t.match((await all).json(), { length: 2 })
  t.same(ended, ['/v1/query'])
  await served.put(`/v1/query/${id}`, { Name: 'q', Service: { Service: 'api' } })
  t.match((await one).json(), [{ ID: id, Service: { Service: 'api' } }])
  const gone = wait(`/v1/query/${other}`)
  await until('it waits', () => served.metrics.values.get('http.blocked_queries') === 1)
  await served.get(`/v1/query/${other}`, { method: 'DELETE' })
  t.match(await gone, { status: 404, body: 'Query not found' })
})

void t.test('a query ends with its session', async t => {
  const served = await serve(t)
  await served.catalog.execute(register({ node: 'n1', address: '192.0.2.1' }))
  const session = 'aaaaaaaa-0000-4000-8000-000000000000'
  await served.catalog.execute(
    createSession(
      {
        id: session,
        name: '',
        node: 'n1',
        lockDelay: milliseconds(0),
        behavior: '',
        ttl: '',
        nodeChecks: [],
        serviceChecks: [],
        checks: [],
      },
      seconds(10),
    ),
  )
  const id = await post(served, { Session: session, Service: { Service: 'web' } })
  t.match((await served.get(`/v1/query/${id}/execute`)).status, 200)
  await served.catalog.execute(destroySession(session))
  t.match(await served.get(`/v1/query/${id}/execute`), { status: 404 })
})
