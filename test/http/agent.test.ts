import t from 'tap'
import type { ServiceDefinition } from '../../src/config/index.js'
import { version } from '../../src/common/version.js'
import { serve } from './support/serve.js'
import { report } from './support/agent-twin.js'
import { until } from '../support/until.js'
import http from 'node:http'
import { createGunzip } from 'node:zlib'

type Json = Readonly<Record<string, unknown>>

const definition = (id: string, name = id): ServiceDefinition => ({
  id,
  name,
  kind: '',
  tags: ['t'],
  address: '',
  taggedAddresses: { lan: { address: '192.0.2.1', port: 1 } },
  meta: { a: 'b' },
  port: 80,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  token: 'secret',
  checks: [],
})

void t.test('services and checks, with their origin', async t => {
  const { get, put, agent } = await serve(t)
  agent.declare(definition('web3', 'web'), 'conf/web3.json', 4)
  t.equal((await put('/v1/agent/service/register', { Name: 'api', Port: 7 })).body, '')
  t.same((await get('/v1/agent/services')).json(), {
    web3: {
      ID: 'web3',
      Service: 'web',
      Tags: ['t'],
      Meta: { a: 'b' },
      Port: 80,
      Address: '',
      SocketPath: '',
      TaggedAddresses: { lan: { Address: '192.0.2.1', Port: 1 } },
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Datacenter: 'dc1',
      Origin: 'conf/web3.json:4',
    },
    api: {
      ID: 'api',
      Service: 'api',
      Tags: [],
      Meta: {},
      Port: 7,
      Address: '',
      SocketPath: '',
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Datacenter: 'dc1',
      Origin: 'api',
    },
  })
  t.equal(
    (await put('/v1/agent/check/register', { ID: 'c', Name: 'c', TTL: '1h', ServiceID: 'web3', Notes: 'n' })).status,
    200,
  )
  t.equal(
    (await put('/v1/agent/check/register', { Name: 'x', TTL: '10s', ServiceID: 'absent' })).body,
    'ServiceID "absent" does not exist',
  )
  t.equal((await put('/v1/agent/check/pass/c?note=up+now')).status, 200)
  t.same((await get('/v1/agent/checks')).json(), {
    c: {
      Node: 'n1',
      CheckID: 'c',
      Name: 'c',
      Status: 'passing',
      Notes: 'n',
      Output: 'up now',
      ServiceID: 'web3',
      ServiceName: 'web',
      ServiceTags: ['t'],
      Type: 'ttl',
      Interval: '0s',
      Timeout: '0s',
      ExposedPort: 0,
      Definition: {},
      CreateIndex: 0,
      ModifyIndex: 0,
      Origin: 'api',
    },
  })
  for (const [word, body, status, output] of [
    ['warn', undefined, 'warning', ''],
    ['fail', undefined, 'critical', ''],
    ['update', { Status: 'passing', Output: 'multi\nline' }, 'passing', 'multi\nline'],
  ] as const) {
    t.equal((await put(`/v1/agent/check/${word}/c`, body)).body, '')
    t.match((await get('/v1/agent/checks')).json(), { c: { Status: status, Output: output } }, word)
  }
  t.equal((await put('/v1/agent/check/pass/')).body, 'CheckID "" does not have associated TTL')
  t.equal((await put('/v1/agent/check/deregister/c')).status, 200)
  t.equal((await put('/v1/agent/check/deregister/c')).status, 200, 'unknown too')
  t.equal((await put('/v1/agent/service/deregister/')).body, 'ServiceID missing')
  const removed = await put('/v1/agent/service/deregister/web3')
  t.match(removed.headers['x-muster-warning'], /conf\/web3\.json:4 and comes back/)
  t.equal((await put('/v1/agent/service/register?replace-existing-checks=true', { Name: 'api' })).status, 200)
  t.ok(agent.told.includes('register api replacing'))
})

