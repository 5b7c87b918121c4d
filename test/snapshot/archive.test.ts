import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import {
  checkArchive,
  countKv,
  countRecords,
  readArchive,
  writeArchive,
  type SnapshotRecord,
} from '../../src/snapshot/index.js'
import { packTar } from '../../src/snapshot/tar.js'
import { unpackTar } from '../support/unpack-tar.js'

const meta = { ID: '3-61-1795365059157', Index: 61, Term: 3, Build: '0.1.0', Datacenter: 'dc1' }
const at = 1_795_365_059_157
const limit = 1024 * 1024
const record = (key: string, value: string | Uint8Array = ''): SnapshotRecord => ({
  key,
  value: Buffer.from(value),
  created: 2,
  modified: 2 ** 40,
})
const plain = (records: readonly SnapshotRecord[]): unknown =>
  records.map(({ value, ...rest }) => ({ ...rest, value: Buffer.from(value).toString('base64') }))

void t.test('written records are read back, whatever their content', async t => {
  const records = fc.array(
    fc.record({
      key: fc.string({ minLength: 1, unit: 'grapheme' }),
      value: fc.uint8Array(),
      created: fc.nat(),
      modified: fc.maxSafeNat(),
    }),
  )
  await fc.assert(
    fc.asyncProperty(records, async records => {
      const saved = await readArchive(await writeArchive({ meta, records }, at), { limit })
      t.same(plain(saved.records), plain(records))
      t.match(saved.meta, { ...meta, Version: 1 })
    }),
    { numRuns: 50 },
  )
})

void t.test('an archive that was cut off or altered anywhere is refused', async t => {
  const bytes = await writeArchive({ meta, records: [record('kv/a', 'one'), record('kv/b', 'two')] }, at)
  const refused = { code: 'SNAPSHOT_INVALID', status: 500 }
  for (let length = 0; length < bytes.length; length += 7)
    await t.rejects(readArchive(bytes.subarray(0, length), { limit }), refused, `${length} bytes of it`)
  const tar = gunzipSync(bytes)
  // Every byte of the three files; what fills up the blocks between them says nothing.
  for (const { data, name } of unpackTar(tar)) {
    for (let i = 0; i < data.length; i += 3) {
      const altered = Buffer.from(tar)
      const place = data.byteOffset - tar.byteOffset + i
      altered[place] = (altered[place] ?? 0) ^ 1
      await t.rejects(readArchive(gzipSync(altered), { limit }), refused, `${name} altered at ${i}`)
    }
  }
})

void t.test('each refusal says why', async t => {
  const good = await writeArchive({ meta, records: [record('kv/a', 'one')] }, at)
  const files = unpackTar(gunzipSync(good))
  const repacked = (change: (name: string, data: Buffer) => Buffer | undefined): Buffer => {
    const changed = files.slice(0, 2).flatMap(({ name, data }) => {
      const next = change(name, data)
      return next === undefined ? [] : [{ name, data: next }]
    })
    const sums = changed
      .map(({ name, data }) => `${createHash('sha256').update(data).digest('hex')}  ${name}\n`)
      .join('')
    return gzipSync(packTar([...changed, { name: 'SHA256SUMS', data: Buffer.from(sums) }], 0))
  }
  const cases: readonly [string, Buffer, string | RegExp][] = [
    ['nothing', Buffer.alloc(0), 'failed to decompress snapshot: unexpected EOF'],
    ['text', Buffer.from('not a snapshot'), /^failed to decompress snapshot: /],
    [
      'another archive',
      gzipSync(packTar([{ name: 'x', data: Buffer.alloc(3) }], 0)),
      'failed to read snapshot file: meta.json is missing',
    ],
    ['half a tar', gzipSync(gunzipSync(good).subarray(0, 1024)), 'failed to read snapshot file: unexpected EOF'],
    [
      'a later form',
      repacked((name, data) => (name === 'meta.json' ? Buffer.from('{"Version":2}') : data)),
      /its form has the number 2, and this version reads 1/,
    ],
    [
      'a state of Consul',
      repacked((name, data) => (name === 'state.bin' ? Buffer.from('\x82abc') : data)),
      'failed to read snapshot state: its state was not written by muster',
    ],
    [
      'half a state',
      repacked((name, data) => (name === 'state.bin' ? data.subarray(0, -1) : data)),
      'failed to read snapshot state: unexpected EOF',
    ],
    [
      'half a head',
      repacked((name, data) => (name === 'state.bin' ? data.subarray(0, 12) : data)),
      'failed to read snapshot state: unexpected EOF',
    ],
  ]
  for (const [name, bytes, message] of cases)
    await t.rejects(readArchive(bytes, { limit }), { code: 'SNAPSHOT_INVALID', message }, name)
  const large = repacked((name, data) => (name === 'state.bin' ? Buffer.concat([data, Buffer.alloc(limit)]) : data))
  await t.rejects(readArchive(large, { limit }), {
    message: `failed to read snapshot file: state.bin is larger than ${limit} bytes`,
  })
})

