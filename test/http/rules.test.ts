import http from 'node:http'
import net from 'node:net'
import t from 'tap'
import { milliseconds } from '../../src/common/duration.js'
import { until } from '../support/until.js'
import { ask } from './support/ask.js'
import { serve } from './support/serve.js'
import { settingsWith } from './support/settings.js'

void t.test('requests with a namespace are not answered from the whole catalog', async t => {
  const { get, put } = await serve(t)
  await put('/v1/kv/k', "everybody's")
  const refused = (what: string) => `Invalid ${what} are a Consul Enterprise feature`
  const cases: readonly [string, string, Record<string, string>, string][] = [
    ['PUT', '/v1/kv/k?ns=team', {}, refused('query parameter: "ns" - Namespaces')],
    ['DELETE', '/v1/kv/?recurse&ns=team', {}, refused('query parameter: "ns" - Namespaces')],
    ['PUT', '/v1/kv/k?partition=p', {}, refused('query parameter: "partition" - Partitions')],
    ['PUT', '/v1/session/create?ns=team', {}, refused('query parameter: "ns" - Namespaces')],
    ['PUT', '/v1/txn', { 'X-Consul-Namespace': 'team' }, refused('header: "X-Consul-Namespace" - Namespaces')],
    ['GET', '/v1/health/service/web?ns=team', {}, refused('query parameter: "ns" - Namespaces')],
    // The first answer is kept, and the next two are not it.
    ['GET', '/v1/kv/k', {}, ''],
    ['GET', '/v1/kv/k', { 'X-Consul-Namespace': 'team' }, refused('header: "X-Consul-Namespace" - Namespaces')],
    ['GET', '/v1/kv/k', { 'X-Consul-Partition': 'p' }, refused('header: "X-Consul-Partition" - Partitions')],
    ['GET', '/v1/kv/k?ns=&partition=', { 'X-Consul-Namespace': '' }, ''],
    ['GET', '/v1/agent/self?ns=team', {}, ''],
    ['GET', '/v1/agent/services?ns=team', {}, refused('query parameter: "ns" - Namespaces')],
  ]
  for (const [method, path, headers, refusal] of cases) {
    const reply = await get(path, { method, headers, ...(method === 'PUT' && { body: '[]' }) })
    t.same(
      refusal === '' ? reply.status : [reply.status, reply.body],
      refusal === '' ? 200 : [400, refusal],
      `${method} ${path} ${JSON.stringify(headers)}`,
    )
  }
  t.equal((await get('/v1/kv/k?raw')).body, "everybody's")
})