void t.test('what files are warned about is said of what clients register, too', async t => {
  const { put } = await serve(t)
  const warningOf = async (path: string, body: Json): Promise<string> => {
    const reply = await put(path, body)
    t.equal(reply.status, 200)
    return String(reply.headers['x-muster-warning'] ?? '')
  }
  const service = '/v1/agent/service/register'
  t.equal(await warningOf(service, { Name: 'fine', Address: 'web.example' }), '')
  t.equal(
    await warningOf(service, { Name: 'web', Address: '10.1.2.3:80' }),
    '"10.1.2.3:80" cannot be answered over DNS: it has a port; write "address": "10.1.2.3", "port": 80',
  )
  t.match(
    await warningOf(service, { Name: 'web', TaggedAddresses: { wan: { Address: '[fd00::1]' } } }),
    '"[fd00::1]" cannot be answered over DNS: it has brackets',
  )
  const check = '/v1/agent/check/register'
  t.equal(await warningOf(check, { Name: 'x', ServiceID: 'fine', AliasService: 'web' }), '')
  t.equal(
    await warningOf(check, { Name: 'y', ServiceID: 'web', AliasService: 'fine' }),
    'the alias checks mirror each other in a circle: "web" -> "fine" -> "web"',
  )
  t.match(await warningOf(service, { Name: 'fine', Check: { AliasService: 'web' } }), '"fine" -> "web" -> "fine"')
  t.equal(
    await warningOf(service, { Name: 'beside', Check: { AliasService: 'web' } }),
    '',
    'beside the circle, not in it',
  )
  t.match(
    await warningOf('/v1/catalog/register', {
      Node: 'other',
      Address: 'http://web',
      Service: { Service: 'x', Address: 'host..dots' },
    }),
    /it is a URL.* \| .*host\.\.dots/,
  )
})

void t.test('the lists are written out once for each state, and never show an older one', async t => {
  const { get, put, agent, metrics } = await serve(t)
  await put('/v1/agent/service/register', { Name: 'api', Port: 7, Tags: ['a'] })
  await put('/v1/agent/check/register', { ID: 'c', Name: 'c', TTL: '1h' })
  const fromMemory = (): number => metrics.now('http.requests_from_cache') ?? 0
  for (const path of [
    '/v1/agent/services',
    '/v1/agent/checks',
    '/v1/agent/services?filter=Port==7',
    '/v1/agent/services?pretty',
    '/v1/agent/services?stale&token=x',
  ]) {
    const before = fromMemory()
    const first = await get(path)
    t.same(
      await get(path).then(({ status, body, headers }) => [status, body, headers['content-type']]),
      [200, first.body, 'application/json'],
      path,
    )
    t.equal(fromMemory(), before + 1, `${path} from memory`)
  }
  const steps: readonly (readonly [() => unknown, string, unknown])[] = [
    [
      () => put('/v1/agent/service/register', { Name: 'api', Port: 8 }),
      '/v1/agent/services',
      { api: { Port: 8, Tags: [] } },
    ],
    [
      () => {
        agent.declare(definition('api'), 'conf/api.json', 3)
      },
      '/v1/agent/services',
      { api: { Origin: 'conf/api.json:3' } },
    ],
    [
      () => {
        agent.declare(definition('api'), 'conf/api.json', 9)
      },
      '/v1/agent/services',
      { api: { Origin: 'conf/api.json:9' } },
    ],
    [() => put('/v1/agent/check/fail/c?note=no'), '/v1/agent/checks', { c: { Status: 'critical', Output: 'no' } }],
    [() => put('/v1/agent/check/deregister/c'), '/v1/agent/checks', {}],
  ]
  for (const [step, path, shown] of steps) {
    await step()
    t.match((await get(path)).json(), shown)
  }
  t.same((await get('/v1/agent/checks')).json(), {})
  t.same((await get('/v1/agent/services?filter=Port==7')).json(), {})
  t.match((await get('/v1/agent/services', { headers: { 'accept-encoding': 'gzip' } })).status, 200)
  await put('/v1/agent/service/deregister/api')
  t.same((await get('/v1/agent/services')).json(), {})
})

