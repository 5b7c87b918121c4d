import t from 'tap'
import type { Reply } from '../support/ask.js'
import { serve } from '../support/serve.js'
import { settingsWith } from '../support/settings.js'

const { limits } = settingsWith()
const set = (key: string, value = 'eA==') => ({ KV: { Verb: 'set', Key: key, Value: value } })
const shown = ({ status, body }: Reply) => [status, body]

void t.test('numbers of 64 bits survive, in compact and in pretty answers', async t => {
  const served = await serve(t)
  const body =
    '[{"KV":{"Verb":"set","Key":"a \\"9999999999999999999\\" \\\\","Value":"eA==","Flags":18446744073709551615}},{"KV":{"verb":"SET","Key":"b"}}]'
  t.match((await served.put('/v1/txn', body)).body, '"What":"unknown KV verb \\"SET\\""')
  const reply = await served.put('/v1/txn?pretty', body.replace('"SET"', '"set"'))
  t.match(reply.body, '                "Flags": 18446744073709551615,\n')
  t.equal(
    (await served.get('/v1/kv/a%20%229999999999999999999%22%20%5C')).body.includes('"Flags":18446744073709551615'),
    true,
  )
  t.match((await served.put('/v1/txn', '[{"KV":{"Verb":"get","Key":"b","Index":18446744073709551615}}]')).json(), {
    Results: [{ KV: { Key: 'b' } }],
    Errors: null,
  })
  t.match((await served.put('/v1/txn', '[{"KV":{"Verb":"cas","Key":"b","Index":18446744073709551615}}]')).status, 409)
})

void t.test('invalid lists of operations', async t => {
  const served = await serve(t, { limits: { ...limits, kvMaxValueSize: 10 } })
  const cases: readonly [string, number, string][] = [
    ['', 400, 'Failed to parse body: EOF: the body is empty, JSON was expected'],
    ['{', 400, 'Failed to parse body: 1:2 expected "}", found the end of the body'],
    ['{"KV":{}}', 400, 'Failed to parse body: the body: expected a list, got an object'],
    ['[1]', 400, 'Failed to parse body: [0]: expected an object, got a number'],
    ['[{}]', 400, 'Failed to parse body: operation 0 has none of KV, Node, Service and Check'],
    ['[{"kv":null}]', 400, 'Failed to parse body: operation 0 has none of KV, Node, Service and Check'],
    [
      '[{"KV":{"Verb":"set","Key":"k"},"Check":{"Verb":"get"},"Node":null}]',
      400,
      'Failed to parse body: operation 0 has both KV and Check, one kind is allowed',
    ],
    ['[{"KV":{"Verbs":"set"}}]', 400, 'Failed to parse body: json: unknown field "Verbs"'],
    [
      '[{"KV":{"Verb":"set","Key":"k","Value":"!!!"}}]',
      400,
      'Failed to parse body: illegal base64 data at input byte 0',
    ],
    [
      '[{"KV":{"Verb":"set","Key":"k","Value":"eA="}}]',
      400,
      'Failed to parse body: illegal base64 data at input byte 2',
    ],
    [
      '[{"KV":{"Verb":"set","Key":"k","Value":"eA==eA=="}}]',
      400,
      'Failed to parse body: illegal base64 data at input byte 2',
    ],
    [
      '[{"KV":{"Verb":"set","Key":"k","Flags":-1}}]',
      400,
      'Failed to parse body: [0].KV.Flags: expected a whole number from 0 to 18446744073709551615',
    ],
    [
      '[{"KV":{"Verb":"set","Key":"k","Flags":18446744073709551616}}]',
      400,
      'Failed to parse body: [0].KV.Flags: expected a whole number from 0 to 18446744073709551615',
    ],
    [
      '[{"Check":{"Verb":"set","Check":{"Node":"n","CheckID":"c","Definition":{"Interval":"10s","Timeout":"soon"}}}}]',
      400,
      'Failed to parse body: time: invalid duration "soon"',
    ],
    [
      '[{"KV":{"Verb":"set","Key":12345678901234567890}}]',
      400,
      'Failed to parse body: [0].KV.Key: expected a string, got an object',
    ],
    [
      JSON.stringify([set('k', Buffer.from('x'.repeat(11)).toString('base64'))]),
      413,
      'Value for key "k" is too large (11 > 10 bytes)',
    ],
    [
      JSON.stringify(Array.from({ length: 65 }, (_, i) => set(`k${i}`))),
      413,
      'Transaction contains too many operations (65 > 64)',
    ],
  ]
  for (const [body, status, text] of cases) t.same(shown(await served.put('/v1/txn', body)), [status, text])
  t.equal((await served.put('/v1/txn', ' '.repeat(524_289))).status, 413)
  t.equal((await served.put('/v1/txn?stale&consistent', [])).status, 400)
  t.same((await served.get('/v1/kv/?keys')).json(), [])
})