void t.test('methods, unknown paths and odd paths', async t => {
  const { get, put, port } = await serve(t)
  const cases: readonly [string, string, number, Record<string, string | undefined>, string][] = [
    ['OPTIONS', '/v1/agent/self', 200, { allow: 'OPTIONS,GET' }, ''],
    ['OPTIONS', '/v1/agent/service/register', 200, { allow: 'OPTIONS,PUT' }, ''],
    [
      'POST',
      '/v1/agent/self',
      405,
      { 'allow': 'OPTIONS,GET', 'content-type': 'text/plain; charset=utf-8' },
      'method POST not allowed',
    ],
    ['GET', '/v1/agent/service/register', 405, { allow: 'OPTIONS,PUT' }, 'method GET not allowed'],
    ['DELETE', '/v1/catalog/nodes', 405, { allow: 'OPTIONS,GET' }, 'method DELETE not allowed'],
    ['PUT', '/v1/health/state/any', 405, { allow: 'OPTIONS,GET' }, 'method PUT not allowed'],
    ['PROPFIND', '/v1/catalog/nodes', 405, { allow: 'OPTIONS,GET' }, 'method PROPFIND not allowed'],
    ['TRACE', '/v1/catalog/nodes', 405, { allow: 'OPTIONS,GET' }, 'method TRACE not allowed'],
    ['HEAD', '/v1/agent/services', 405, { allow: 'OPTIONS,GET' }, ''],
    ['GET', '/v1/unknown', 404, { 'content-type': undefined }, ''],
    ['GET', '/v1/agent/', 404, {}, ''],
    ['GET', '/nothing/here', 404, {}, ''],
    ['GET', '/v1//catalog/nodes?stale', 301, { location: '/v1/catalog/nodes?stale' }, ''],
    ['GET', '/v1/x/../catalog/service/web/', 301, { location: '/v1/catalog/service/web/' }, ''],
    ['GET', '/v1/catalog/service/%zz', 400, {}, 'the path is not valid percent-encoded UTF-8'],
    ['GET', '/v1/catalog/service/%ff', 400, {}, 'the path is not valid percent-encoded UTF-8'],
    ['GET', '/v1/catalog/service/a%00b', 400, {}, 'the path holds unprintable characters'],
    ['GET', '/v1/catalog/service/a%E2%80%8Bb', 400, {}, 'the path holds unprintable characters'],
    ['GET', '/v1/catalog/service/', 400, {}, 'Missing service name'],
    ['GET', '/v1/acl/policies', 401, {}, 'ACL support disabled'],
    ['PUT', '/v1/acl/token/some-accessor', 401, {}, 'ACL support disabled'],
    ['POST', '/v1/acl/token/some-accessor', 405, { allow: 'OPTIONS,GET,PUT,DELETE' }, 'method POST not allowed'],
    ['GET', '/', 200, {}, 'Consul Agent'],
    ['GET', '/v1/catalog/service/web?dc=nowhere', 500, {}, 'No path to datacenter'],
    [
      'GET',
      '/v1/catalog/nodes?stale&consistent',
      400,
      {},
      'Cannot specify ?stale with ?consistent, conflicting semantics.',
    ],
    [
      'GET',
      '/v1/catalog/nodes?cached&consistent',
      400,
      {},
      'Cannot specify ?cached with ?consistent, conflicting semantics.',
    ],
    ['GET', '/v1/catalog/nodes?max_stale=x', 400, {}, 'Invalid max_stale value "x"'],
    ['GET', '/v1/catalog/nodes?index=abc', 400, {}, 'Invalid index'],
    ['GET', '/v1/catalog/nodes?index=-1', 400, {}, 'Invalid index'],
    ['GET', '/v1/catalog/nodes?index=1&wait=soon', 400, {}, 'Invalid wait time'],
    ['GET', '/v1/health/service/web?passing=maybe', 400, {}, 'Invalid value for ?passing'],
  ]
  for (const [method, path, status, headers, body] of cases) {
    const reply = await ask(port, path, { method })
    t.equal(reply.status, status, `${method} ${path}`)
    t.equal(reply.body, body, `${method} ${path}`)
    for (const [name, value] of Object.entries(headers))
      t.equal(reply.headers[name], value, `${method} ${path} ${name}`)
    t.equal(reply.headers.vary, 'Accept-Encoding', `${method} ${path} varies`)
    t.equal(reply.headers['x-consul-default-acl-policy'], 'allow', `${method} ${path} policy`)
  }
  t.same((await get('/v1/catalog/service/we%20b')).json(), [], 'an escaped space is a space')
  t.equal((await get(`http://somewhere:80/v1/catalog/datacenters`)).body, '["dc1"]', 'an absolute target')
  t.equal((await put('/v1/agent/token/default', { Token: 'x' })).body, 'ACL support disabled')
  t.equal((await put('/v1/agent/token/nonsense', { Token: 'x' })).status, 404)
})

void t.test('blocked endpoints, restricted writers and configured headers, and their change while running', async t => {
  const { get, put, server, settings, logs } = await serve(t, {
    http: {
      ...settingsWith().http,
      blockEndpoints: ['/v1/agent/metrics', '/v1/event'],
      allowWriteHttpFrom: ['192.0.2.0/24', '2001:db8::/32'],
      responseHeaders: { 'Access-Control-Allow-Origin': '*', 'Content-Length': '3', 'bad name': 'x' },
    },
  })
  const blocked = await get('/v1/agent/metrics?format=prometheus')
  t.equal(blocked.status, 403)
  t.equal(blocked.body, 'Endpoint is blocked by agent configuration')
  t.equal(blocked.headers['access-control-allow-origin'], '*')
  t.equal((await get('/v1/event/list')).status, 403)
  t.same(
    logs.root.messages('warn').filter(message => message.includes('header')).length,
    2,
    'headers that break things are left out and logged',
  )
  const refused = await put('/v1/agent/service/register', { Name: 'a' })
  t.equal(refused.status, 403)
  t.equal(refused.body, 'Access is restricted')
  t.equal((await get('/v1/agent/services')).status, 200)
  t.equal((await ask(server.addresses[0]?.port ?? 0, '/v1/agent/service/register', { method: 'OPTIONS' })).status, 200)

  await get('/v1/catalog/nodes')
  server.update({
    ...settings,
    http: {
      ...settings.http,
      blockEndpoints: ['/v1/catalog'],
      allowWriteHttpFrom: ['127.0.0.0/8'],
      responseHeaders: { 'X-New': 'yes' },
    },
  })
  t.equal((await put('/v1/agent/service/register', { Name: 'a' })).status, 200)
  t.equal((await get('/v1/catalog/nodes')).status, 403, 'a kept answer does not outlive a new rule')
  t.equal((await get('/v1/status/leader')).headers['x-new'], 'yes')
})