void t.test('one service, and waiting for its content to change', async t => {
  const { get, put } = await serve(t)
  t.equal((await get('/v1/agent/service/moving')).status, 404)
  t.equal((await get('/v1/agent/service/moving')).body, 'unknown service ID: moving')
  await put('/v1/agent/service/register', { Name: 'moving', Port: 1 })
  const first = await get('/v1/agent/service/moving')
  const hash = String((first.json() as Json).ContentHash)
  t.equal(first.headers['x-consul-contenthash'], hash)
  t.equal((await get('/v1/agent/service/moving?hash=other&wait=1m')).status, 200, 'another hash: at once')
  const same = await get(`/v1/agent/service/moving?hash=${hash}&wait=20ms`)
  t.match(same.json(), { Port: 1 }, 'the time passed')
  const waiting = get(`/v1/agent/service/moving?hash=${hash}&wait=1m`)
  await put('/v1/agent/service/register', { Name: 'moving', Port: 2 })
  t.match((await waiting).json(), { Port: 2 })
  t.equal((await get('/v1/agent/service/moving?wait=x')).body, 'Invalid wait time')
})

void t.test('health of services as status codes', async t => {
  const { get, put, agent } = await serve(t)
  for (const id of ['web-1', 'web-2'])
    await agent.registerService({ definition: definition(id, 'web'), replaceExistingChecks: false })
  const steps: readonly [string, readonly [string, number, string][]][] = [
    [
      '/v1/agent/check/register',
      [
        ['id/web-1', 200, 'passing'],
        ['name/web', 503, 'critical'],
      ],
    ],
    [
      '/v1/agent/check/warn/c',
      [
        ['id/web-2', 429, 'warning'],
        ['name/web', 429, 'warning'],
        ['id/web-1', 200, 'passing'],
      ],
    ],
    ['/v1/agent/check/pass/c', [['name/web', 200, 'passing']]],
    [
      '/v1/agent/service/maintenance/web-2?enable=true',
      [
        ['id/web-2', 503, 'maintenance'],
        ['name/web', 503, 'maintenance'],
        ['id/web-1', 200, 'passing'],
      ],
    ],
    ['/v1/agent/service/maintenance/web-2?enable=false', [['id/web-2', 200, 'passing']]],
    ['/v1/agent/maintenance?enable=1', [['id/web-1', 503, 'maintenance']]],
  ]
  for (const [path, expected] of steps) {
    t.equal((await put(path, { ID: 'c', Name: 'c', TTL: '1h', ServiceID: 'web-2' })).status, 200, path)
    for (const [which, code, word] of expected) {
      const asText = await get(`/v1/agent/health/service/${which}?format=text`)
      t.same(
        [asText.status, asText.body, asText.headers['x-consul-reason']],
        [code, word, word],
        `${path}, then ${which}`,
      )
      const asJson = await get(`/v1/agent/health/service/${which}`)
      t.equal(asJson.status, code)
      t.match(asJson.body, `"AggregatedStatus":"${word}"`)
    }
  }
  t.equal((await get('/v1/agent/health/service/id/web-1', { headers: { accept: 'text/plain' } })).body, 'maintenance')
  t.same((await get('/v1/agent/health/service/id/none')).json(), {
    AggregatedStatus: 'critical',
    Service: null,
    Checks: null,
  })
  t.equal((await get('/v1/agent/health/service/id/none?format=text')).body, '"ServiceId none not found"')
  t.equal((await get('/v1/agent/health/service/name/none')).body, '[]')
  t.equal((await get('/v1/agent/health/service/name/none?format=text')).body, 'ServiceName none Not Found')
  t.equal((await get('/v1/agent/health/service/id/')).status, 500)
})

void t.test('maintenance refuses what it cannot do', async t => {
  const { put } = await serve(t)
  for (const [path, status, body] of [
    ['/v1/agent/maintenance', 400, 'Missing value for enable'],
    ['/v1/agent/maintenance?enable=maybe', 400, 'Invalid value for enable: "maybe"'],
    ['/v1/agent/service/maintenance/?enable=true', 400, 'Missing service ID'],
    ['/v1/agent/service/maintenance/absent?enable=true', 404, 'No service registered with ID "absent"'],
  ] as const) {
    const reply = await put(path)
    t.same([reply.status, reply.body], [status, body])
  }
})

