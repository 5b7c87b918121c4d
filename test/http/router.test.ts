import t from 'tap'
import type { Route } from '../../src/http/route.js'
import { Router } from '../../src/http/serve/router.js'

const routes = [
  '/',
  '/v1/kv/*',
  '/v1/agent/self',
  '/v1/agent/service/*',
  '/v1/agent/service/register',
  '/v1/agent/service/deregister/*',
  '/v1/query',
  '/v1/query/*',
].map((path): Route => ({ path, reach: 'local' }))

const cases: readonly (readonly [path: string, endpoint: string | undefined])[] = [
  ['/', '/'],
  ['/v1', undefined],
  ['/v1/', undefined],
  ['/v1/agent/self', '/v1/agent/self'],
  ['/v1/agent/self/', undefined],
  ['/v1/Agent/self', undefined],
  ['/v1/kv', undefined],
  ['/v1/kv/', '/v1/kv/*'],
  ['/v1/kv/a/b/', '/v1/kv/*'],
  ['/v1/kv/a%2Fb', '/v1/kv/*'],
  ['/v1/kv%2Fa', undefined],
  ['/v1/%6Bv/a', '/v1/kv/*'],
  ['/v1/%256Bv/a', undefined],
  ['/v1/query', '/v1/query'],
  ['/v1/query/', '/v1/query/*'],
  ['/v1/agent/service/register', '/v1/agent/service/register'],
  ['/v1/agent/service/registers', '/v1/agent/service/*'],
  ['/v1/agent/service/register/x', '/v1/agent/service/*'],
  ['/v1/agent/service/deregister/x', '/v1/agent/service/deregister/*'],
  ['/v1/agent/service/%64eregister/x', '/v1/agent/service/deregister/*'],
  ['/v1/agent/service/deregister', '/v1/agent/service/*'],
  ['/v1/agent/self#x', '/v1/agent/self'],
  ['/v1/agent/self#/x', '/v1/agent/self'],
  ['/v1/kv#/x', undefined],
]

for (const [path, endpoint] of cases) {
  t.test(`${path} leads to ${endpoint ?? 'nothing'}`, async t => {
    t.equal(new Router(routes).find(path)?.path, endpoint)
  })
}

t.test('two endpoints at one path are refused', async t => {
  t.throws(() => new Router([...routes, { path: '/v1/kv/*', reach: 'local' }]), /two endpoints at \/v1\/kv\/\*/)
})