void t.test('pretty', async t => {
  const { get } = await serve(t)
  t.equal((await get('/v1/status/peers?pretty')).body, '[\n    "127.0.0.1:8300"\n]\n')
  t.equal((await get('/v1/catalog/service/none?pretty')).body, '[]\n')
  t.equal((await get('/v1/catalog/service/none')).body, '[]')
  const dev = await serve(t, { dev: true })
  t.equal((await dev.get('/v1/status/peers')).body, '[\n    "127.0.0.1:8300"\n]\n')
})

void t.test('an agent that is not ready', async t => {
  const { get, put, agent } = await serve(t, {
    cluster: { ...settingsWith().cluster, rpcHoldTimeout: milliseconds(20) },
  })
  agent.ready = { ready: false, reason: 'the files are being read' }
  for (const path of [
    '/v1/catalog/nodes',
    '/v1/catalog/service/web',
    '/v1/health/state/any',
    '/v1/agent/services',
    '/v1/internal/ui/nodes',
  ]) {
    const reply = await get(path)
    t.equal(reply.status, 503, path)
    t.equal(reply.body, 'the files are being read', path)
  }
  t.equal((await put('/v1/agent/service/register', { Name: 'x' })).status, 503)
  for (const path of ['/v1/agent/self', '/v1/agent/members', '/v1/status/leader', '/v1/agent/config'])
    t.equal((await get(path)).status, 200, path)
  const waiting = await get('/v1/agent/ready')
  t.equal(waiting.status, 503)
  t.same(waiting.json(), {
    Ready: false,
    Reason: 'the files are being read; wait for it, for example with "muster ready -wait=30s"',
  })
  agent.ready = { ready: true }
  t.equal((await get('/v1/agent/ready')).body, '{"Ready":true}')
})

for (const { phase, notReady } of [
  { phase: 'is starting', notReady: { ready: false, reason: 'not yet' } },
  { phase: 'brings its entries into the catalog', notReady: { ready: false, reason: 'not yet', restored: true } },
] as const) {
  void t.test(`what is asked of an agent on its own while it ${phase} waits for it`, async t => {
    const { get, put, agent } = await serve(t, {
      cluster: { ...settingsWith().cluster, rpcHoldTimeout: milliseconds(500) },
    })
    agent.ready = notReady
    t.match(await get('/v1/agent/ready'), { status: 503 }, 'whether it is ready is told at once')
    const late = await get('/v1/agent/services')
    t.match([late.status, late.body], [503, 'not yet'], 'it did not become ready')
    const waiting = [get('/v1/agent/services'), get('/v1/catalog/nodes'), put('/v1/kv/early', 'x')]
    await get('/v1/agent/self')
    agent.ready = { ready: true }
    t.same(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 200, 200],
    )
  })
}

void t.test('an agent that is ending refuses at once', async t => {
  const { get, agent } = await serve(t, {
    cluster: { ...settingsWith().cluster, rpcHoldTimeout: milliseconds(3_600_000) },
  })
  agent.ready = { ready: false, reason: 'the agent is leaving', ending: true }
  t.match(await get('/v1/agent/services'), { status: 503, body: 'the agent is leaving' })
})