void t.test('what the agent is', async t => {
  const { get, agent } = await serve(t)
  agent.next = report('applied', {
    needsRestart: [
      { key: 'ports.dns', running: 8600, written: 8601, at: { file: 'conf/agent.json', line: 3, column: 12 } },
    ],
  })
  const self = (await get('/v1/agent/self')).json() as Json
  t.match(self, {
    Config: {
      Datacenter: 'dc1',
      PrimaryDatacenter: 'dc1',
      NodeName: 'n1',
      NodeID: agent.nodeId,
      Server: true,
      NeedsRestart: [{ key: 'ports.dns', running: 8600, written: 8601, origin: 'conf/agent.json:3:12' }],
      Version: '1.10.0',
      MusterVersion: version,
      SessionTTLMin: 10e9,
    },
    xDS: { SupportedProxies: {} },
    DebugConfig: {
      EnableDebug: false,
      NodeID: agent.nodeId,
      DNSDomain: 'consul.',
      SerfAdvertiseAddrLAN: 'tcp://127.0.0.1:8301',
    },
    Member: { Name: 'n1', Addr: '127.0.0.1', Port: 8301, Status: 1, Tags: { role: 'consul', dc: 'dc1' } },
    Meta: { rack: 'r1' },
  })
  // Go clients decode it into a map of maps.
  for (const section of Object.values(self))
    t.ok(section === null || (typeof section === 'object' && !Array.isArray(section)))
  for (const section of Object.values(self.Stats as Json))
    for (const value of Object.values(section as Json)) t.type(value, 'string')
  t.match((await get('/v1/agent/members?wan=1')).json(), [{ Name: 'n1.dc1', Port: 8302 }])
  t.equal((await get('/v1/agent/members?segment=_all')).status, 200)
  t.equal((await get('/v1/agent/members?segment=x&wan=1')).body, 'Cannot provide a segment with wan=true')
  t.match((await get('/v1/agent/host')).json(), {
    Memory: { total: Number },
    Host: { hostname: String },
    Disk: { total: Number },
    Errors: null,
  })
  t.equal((await get('/v1/agent/metrics')).status, 200)
  t.equal(
    (await get('/v1/agent/metrics?format=prometheus')).headers['content-type'],
    'text/plain; version=0.0.4; charset=utf-8',
  )
})

void t.test('join, leave, force-leave', async t => {
  const { put, membership, agent } = await serve(t)
  t.equal((await put('/v1/agent/join/127.0.0.1:8301')).body, '')
  t.equal((await put('/v1/agent/join/127.0.0.1:8302?wan=1')).status, 200)
  t.match(await put('/v1/agent/join/nowhere'), { status: 500, body: '1 error occurred: * Failed to join nowhere' })
  t.equal((await put('/v1/agent/force-leave/gone?prune')).status, 200)
  t.equal((await put('/v1/agent/force-leave/nobody')).body, "agent: No node found with name 'nobody'")
  t.same(membership.told, ['join 127.0.0.1:8301', 'join 127.0.0.1:8302 wan', 'force-leave gone pruned'])
  t.equal((await put('/v1/agent/leave')).status, 200)
  t.same(agent.told, ['leave'])
})

