import t from 'tap'
import { kvPut } from '../../../src/catalog/index.js'
import { serve, type Served } from '../support/serve.js'
import { settingsWith } from '../support/settings.js'

const { limits } = settingsWith()
const remove = (served: Served, path: string) => served.get(path, { method: 'DELETE' })

void t.test('whatever bytes, names and flags: what was put comes back', async t => {
  const served = await serve(t)
  const names = [
    'plain',
    'a/b/c',
    'schlüssel/ключ',
    'sp ace+plus',
    '100%',
    '?query&x=1',
    'emoji \u{1f600}',
    '"quoted"\\',
    'trailing/',
    '__proto__',
  ]
  for (const [i, name] of names.entries()) {
    const value = Buffer.from([0, 255, 128, i, 10])
    const path = `/v1/kv/${encodeURIComponent(name)}`
    t.equal((await served.put(path, value)).body, 'true')
    t.match(
      (await served.get(path)).json(),
      [{ Key: name, Value: value.toString('base64'), Flags: 0, LockIndex: 0 }],
      name,
    )
    t.same((await served.get(`${path}?raw`)).bytes, value)
  }
  t.same(
    (await served.get('/v1/kv/?keys')).json(),
    [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
  for (const flags of ['18446744073709551615', '9007199254740993', '0', '007']) {
    await served.put(`/v1/kv/flags?flags=${flags}`, 'x')
    for (const query of ['', '?pretty', '?recurse', '?recurse&pretty']) {
      t.match(
        (await served.get(`/v1/kv/flags${query}`)).body,
        new RegExp(`"Flags": ?${BigInt(flags)},`),
        `${flags} ${query}`,
      )
    }
  }
  const compact = await served.get('/v1/kv/?recurse')
  t.equal((await served.get('/v1/kv/?recurse&pretty')).body, `${JSON.stringify(compact.json(), null, 4)}\n`)
})

void t.test('numbers that are none, and flags that exclude each other', async t => {
  const served = await serve(t)
  const cases: readonly [string, string, string, 400?][] = [
    ['PUT', '/v1/kv/k?flags=', 'strconv.ParseUint: parsing "": invalid syntax'],
    ['PUT', '/v1/kv/k?flags=-1', 'strconv.ParseUint: parsing "-1": invalid syntax'],
    [
      'PUT',
      '/v1/kv/k?flags=18446744073709551616',
      'strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['PUT', `/v1/kv/k?flags=${'9'.repeat(3000)}`, `strconv.ParseUint: parsing "${'9'.repeat(64)}": value out of range`],
    ['PUT', '/v1/kv/k?cas=abc', 'strconv.ParseUint: parsing "abc": invalid syntax'],
    ['DELETE', '/v1/kv/k?cas=1e3', 'strconv.ParseUint: parsing "1e3": invalid syntax'],
    ['PUT', '/v1/kv/k?release=b&cas=0&acquire=a', 'Conflicting flags: acquire=a&cas=0&release=b', 400],
    ['DELETE', '/v1/kv/k?recurse&cas=1', 'Conflicting flags: cas=1&recurse=', 400],
    ['PUT', '/v1/kv/', 'Missing key name', 400],
    ['DELETE', '/v1/kv/', 'Missing key name', 400],
    ['GET', '/v1/kv/?raw', 'Missing key name', 400],
    ['PUT', '/v1/kv/k?acquire=', 'raft apply failed: missing session'],
    ['PUT', '/v1/kv/k?release=', 'raft apply failed: missing session'],
    ['PUT', '/v1/kv/k?acquire=x', 'raft apply failed: failed session lookup: index error: UUID must be 36 characters'],
    [
      'PUT',
      '/v1/kv/k?acquire=11111111-2222-3333-4444-55555555555g',
      "raft apply failed: failed session lookup: index error: Invalid UUID: encoding/hex: invalid byte: U+0067 'g'",
    ],
    [
      'PUT',
      '/v1/kv/k?acquire=11111111-2222-3333-4444-555555555555',
      'raft apply failed: invalid session "11111111-2222-3333-4444-555555555555"',
    ],
    ['PUT', `/v1/kv/${'k'.repeat(4097)}`, `key "${'k'.repeat(40)}…" is 4097 bytes long, at most 4096 are allowed`, 400],
  ]
  for (const [method, path, text, status = 500] of cases) {
    const reply = await served.get(path, { method, ...(method === 'PUT' && { body: 'x' }) })
    t.same([reply.status, reply.body], [status, text])
  }
  t.equal((await served.get('/v1/kv/k')).status, 404)
})

void t.test('a value over the limit is refused however it comes, and changes nothing', async t => {
  const served = await serve(t, { limits: { ...limits, kvMaxValueSize: 100 } })
  t.equal((await served.put('/v1/kv/k', 'x'.repeat(100))).body, 'true')
  const large = 'y'.repeat(101)
  for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
    const reply = await served.put('/v1/kv/k', large, { headers })
    t.equal(reply.status, 413)
    t.match(reply.body, 'Request body(101 bytes) too large, max size: 100 bytes.')
  }
  t.equal((await served.get('/v1/kv/k?raw')).body, 'x'.repeat(100))
})

void t.test('an unchanged write moves no index, every other one does', async t => {
  const { catalog, put } = await serve(t)
  await put('/v1/kv/k?flags=1', 'v')
  const first = catalog.revision
  t.equal((await put('/v1/kv/k?flags=1', 'v')).body, 'true')
  t.equal(catalog.revision, first)
  await put('/v1/kv/k', 'v')
  t.equal(catalog.revision, first + 1, 'other flags')
  await put('/v1/kv/k', 'w')
  t.equal(catalog.revision, first + 2, 'other bytes')
})

void t.test('keys are cut at separators of any length', async t => {
  const served = await serve(t)
  for (const key of ['a', 'b--1', 'b--2', 'b--c--3', 'x']) await served.put(`/v1/kv/${key}`, '1')
  const keys = async (query: string): Promise<unknown> => (await served.get(`/v1/kv/${query}`)).json()
  t.same(await keys('?keys&separator=--'), ['a', 'b--', 'x'])
  t.same(await keys('?keys&seperator=--'), ['a', 'b--', 'x'], 'the old spelling')
  t.same(await keys('b--?keys&separator=--'), ['b--1', 'b--2', 'b--c--'])
  t.same(await keys('?keys&separator='), ['a', 'b--1', 'b--2', 'b--c--3', 'x'])
})

void t.test('a hundred thousand keys are written, listed and deleted', async t => {
  const served = await serve(t)
  const { catalog } = served
  const value = Buffer.from('x')
  for (let i = 0; i < 100; i++) {
    await Promise.all(
      Array.from({ length: 1000 }, (_, j) =>
        catalog.execute(kvPut({ key: `bulk/${((i * 1000 + j) * 7919) % 100_000}`, flags: 0n, value })),
      ),
    )
  }
  const all = (await served.get('/v1/kv/bulk/?keys')).json() as string[]
  t.equal(all.length, 100_000)
  t.same(all, [...all].sort())
  t.equal(((await served.get('/v1/kv/bulk/1234?recurse')).json() as unknown[]).length, 11)
  const before = catalog.revision
  t.equal((await remove(served, '/v1/kv/bulk/1?recurse')).body, 'true')
  t.equal(catalog.revision, before + 1, 'in one transaction')
  t.equal(((await served.get('/v1/kv/bulk/?keys')).json() as string[]).length, 100_000 - 11_111)
})