void t.test('bodies: limits, faults and unknown keys', async t => {
  const { put, port } = await serve(t)
  const faults: readonly [string, string | Buffer, number, RegExp][] = [
    ['/v1/catalog/register', '', 400, /^Request decode failed: EOF/],
    ['/v1/catalog/register', '{\n  "Node": "x",\n  oops\n}', 400, /^Request decode failed: 3:3 /],
    ['/v1/catalog/register', '{', 400, /^Request decode failed: 1:2 expected "}"/],
    ['/v1/catalog/register', '[]', 400, /^Request decode failed: the body: expected an object, got a list$/],
    ['/v1/catalog/register', 'null', 400, /expected an object, got null/],
    ['/v1/catalog/register', '{"Nodee":"x"}', 400, /^Request decode failed: json: unknown field "Nodee"$/],
    ['/v1/catalog/register', '{"Node":5}', 400, /^Request decode failed: Node: expected a string, got a number$/],
    ['/v1/catalog/register', '{"Node":"x","Service":{"Port":1.5}}', 400, /Service\.Port: expected a whole number/],
    ['/v1/catalog/register', '{"Node":"x","Checks":[{},{"Status":1}]}', 400, /Checks\[1\]\.Status: expected a string/],
    [
      '/v1/catalog/register',
      `{"Node":"${'x'.repeat(1024 * 1024)}"}`,
      413,
      /^Request body\(\d+ bytes\) too large, max size: 1048576 bytes\.$/,
    ],
    [
      '/v1/catalog/register',
      '['.repeat(500_000),
      400,
      /^Request decode failed: the body is too much to be read: it is nested more than 100 deep$/,
    ],
    [
      '/v1/agent/service/register',
      `{"Name":"w","Proxy":${'{"a":'.repeat(100)}1${'}'.repeat(101)}`,
      400,
      /nested more than 100 deep$/,
    ],
    [
      '/v1/agent/service/register',
      `{"Name":"w","Tags":["x"${',"x"'.repeat(20_000)}]}`,
      400,
      /^Request decode failed: the body is too much to be read: it holds more than 16384 values$/,
    ],
    ['/v1/agent/check/update/x', '{"Status":"fine"}', 400, /^Invalid check status: 'fine'$/],
  ]
  for (const [path, body, status, message] of faults) {
    const reply = await put(path, body, {
      headers: { 'content-type': 'application/x-www-form-urlencoded; nonsense=;;' },
    })
    t.equal(reply.status, status, body.slice(0, 40).toString())
    t.match(reply.body, message)
  }
  t.equal(
    (await put('/v1/catalog/register', '{"Nodee":"x"}')).headers['x-muster-hint'],
    'did you mean "Node"?',
    'what would help stands apart from the text that clients compare',
  )
  t.equal((await put('/v1/catalog/register', { node: 'x', ADDRESS: '192.0.2.1' })).body, 'true', 'keys in any case')

  const endless = await new Promise<number>((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'PUT', path: '/v1/catalog/register' }, response => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    request.on('error', error => {
      if (!request.destroyed) reject(error)
    })
    const more = (): void => {
      while (!request.destroyed && request.write(Buffer.alloc(65536, 32)));
      request.once('drain', more)
    }
    more()
  })
  t.equal(endless, 413, 'a body without an announced end is cut at the limit')
})

void t.test('connections: the limit for one client, and what is no HTTP', async t => {
  const { port, metrics } = await serve(t, { limits: { ...settingsWith().limits, httpMaxConnsPerClient: 3 } })
  const open = (): Promise<net.Socket> =>
    new Promise(resolve => {
      const socket = net.connect(port, '127.0.0.1', () => {
        resolve(socket)
      })
    })
  const sockets = [await open(), await open(), await open()]
  const fourth = await open()
  let answer = ''
  fourth.on('data', chunk => {
    answer += chunk.toString()
  })
  fourth.write('GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise(resolve => fourth.once('close', resolve))
  t.match(answer, /^HTTP\/1\.1 429 Too Many Requests\r\n/)
  t.match(answer, /Retry-After: 1/)
  t.notMatch(answer, /8300/, 'its request is not answered')
  t.equal(metrics.values.get('http.refused_connections'), 1)
  for (const socket of sockets) socket.destroy()
  await until('there is room again', async () => (await ask(port, '/v1/status/leader')).status === 200)

  const odd: readonly [string, RegExp][] = [
    ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [
      'PUT /v1/agent/leave HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ]
  for (const [bytes, expected] of odd) {
    const socket = await open()
    let reply = ''
    socket
      .on('data', chunk => {
        reply += chunk.toString()
      })
      .on('error', () => undefined)
    socket.write(bytes)
    await new Promise(resolve => socket.once('close', resolve))
    t.match(reply, expected, bytes.slice(0, 30))
  }
})

void t.test('pipelined requests are answered in order, and too many at once end the connection', async t => {
  const { port } = await serve(t)
  const exchange = (requests: string): Promise<string> =>
    new Promise(resolve => {
      const socket = net.connect(port, '127.0.0.1', () => {
        socket.write(requests)
      })
      let reply = ''
      socket
        .on('data', chunk => {
          reply += chunk.toString()
        })
        .on('error', () => undefined)
        .on('close', () => {
          resolve(reply)
        })
    })
  const few = await exchange(
    'GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/catalog/nodes HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/status/peers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  )
  t.same(
    few.match(/^(\["?|"127|\[\]).*$/gm)?.map(line => line.replace(/HTTP.*/, '')),
    ['"127.0.0.1:8300"', '[]', '["127.0.0.1:8300"]'],
  )
  const many = await exchange('GET /v1/catalog/nodes?index=999&wait=5m HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200))
  t.equal(many, '', 'cut without an answer')
})
