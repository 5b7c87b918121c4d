import net from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { readRequestPath } from '../../src/http/request/request-path.js'
import { ask } from './support/ask.js'
import { serve } from './support/serve.js'

const endpoints = [
  '/',
  '/v1/agent/self',
  '/v1/agent/members',
  '/v1/agent/services',
  '/v1/agent/service/',
  '/v1/agent/checks',
  '/v1/agent/health/service/id/',
  '/v1/agent/health/service/name/',
  '/v1/agent/service/register',
  '/v1/agent/service/deregister/',
  '/v1/agent/service/maintenance/',
  '/v1/agent/check/register',
  '/v1/agent/check/deregister/',
  '/v1/agent/check/pass/',
  '/v1/agent/check/update/',
  '/v1/agent/maintenance',
  '/v1/agent/join/',
  '/v1/agent/force-leave/',
  '/v1/agent/reload',
  '/v1/agent/plan',
  '/v1/agent/config',
  '/v1/agent/ready',
  '/v1/agent/token/',
  '/v1/agent/metrics',
  '/v1/catalog/register',
  '/v1/catalog/deregister',
  '/v1/catalog/nodes',
  '/v1/catalog/services',
  '/v1/catalog/service/',
  '/v1/catalog/node/',
  '/v1/catalog/node-services/',
  '/v1/catalog/datacenters',
  '/v1/health/node/',
  '/v1/health/checks/',
  '/v1/health/state/',
  '/v1/health/service/',
  '/v1/status/leader',
  '/v1/internal/ui/nodes',
  '/v1/internal/ui/node/',
  '/v1/internal/ui/services',
  '/v1/nothing/',
]

const rest = fc.oneof(
  fc.constant(''),
  fc.constantFrom(
    'web',
    'a%2Fb',
    '%00',
    '%ff',
    '%',
    '..',
    '.',
    '//',
    '*',
    ':id',
    '%F0%9F%92%A9',
    'a/b/c',
    '__proto__',
    'constructor',
  ),
  fc.webPath(),
  fc.webFragments(),
)
const parameter = fc
  .tuple(
    fc.constantFrom(
      'index',
      'wait',
      'stale',
      'consistent',
      'cached',
      'max_stale',
      'passing',
      'tag',
      'near',
      'node-meta',
      'dc',
      'token',
      'pretty',
      'hash',
      'enable',
      'reason',
      'format',
      'note',
      'wan',
      'segment',
      'filter',
      '__proto__',
    ),
    fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '1',
        '-1',
        'true',
        '1ms',
        '5',
        '9999999999999999999999',
        '%',
        '%zz',
        '__proto__',
        'a:b:c',
        ':',
        'dc1',
        'nowhere',
        'text',
        'json',
        'Node == a',
        'Meta is empty',
        '((',
        '"',
      ),
      fc.webQueryParameters(),
    ),
  )
  .map(([name, value]) =>
    name === 'wait' ? 'wait=1ms' : name === 'index' ? `index=${value}&wait=1ms` : `${name}=${value}`,
  )
const body = fc.oneof(
  fc.constantFrom(
    undefined,
    '',
    '{',
    'null',
    '[]',
    '""',
    '{"__proto__":{}}',
    '{"Node":{}}',
    '{"Service":[]}',
    '{"Name":"x","Check":[{}]}',
    '{"Node":"a\\u0000b","Address":"x"}',
    '{"constructor":1}',
  ),
  fc.json(),
  fc
    .record(
      {
        Node: fc.string(),
        Address: fc.string(),
        Service: fc.record({ Service: fc.string(), ID: fc.string(), Meta: fc.dictionary(fc.string(), fc.string()) }),
        Check: fc.anything({ maxDepth: 2 }),
      },
      { requiredKeys: [] },
    )
    .map(value => JSON.stringify(value)),
  fc.uint8Array().map(bytes => Buffer.from(bytes)),
)

void t.test('whatever comes, an answer goes: no crash, no hang, and no 5xx whose reason is not in the log', async t => {
  const { port, logs } = await serve(t)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'PROPFIND'),
      fc.constantFrom(...endpoints),
      rest,
      fc.array(parameter, { maxLength: 4 }),
      body,
      fc.constantFrom(
        {},
        { 'accept-encoding': 'gzip;q=x, gzip' },
        { 'content-type': 'multipart/form-data; boundary=' },
        { accept: 'text/plain' },
        { 'cache-control': 'max-age=x' },
      ),
      async (method, endpoint, more, parameters, payload, headers) => {
        const path = `${endpoint}${more}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`.replace(
          /[^\x21-\x7e]/g,
          '',
        )
        const before = logs.root.lines.length
        const reply = await ask(port, path, { method, headers, ...(payload !== undefined && { body: payload }) })
        if (reply.status < 200 || reply.status > 599) throw new Error(`${method} ${path}: ${reply.status}`)
        if (reply.status >= 500 && reply.status !== 503 && path !== '/v1/agent/reload') {
          const reasons = logs.root.lines.slice(before).filter(({ level }) => level === 'warn' || level === 'error')
          if (reasons.length === 0)
            throw new Error(`${method} ${path}: ${reply.status} ${reply.body} without a reason in the log`)
          if (reasons.some(({ message }) => message === 'a request failed unexpectedly'))
            throw new Error(`${method} ${path}: ${JSON.stringify(reasons)}`)
        }
        if (
          (reply.headers['content-type'] ?? '').includes('json')
          && reply.headers['content-encoding'] === undefined
          && method !== 'HEAD'
        )
          reply.json()
      },
    ),
    { numRuns: 1500 },
  )
  t.equal((await ask(port, '/v1/status/leader')).status, 200)
})

void t.test('bytes that are no HTTP', async t => {
  const { port } = await serve(t)
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes)),
        fc
          .tuple(
            fc.constantFrom('GET', 'PUT', 'G ET', 'get', ''),
            fc.webPath(),
            fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9', ''),
            fc.array(fc.string(), { maxLength: 4 }),
          )
          .map(([method, path, protocol, headers]) =>
            Buffer.from(`${method} ${path} ${protocol}\r\n${headers.join('\r\n')}\r\n\r\n`),
          ),
      ),
      async bytes => {
        await new Promise<void>(resolve => {
          const socket = net.connect(port, '127.0.0.1', () => {
            socket.end(bytes)
          })
          socket
            .on('error', () => {
              resolve()
            })
            .on('close', () => {
              resolve()
            })
            .resume()
        })
      },
    ),
    { numRuns: 300 },
  )
  t.equal((await ask(port, '/v1/status/leader')).status, 200)
})

void t.test('paths are cleaned to something clean, and never split a header', t => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc
          .array(fc.constantFrom('', '.', '..', 'a', '%2e', 'b%2Fc', 'v1'), { maxLength: 8 })
          .map(list => `/${list.join('/')}`),
        fc.string(),
      ),
      target => {
        const path = readRequestPath(target)
        if (path.kind !== 'moved') return
        const again = readRequestPath(path.to)
        t.equal(again.kind, 'ok', `${target} -> ${path.to}`)
        t.notMatch(path.to, /[\r\n]/)
        t.ok(path.to.startsWith('/') && !path.to.startsWith('//'), path.to)
      },
    ),
    { numRuns: 500 },
  )
  t.end()
})