void t.test('a transaction may be as large as one value', async t => {
  const sizes: readonly [number, number, number][] = [
    [1000, 200, 1000],
    [200, 1000, 1000],
  ]
  for (const [txnMaxReqLen, kvMaxValueSize, limit] of sizes) {
    const served = await serve(t, { limits: { ...limits, txnMaxReqLen, kvMaxValueSize } })
    const body = (length: number): string => JSON.stringify([set('k')]).padEnd(length)
    t.equal((await served.put('/v1/txn', body(limit))).status, 200, `${limit} bytes`)
    t.same(shown(await served.put('/v1/txn', body(limit + 1))), [
      413,
      `Request body(${limit + 1} bytes) too large, max size: ${limit} bytes.`,
    ])
  }
})

void t.test('names are UTF-8 whatever the escapes say', async t => {
  const served = await serve(t)
  await served.put('/v1/txn', '[{"KV":{"Verb":"set","Key":"half \\ud800 pair \\u0000","Value":"eA=="}}]')
  t.same((await served.get('/v1/kv/?keys')).json(), ['half \ufffd pair \u0000'])
})

void t.test('all or nothing, and each failure by its place', async t => {
  const served = await serve(t)
  const failed = await served.put('/v1/txn', [
    set('a'),
    { KV: { Verb: 'get', Key: 'none' } },
    { Service: { Verb: 'set', Node: 'none', Service: { Service: 's' } } },
  ])
  t.equal(failed.status, 409)
  t.same(failed.json(), {
    Results: null,
    Errors: [
      { OpIndex: 1, What: 'key "none" doesn\'t exist' },
      { OpIndex: 2, What: 'Missing node registration' },
    ],
  })
  t.equal((await served.get('/v1/kv/a')).status, 404)
  const done = await served.put('/v1/txn', [
    { Node: { Verb: 'set', Node: { Node: 'ext', Address: '192.0.2.1', ModifyIndex: 5 } } },
    { Service: { Verb: 'set', Node: 'ext', Service: { Service: 's', Port: 1, ContentHash: 'x', Datacenter: 'dc1' } } },
    { Check: { Verb: 'set', Check: { Node: 'ext', Name: 'c', ServiceID: 's' } } },
    set('a'),
  ])
  t.match(done.json(), {
    Errors: null,
    Results: [
      { Node: { Node: 'ext', Datacenter: 'dc1', Meta: null, TaggedAddresses: null } },
      { Service: { ID: 's', Tags: null, Weights: { Passing: 1, Warning: 1 } } },
      { Check: { CheckID: 'c', Status: 'critical', ServiceTags: null } },
      { KV: { Key: 'a', Value: null } },
    ],
  })
  t.equal((await served.get('/v1/health/service/s')).status, 200)
})

void t.test('lists that only read say how current they are', async t => {
  const served = await serve(t)
  await served.put('/v1/kv/a', 'x')
  const reply = await served.put('/v1/txn?stale', [{ KV: { Verb: 'get', Key: 'a' } }])
  t.match(reply.json(), {
    Results: [{ KV: { Key: 'a', Value: 'eA==' } }],
    Errors: null,
    KnownLeader: true,
    ConsistencyLevel: 'stale',
    LastContact: 0,
    NotModified: false,
  })
  t.equal(reply.headers['x-consul-knownleader'], 'true')
  t.same((await served.put('/v1/txn', [])).json(), {
    ...(reply.json() as object),
    Results: [],
    ConsistencyLevel: 'leader',
  })
})