void t.test('reload, plan and the state of the files', async t => {
  const { get, put, agent } = await serve(t)
  t.match(await put('/v1/agent/reload'), { status: 200, body: '' })
  const declared = { definition: definition('web3'), origin: { file: 'conf/web3.json', line: 4, column: 3 } }
  agent.next = report('partly', {
    changes: [
      { kind: 'service', op: 'add', id: 'web3', declared },
      {
        kind: 'service',
        op: 'remove',
        id: 'old',
        before: { ...declared, origin: { file: 'conf/old.json', line: 1, column: 2 } },
      },
    ],
    settings: ['log_level'],
    needsRestart: [{ key: 'ports.dns', running: 8600, written: 8601 }],
    diagnostics: [
      {
        severity: 'error',
        code: 'unknown-key',
        at: { file: 'conf/a.json', line: 4, column: 7 },
        key: 'service.htpp',
        message: '"htpp" is not a key of a service',
        hint: 'did you mean "http"?',
      },
      { severity: 'warning', code: 'duplicate-id', message: 'twice', other: { file: 'b', line: 1, column: 1 } },
    ],
  })
  agent.files = [
    {
      path: 'conf/a.json',
      state: 'last-good',
      services: 1,
      checks: 0,
      hash: 'ab',
      diagnostics: agent.next.diagnostics,
    },
  ]
  const plain = await put('/v1/agent/reload')
  t.equal(plain.status, 500)
  t.equal(
    plain.body,
    'conf/a.json:4:7 error unknown-key: "htpp" is not a key of a service (did you mean "http"?)\nwarning duplicate-id: twice [other place: b:1:1]\n',
  )
  const asJson = await put('/v1/agent/reload?format=json')
  t.equal(asJson.status, 500)
  const expected = {
    changes: [
      { op: 'add', kind: 'service', id: 'web3', origin: 'conf/web3.json:4' },
      { op: 'remove', kind: 'service', id: 'old', origin: 'conf/old.json:1' },
    ],
    settings: ['log_level'],
    needsRestart: [{ key: 'ports.dns', running: 8600, written: 8601, origin: '' }],
    diagnostics: [
      {
        severity: 'error',
        code: 'unknown-key',
        file: 'conf/a.json',
        line: 4,
        column: 7,
        key: 'service.htpp',
        text: /^conf\/a\.json:4:7 error/,
      },
      { severity: 'warning', other: 'b:1:1' },
    ],
  }
  t.match(asJson.json(), { ...expected, outcome: 'partly', took: 3, number: 2, cause: 'api' })
  t.match((await get('/v1/agent/plan')).json(), { ...expected, outcome: 'planned' })
  const config = await get('/v1/agent/config')
  t.match(config.json(), {
    paths: ['conf'],
    files: [{ path: 'conf/a.json', state: 'last-good', hash: 'ab' }],
    lastReload: { outcome: 'partly' },
    settings: { nodeName: 'n1' },
  })
  t.notMatch(config.body + asJson.body, 'secret', 'no token is shown')
})

void t.test('the log as it is written', async t => {
  const { get, port, logs, server } = await serve(t)
  t.match(await get('/v1/agent/monitor?loglevel=loud'), { status: 400, body: 'Bad request: Unknown log level: loud' })
  const follow = (
    query: string,
    headers: http.OutgoingHttpHeaders = {},
  ): Promise<{ text: () => string; ended: Promise<void>; encoding: string | undefined; destroy: () => void }> =>
    new Promise(resolve => {
      const request = http.get(
        { port, host: '127.0.0.1', path: `/v1/agent/monitor?${query}`, headers, agent: false },
        response => {
          let seen = ''
          const source = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
          source
            .on('data', (chunk: Buffer) => {
              seen += chunk.toString()
            })
            .on('error', () => undefined)
          resolve({
            text: () => seen,
            ended: new Promise(done => {
              response.once('close', () => {
                done()
              })
            }),
            encoding: response.headers['content-encoding'],
            destroy: () => request.destroy(),
          })
        },
      )
    })
  const plain = await follow('loglevel=debug')
  const packed = await follow('logjson', { 'accept-encoding': 'gzip' })
  await until('both listen', () => logs.subscribers.size === 2)
  logs.emit('info', 'first')
  logs.emit('info', 'second')
  await until('the lines arrive', () => plain.text() === 'first\nsecond\n')
  await until('the packed ones too', () => packed.text() === '{"text":"first"}\n{"text":"second"}\n')
  t.equal(packed.encoding, 'gzip')
  plain.destroy()
  await until('a client that goes is forgotten', () => logs.subscribers.size === 1)
  await server.close()
  await packed.ended
  t.equal(logs.subscribers.size, 0)
})
