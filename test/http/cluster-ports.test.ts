import http from 'node:http'
import type { Test } from 'tap'
import t from 'tap'
import { createRpcServer, type RpcServer } from '../../src/rpc/index.js'
import { systemClock } from '../../src/common/clock.js'
import type { Settings } from '../../src/config/index.js'
import type { Deps } from '../../src/http/deps.js'
import { methods, type Endpoint } from '../../src/http/route.js'
import { allRoutes } from '../../src/http/routes/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'
import { serve, type Served } from './support/serve.js'
import { settingsWith } from './support/settings.js'

interface OnPorts extends Served {
  readonly rpc: RpcServer
}

/** An agent with its API behind both cluster ports. */
async function onPorts(t: Test, parts: Partial<Settings> = {}): Promise<OnPorts> {
  const served = await serve(t, parts)
  const listen = { bind: '127.0.0.1', port: 0, allowed: [] }
  const rpc = createRpcServer({
    lan: listen,
    wan: listen,
    connectionsPerClient: 0,
    log: new RecordingLog(),
    metrics: new RecordingMetrics(),
    clock: systemClock,
  })
  rpc.serveApi(served.server.serve)
  await rpc.start()
  t.teardown(() => rpc.close())
  return { ...served, rpc }
}

interface Reply {
  readonly status: number
  readonly body: string
}

/**
 * Speaks like an agent. `promised`: bytes of a body that is announced and never sent, so that only who does not wait
 * for it can answer.
 */
function speak(
  port: number,
  method: string,
  path: string,
  { body, promised }: { readonly body?: string; readonly promised?: number } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { 'muster-protocol': '1-1', 'content-length': promised ?? Buffer.byteLength(body ?? '') }
    const request = http.request({ port, method, path, headers, agent: false }, response => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', (part: string) => {
          text += part
        })
        .on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: text })
          request.destroy()
        })
    })
    request.on('error', reject)
    if (promised === undefined) request.end(body)
    else request.flushHeaders()
  })
}

/**
 * Every path that is registered, with what its `*` stands for filled in, and its methods. Handlers are not run, so they
 * need nothing to work with.
 */
function registered(): readonly { readonly path: string; readonly methods: readonly string[] }[] {
  const named = (endpoint: Endpoint): readonly string[] => methods.filter(method => endpoint[method] !== undefined)
  return allRoutes({} as Deps).flatMap(route => {
    const path = route.path.replace('*', 'x')
    return [
      { path, methods: named(route) },
      ...Object.entries(route.endings ?? {}).map(([ending, endpoint]) => ({
        path: `${path}${ending}`,
        methods: named(endpoint),
      })),
    ]
  })
}

// Said here once more and in other words than in the routes, so that a new one has to be right in both places.
const ownedByNode = (path: string): boolean => /^\/v1\/agent\/(service|check)\/deregister\//.test(path)
const ofOneAgent = (path: string): boolean =>
  /^\/v1\/(agent|acl)\//.test(path) || path === '/v1/event/list' || !path.startsWith('/v1/')

void t.test('the cluster ports take what agents hand on and nothing else', async t => {
  const { rpc } = await onPorts(t)
  const all = registered()
  t.ok(all.length > 80, `${all.length} paths are registered`)
  for (const [name, port] of Object.entries(rpc.ports)) {
    for (const { path, methods } of all) {
      const passes = !ofOneAgent(path) || (name === 'lan' && ownedByNode(path))
      const outside = path.startsWith('/v1/') ? 403 : 404
      const { status } = await speak(port, 'OPTIONS', path)
      if (status !== (passes ? 200 : outside)) t.fail(`${name}: OPTIONS ${path} is ${status}`)
      if (passes) continue
      for (const method of methods) {
        const refused = await speak(port, method, path, { promised: method === 'GET' ? 0 : 1000 })
        if (refused.status !== outside) t.fail(`${name}: ${method} ${path} is ${refused.status}`)
      }
    }
    t.match(
      await speak(port, 'GET', '/v1/nothing'),
      { status: 403, body: 'no agent hands this request on to others' },
      'nor what there is not',
    )
    t.match(await speak(port, 'PUT', '/v1/%61gent/leave'), { status: 403 }, 'whatever way it is written')
  }
})

void t.test('endpoints about this agent cannot be used over a cluster port', async t => {
  const { rpc, agent, put } = await onPorts(t, { enableScriptChecks: true })
  const script = JSON.stringify({ Name: 'x', Args: ['sh', '-c', 'id'], Interval: '1s' })
  for (const port of Object.values(rpc.ports)) {
    t.equal((await speak(port, 'PUT', '/v1/agent/check/register', { body: script })).status, 403)
    t.equal((await speak(port, 'PUT', '/v1/agent/leave')).status, 403)
  }
  t.equal(agent.checks().size, 0)
  t.equal(
    (await put('/v1/agent/check/register', JSON.parse(script))).status,
    200,
    'as the HTTP port does for the same agent',
  )
})

void t.test('an answer about the agent that is kept for clients is not given to others', async t => {
  const { rpc, get } = await onPorts(t)
  for (const path of ['/v1/agent/services', '/v1/agent/checks', '/v1/catalog/nodes'])
    for (const round of ['built', 'kept']) t.equal((await get(path)).status, 200, `${path}, ${round}`)
  for (const port of Object.values(rpc.ports)) {
    t.equal((await speak(port, 'GET', '/v1/agent/services')).status, 403)
    t.equal((await speak(port, 'GET', '/v1/agent/checks')).status, 403)
    t.equal((await speak(port, 'GET', '/v1/catalog/nodes')).status, 200)
  }
})

void t.test('both guards apply on the cluster ports, to the address of the peer', async t => {
  const guarded = (allowWriteHttpFrom: readonly string[]): Partial<Settings> => ({
    http: { ...settingsWith().http, blockEndpoints: ['/v1/kv/secret'], allowWriteHttpFrom },
  })
  const strict = await onPorts(t, guarded(['192.0.2.7/32']))
  const open = await onPorts(t, guarded(['127.0.0.0/8']))
  for (const which of ['lan', 'wan'] as const) {
    const refused = await speak(strict.rpc.ports[which], 'PUT', '/v1/kv/a', { promised: 1000 })
    t.match(refused, { status: 403, body: 'Access is restricted' }, `${which}: before a body is read`)
    t.equal((await speak(strict.rpc.ports[which], 'PUT', '/v1/agent/service/deregister/x')).status, 403)
    t.equal((await speak(strict.rpc.ports[which], 'GET', '/v1/catalog/nodes')).status, 200, 'reads are free')
    t.same(await speak(open.rpc.ports[which], 'PUT', '/v1/kv/a', { body: which }), { status: 200, body: 'true' })
    t.equal(Buffer.from(open.catalog.kv.get('a')?.value ?? []).toString(), which)
    for (const method of ['GET', 'PUT', 'DELETE']) {
      t.match(
        await speak(open.rpc.ports[which], method, '/v1/kv/secret/x'),
        { status: 403, body: 'Endpoint is blocked by agent configuration' },
        `${which}: ${method}`,
      )
    }
  }
  t.equal(strict.catalog.kv.get('a'), undefined)
})
