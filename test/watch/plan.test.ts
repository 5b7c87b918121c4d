import t from 'tap'
import { watchPlan } from '../../src/watch/index.js'

const origin = { file: 'conf/w.json', line: 3, column: 5 }
const plan = (written: Record<string, unknown>) => watchPlan({ written, origin })

t.test('what each type asks', async t => {
  const args = ['true']
  const cases: readonly (readonly [written: Record<string, unknown>, path: string])[] = [
    [{ type: 'key', key: 'a b/c' }, '/v1/kv/a%20b/c'],
    [{ type: 'keyprefix', prefix: 'a/' }, '/v1/kv/a/?recurse='],
    [{ type: 'services' }, '/v1/catalog/services'],
    [{ type: 'nodes', stale: true }, '/v1/catalog/nodes?stale='],
    [
      { type: 'service', service: 'web', tag: ['a', 'b'], passingonly: true },
      '/v1/health/service/web?tag=a&tag=b&passing=1',
    ],
    [{ type: 'service', service: 'web', tag: 'a', datacenter: 'dc2' }, '/v1/health/service/web?dc=dc2&tag=a'],
    [{ type: 'checks' }, '/v1/health/state/any'],
    [{ type: 'checks', state: 'critical' }, '/v1/health/state/critical'],
    [{ type: 'checks', service: 'web' }, '/v1/health/checks/web'],
    [{ type: 'checks', service: '', state: 'critical' }, '/v1/health/state/critical'],
    [{ type: 'checks', service: '', state: '' }, '/v1/health/state/any'],
    [{ type: 'agent_service', service_id: 'web 1' }, '/v1/agent/service/web%201'],
  ]
  for (const [written, path] of cases) t.equal(plan({ ...written, args }).query.path, path)
  t.same(plan({ type: 'key', key: 'a', args }).query.pick([{ Key: 'a' }], true), { Key: 'a' })
  t.equal(plan({ type: 'key', key: 'a', args }).query.pick(null, false), null)
  t.same(plan({ type: 'keyprefix', prefix: 'a', args }).query.pick(null, false), [])
})

t.test('missing and surplus parameters are refused, with the place', async t => {
  const cases: readonly (readonly [written: Record<string, unknown>, message: RegExp])[] = [
    [{}, /conf\/w\.json:3: Watch type must be specified/],
    [{ type: 'x', args: ['a'] }, /Unsupported watch type: x/],
    [{ type: 'services' }, /Must define a watch handler/],
    [{ type: 'services', args: [] }, /args is empty/],
    [{ type: 'services', args: ['a'], handler: 'b' }, /Only one watch handler allowed/],
    [{ type: 'key', args: ['a'] }, /Must specify a single key to watch/],
    [{ type: 'service', args: ['a'] }, /Must specify a single service to watch/],
    [{ type: 'agent_service', args: ['a'] }, /Must specify a single service ID to watch/],
    [{ type: 'checks', service: 'a', state: 'any', args: ['a'] }, /Cannot specify service and state/],
    [{ type: 'nodes', http_handler_config: { path: 'http://x', timeout: '0s' } }, /is not a duration above 0/],
  ]
  for (const [written, message] of cases) t.throws(() => plan(written), { code: 'WATCH_INVALID', message })
})

t.test('plans are the same when their content is, whatever the order of keys or the place', async t => {
  const a = watchPlan({ written: { type: 'services', args: ['x'] }, origin })
  const b = watchPlan({ written: { args: ['x'], type: 'services' }, origin: { ...origin, line: 9 } })
  t.equal(a.identity, b.identity)
  t.not(a.identity, plan({ type: 'services', args: ['y'] }).identity)
})
