import fc from 'fast-check'
import t from 'tap'
import { cleanFields, scrub } from '../../src/telemetry/redact.js'

void t.test('texts', t => {
  for (const [text, expected] of [
    ['GET /v1/kv/x?token=abc-1&raw', 'GET /v1/kv/x?token=<hidden>&raw'],
    ['X-Consul-Token: abc', 'X-Consul-Token: <hidden>'],
    ['{"Authorization":"Bearer abc"}', '{"Authorization":"Bearer <hidden>"}'],
    ['http://me:pw@host/path', 'http://me:<hidden>@host/path'],
    ['http://host:8500/a@b', 'http://host:8500/a@b'],
    ['tokens are fine to talk of', 'tokens are fine to talk of'],
  ] as const)
    t.equal(scrub(text), expected)
  t.equal(scrub('x'.repeat(9000)), `${'x'.repeat(8192)}... (9000 characters)`)
  t.end()
})

void t.test('fields', t => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  for (const [name, fields, expected] of [
    ['plain values stay', { a: 1, b: 'x', c: null, d: true, e: [1, 2] }, { a: 1, b: 'x', c: null, d: true, e: [1, 2] }],
    [
      'secrets by name, at any depth and spelling',
      { token: 'a', Inner: { SecretID: 'b', http_password: 'c', list: [{ encrypt: 'd' }] } },
      {
        token: '<hidden>',
        Inner: { SecretID: '<hidden>', http_password: '<hidden>', list: [{ encrypt: '<hidden>' }] },
      },
    ],
    [
      'whether there is one is none',
      { token: '', encrypt: true, AccessorTokenID: 'x', token_ttl: 3 },
      { token: '', encrypt: true, AccessorTokenID: 'x', token_ttl: 3 },
    ],
    ['nothing to say', { a: undefined, b: () => 1 }, {}],
    [
      'errors with their causes',
      { error: new Error('no answer', { cause }) },
      { error: 'no answer: refused (ECONNREFUSED)' },
    ],
    [
      'what JSON has not',
      { big: 10n, date: new Date(0), bytes: Buffer.from('secret'), map: new Map([['a', 1]]), set: new Set([1]) },
      { big: '10', date: '1970-01-01T00:00:00.000Z', bytes: '6 bytes', map: { a: 1 }, set: [1] },
    ],
    ['circles end', { circle }, { circle: { self: { self: { self: { self: 'object' } } } } }],
    ['long lists are cut', { list: Array(100).fill(0) }, { list: [...Array<unknown>(64).fill(0), '... 36 more'] }],
  ] as const)
    t.strictSame(cleanFields(fields), expected, name)
  t.equal(Object.keys(cleanFields(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])))).length, 65)
  t.end()
})

void t.test('whatever is logged becomes JSON, and never shows a secret', t => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true })),
      anything => {
        const text = JSON.stringify(
          cleanFields({ ...anything, wrapped: { acl_token: 'S3CR3T', url: 'http://x/?token=S3CR3T' } }),
        )
        return !text.includes('S3CR3T')
      },
    ),
  )
  t.end()
})