void t.test('no more is decompressed than shows that it is no archive', async t => {
  const huge = 64 * 1024 * 1024
  const about = Buffer.from('{"Version":1}')
  const state = (start: readonly Buffer[]): Buffer =>
    gzipSync(
      packTar(
        [
          { name: 'meta.json', data: about },
          { name: 'state.bin', data: Buffer.concat([...start, Buffer.alloc(huge)]) },
        ],
        0,
      ),
    )
  const magic = Buffer.from('MUSTER\x00\x01')
  const wide = Buffer.alloc(24)
  wide.writeUInt32BE(3)
  wide.writeUInt32BE(huge, 4)
  const cases: readonly [string, Buffer, RegExp][] = [
    ['zeros', gzipSync(Buffer.alloc(huge)), /meta\.json is missing/],
    ['another first file', gzipSync(packTar([{ name: 'x', data: Buffer.alloc(huge) }], 0)), /meta\.json is missing/],
    [
      'a large first file',
      gzipSync(packTar([{ name: 'meta.json', data: Buffer.alloc(huge) }], 0)),
      /meta\.json is larger than/,
    ],
    ['a state of zeros', state([]), /not written by muster/],
    ['a state of empty records', state([magic]), /a record has no key/],
    ['a state of one record', state([magic, wide]), /a record is too large/],
    [
      'something after the end',
      gzipSync(Buffer.concat([gunzipSync(await writeArchive({ meta, records: [] }, at)), Buffer.alloc(huge)])),
      /something follows after its files/,
    ],
  ]
  for (const [name, bytes, message] of cases) {
    let inflated = 0
    let taken = 0
    const pieces = async function* (): AsyncGenerator<Buffer> {
      for (; taken < bytes.length; taken += 1024) yield await Promise.resolve(bytes.subarray(taken, taken + 1024))
    }
    await t.rejects(
      checkArchive(pieces(), {
        limit: 2 * huge,
        onInflated: count => {
          inflated = count
        },
      }),
      { code: 'SNAPSHOT_INVALID', message },
      name,
    )
    t.ok(inflated <= 256 * 1024, `${name}: ${inflated} bytes were decompressed of ${huge}`)
    t.ok(taken < bytes.length, `${name}: ${taken} bytes were taken of ${bytes.length}`)
  }
})

void t.test('tar(1) lists and unpacks it, and sha256sum finds it whole', async t => {
  const folder = t.testdir()
  fs.writeFileSync(path.join(folder, 'x.snap'), await writeArchive({ meta, records: [record('kv/a', 'one')] }, at))
  t.equal(
    execFileSync('tar', ['tzf', 'x.snap'], { cwd: folder, encoding: 'utf8' }),
    'meta.json\nstate.bin\nSHA256SUMS\n',
  )
  execFileSync('tar', ['xzf', 'x.snap'], { cwd: folder })
  t.equal(
    execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' }),
    'meta.json: OK\nstate.bin: OK\n',
  )
  t.equal(fs.statSync(path.join(folder, 'state.bin')).mode & 0o777, 0o600)
})

void t.test('what tar(1) has packed is read', t => {
  const folder = t.testdir({ 'a.txt': 'one', 'sub': { 'b.txt': 'x'.repeat(600) } })
  execFileSync('tar', ['cf', 'x.tar', '--format=ustar', 'a.txt', 'sub'], { cwd: folder })
  t.same(
    unpackTar(fs.readFileSync(path.join(folder, 'x.tar'))).map(({ name, data }) => [name, data.length]),
    [
      ['a.txt', 3],
      ['sub/b.txt', 600],
    ],
  )
  t.end()
})

void t.test('counts', t => {
  const records = [
    record('node/n1', 'x'),
    record('service/n1/web', 'xx'),
    record('kv/app/a/1', 'v'),
    record('kv/app/a/2', 'v'),
    record('kv/app/b', 'v'),
    record('kv/z', ''),
    record('odd/1'),
  ]
  t.same(countRecords(records), [
    { type: 'KVS', count: 4, size: 35 },
    { type: 'Register', count: 2, size: 24 },
    { type: 'Other', count: 1, size: 5 },
  ])
  t.same(countKv(records, 2, ''), [
    { prefix: 'app/a', count: 2, size: 22 },
    { prefix: 'app/b', count: 1, size: 9 },
    { prefix: 'z', count: 1, size: 4 },
  ])
  t.same(countKv(records, 1, 'app/'), [{ prefix: 'app', count: 3, size: 31 }])
  t.end()
})
