import t from 'tap'
import { serve, type Served } from '../support/serve.js'

const prepared = async (...parts: Parameters<typeof serve>): Promise<Served> => {
  const served = await serve(...parts)
  await served.put('/v1/catalog/register', {
    Node: 'n1',
    Address: '192.0.2.1',
    Checks: ['serfHealth', 'c'].map(id => ({ CheckID: id, Name: id, Status: 'passing' })),
  })
  return served
}

void t.test('what a session is created from', async t => {
  const served = await prepared(t)
  const defaults = {
    Name: '',
    Node: 'n1',
    LockDelay: 15e9,
    Behavior: 'release',
    TTL: '',
    NodeChecks: ['serfHealth'],
    ServiceChecks: null,
    Checks: undefined,
  }
  const cases: readonly [unknown, Partial<Record<keyof typeof defaults, unknown>>][] = [
    [undefined, {}],
    [{}, {}],
    [
      { name: 'x', BEHAVIOR: 'delete', Nonsense: { a: 1 }, ID: 'mine', NodeChecks: null },
      { Name: 'x', Behavior: 'delete' },
    ],
    [{ LockDelay: 0 }, { LockDelay: 0 }],
    [{ LockDelay: 999 }, { LockDelay: 999e9 }],
    [{ LockDelay: 1000 }, { LockDelay: 1000 }],
    [{ LockDelay: '90s' }, { LockDelay: 90e9 }],
    [{ TTL: '1h0m' }, { TTL: '1h0m' }],
    [{ Checks: [] }, { NodeChecks: [] }],
    [{ NodeChecks: [] }, { NodeChecks: [] }],
    [{ Checks: ['serfHealth'] }, {}],
    [{ Checks: ['c'] }, { Checks: ['c'] }],
    [
      { NodeChecks: ['c'], ServiceChecks: [{ ID: 'c', Namespace: '' }] },
      { NodeChecks: ['c'], ServiceChecks: [{ ID: 'c' }] },
    ],
    [{ Node: 'N1' }, {}],
  ]
  for (const [body, expected] of cases) {
    const created = await served.put('/v1/session/create', body)
    t.equal(created.status, 200, JSON.stringify(body))
    const { ID: id } = created.json() as { ID: string }
    const [shown] = (await served.get(`/v1/session/info/${id.toUpperCase()}`)).json() as Record<string, unknown>[]
    t.match(shown, { ...defaults, ...expected, ID: id }, JSON.stringify(body))
    t.same((await served.put(`/v1/session/renew/${id}`)).json(), [shown])
  }
})

void t.test('refused: bodies and ids that are none', async t => {
  const served = await prepared(t)
  const bodies: readonly [string, string, number?][] = [
    ['{', 'Request decode failed: 1:2 expected "}", found the end of the body'],
    [' ', 'Request decode failed: EOF: the body is empty, JSON was expected'],
    ['null', 'Request decode failed: the body: expected an object, got null'],
    ['{"LockDelay":"soon"}', 'Request decode failed: time: invalid duration "soon"'],
    ['{"LockDelay":-1}', 'Request decode failed: LockDelay: this duration is out of range'],
    ['{"LockDelay":1e300}', 'Request decode failed: LockDelay: this duration is out of range'],
    ['{"LockDelay":true}', 'Request decode failed: LockDelay: expected a duration'],
    ['{"NodeChecks":"c"}', 'Request decode failed: NodeChecks: expected a list, got a string'],
    ['{"TTL":"1s"}', "Invalid Session TTL '1000000000', must be between [10s=24h0m0s]", 500],
  ]
  for (const [body, text, status = 400] of bodies) {
    const reply = await served.put('/v1/session/create', body)
    t.same([reply.status, reply.body], [status, text])
  }
  t.equal((await served.put('/v1/session/create', { Name: 'x'.repeat(70_000) })).status, 413)
  for (const path of ['destroy', 'renew', 'info']) {
    const ask = (id: string) => served.get(`/v1/session/${path}/${id}`, { method: path === 'info' ? 'GET' : 'PUT' })
    t.same([(await ask('')).status, (await ask('')).body], [400, 'Missing session'])
    t.same(
      [(await ask('x')).status, (await ask('x')).body],
      [500, 'failed session lookup: index error: UUID must be 36 characters'],
    )
    t.same(
      (await ask(`${'1'.repeat(35)}z`)).body,
      "failed session lookup: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'",
    )
    t.same(
      (await ask(`${'1'.repeat(35)}-`)).body,
      'failed session lookup: index error: Input (without hyphens) must be even length',
    )
    t.same((await ask('1'.repeat(36))).status, path === 'renew' ? 404 : 200, 'where hyphens stand does not count')
  }
  const absent = '11111111-2222-3333-4444-555555555555'
  t.same(
    [(await served.put(`/v1/session/renew/${absent}`)).status, (await served.put(`/v1/session/renew/${absent}`)).body],
    [404, `Session id '${absent}' not found`],
  )
  t.equal((await served.put(`/v1/session/destroy/${absent}`)).body, 'true')
  t.same((await served.get('/v1/session/list')).json(), [])
})
