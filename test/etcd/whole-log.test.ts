import fs from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { crc32c, readWalPart, stateRecord } from '../../src/etcd/wal-records.js'
import { commitWholeLog, lastEntry } from '../../src/etcd/whole-log.js'
import { milliseconds } from '../../src/common/duration.js'
import { openEtcdStore, type Store } from '../../src/store/index.js'
import { killAll, processesOf } from '../support/processes.js'
import { until } from '../support/until.js'
import { newcomer, openChild, type Child } from './support/child.js'

/** Two members, so that the second is told that an entry is committed with the next one only. */
async function pair(t: Test): Promise<{ readonly first: Child; readonly second: Child }> {
  const first = await openChild(t)
  await first.process.start({ how: 'found' })
  const { second, id } = await newcomer(t, first)
  await until('it is promoted', () =>
    first.process.admin.promote(id).then(
      () => true,
      () => false,
    ),
  )
  return { first, second }
}

const openStore = (child: Child): Store =>
  openEtcdStore({ connection: { endpoints: [child.process.endpoint] }, prefix: 'p/', holdTimeout: milliseconds(5000) })

/** Writes values one after the other through the first, and kills both as soon as the last one is acknowledged. */
async function writeAndKill(
  { first, second }: { readonly first: Child; readonly second: Child },
  values: readonly string[],
): Promise<void> {
  const store = openStore(first)
  for (const [number, value] of values.entries()) {
    await until(
      'it is written',
      async () =>
        (await store.commit({ when: [], then: [{ kind: 'put', key: `k${number}`, value: Buffer.from(value) }] })).ok,
    )
  }
  for (const { directory } of [first, second]) killAll(processesOf(directory, 'etcd'))
  await Promise.all([first.process.stop(), second.process.stop()])
  await store.close()
}

const segments = (child: Child): readonly string[] => {
  const folder = path.join(child.directory, 'data', 'member', 'wal')
  return fs
    .readdirSync(folder)
    .filter(name => name.endsWith('.wal'))
    .sort()
    .map(name => path.join(folder, name))
}

/** Where each record begins. */
function recordsOf(bytes: Buffer): readonly number[] {
  const starts: number[] = []
  for (let at = 0; at < bytes.length && bytes.readBigUInt64LE(at) !== 0n;) {
    starts.push(at)
    const length = Number(bytes.readBigUInt64LE(at) & 0xffff_ffffn)
    at += 8 + length + ((8 - (length % 8)) % 8)
  }
  return starts
}

async function valuesAlone(t: Test, child: Child): Promise<readonly number[]> {
  await child.process.start({ how: 'alone' })
  const store = openStore(child)
  t.teardown(() => store.close())
  const { entries } = await until('it is read', () => store.load().catch(() => undefined))
  return entries.filter(({ key }) => key.startsWith('k')).map(({ value }) => value.length)
}

t.test('the sum is that of RFC 3720, in one go or in pieces', async t => {
  t.equal(crc32c(0, Buffer.alloc(32)), 0x8a9136aa)
  t.equal(crc32c(0, Buffer.alloc(32, 0xff)), 0x62a8ab43)
  t.equal(
    crc32c(
      0,
      Uint8Array.from({ length: 32 }, (_, i) => i),
    ),
    0x46dd794e,
  )
  t.equal(crc32c(crc32c(0, Buffer.from('12345')), Buffer.from('6789')), 0xe3069283)
})

t.test('what an etcd that is killed has acknowledged last is kept by the cluster that it becomes', async t => {
  const both = await pair(t)
  const child = both.second
  await writeAndKill(both, ['one', 'second'])
  const [file = ''] = segments(child)
  const before = readWalPart(fs.readFileSync(file))
  t.ok(before.isClean)
  t.equal(
    before.state?.commit,
    BigInt(before.entry?.index ?? 0) - 1n,
    'it has not noted that the last one is committed',
  )
  t.same(await child.process.lastEntry(), before.entry)
  t.same(await valuesAlone(t, child), [3, 6])
})

t.test('a log of several files', async t => {
  const both = await pair(t)
  const child = both.second
  // A file is followed by another one from 64 MB on, and these are about as large as may be.
  const large = 'x'.repeat(10_400_000)
  await writeAndKill(
    both,
    Array.from({ length: 7 }, () => large),
  )
  const files = segments(child)
  t.ok(files.length > 1)
  const parts = files.map(file => readWalPart(fs.readFileSync(file)))
  t.same(
    parts.map(({ isClean }) => isClean),
    files.map(() => true),
  )
  const entries = parts.flatMap(({ entry }) => entry ?? [])
  t.same(await lastEntry(child.directory), entries.at(-1))
  t.same(
    await valuesAlone(t, child),
    Array.from({ length: 7 }, () => large.length),
  )
  await child.process.stop()

  // A file that has just been begun has no entry yet: a sum, the member and Raft's state.
  const newest = segments(child).at(-1) ?? ''
  const before = segments(child)
    .slice(0, -1)
    .flatMap(file => readWalPart(fs.readFileSync(file)).entry ?? [])
    .at(-1)
  const [, , , fourth = 0] = recordsOf(fs.readFileSync(newest))
  fs.writeFileSync(newest, Buffer.concat([fs.readFileSync(newest).subarray(0, fourth), Buffer.alloc(1 << 20)]))
  t.equal(readWalPart(fs.readFileSync(newest)).entry, undefined)
  t.ok(before)
  t.same(await lastEntry(child.directory), before)
})

t.test('any vote and term', async t => {
  for (const state of [
    { term: 0n, vote: 0n, commit: 0n },
    { term: 300n, vote: 2n ** 64n - 1n, commit: 2n ** 40n },
  ]) {
    const opening = stateRecord({ term: 1n, vote: 2n, commit: 3n }, 0)
    const part = readWalPart(
      Buffer.concat([opening, stateRecord(state, readWalPart(opening).checksum), Buffer.alloc(64)]),
    )
    t.same(part.state, state)
    t.equal(part.isClean, true)
    t.equal(part.end % 8, 0)
  }
})

t.test('a log that is cut or altered is read up to there and left alone', async t => {
  const both = await pair(t)
  const child = both.second
  await writeAndKill(both, ['one', 'second'])
  const [file = ''] = segments(child)
  const whole = fs.readFileSync(file)
  const { end, entry } = readWalPart(whole)
  // Records of Raft's state stand behind the entry or not, as it came; the last record is found from what is left.
  const last = recordsOf(whole).at(-1) ?? 0
  for (let cut = last + 1; cut < end; cut++) {
    const bytes = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(whole.length - cut)])
    if (bytes.equals(whole)) continue
    const part = readWalPart(bytes)
    t.equal(part.end, last, `cut at ${cut - last} of ${end - last}`)
  }
  for (let at = last + 8; at < end; at++) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 0x10
    const part = readWalPart(bytes)
    // The padding is looked at by nobody.
    if (part.end !== end) t.match(part, { end: last, isClean: false }, `altered at ${at - last}`)
    else t.ok(at >= end - 7)
  }
  t.equal(
    readWalPart(Buffer.concat([whole.subarray(0, end), Buffer.alloc(64), Buffer.from('left over')])).isClean,
    false,
  )
  const altered = Buffer.from(whole)
  altered[last + 12] = (altered[last + 12] ?? 0) ^ 1
  fs.writeFileSync(file, altered)
  t.equal(await commitWholeLog(child.directory), 0)
  t.ok(fs.readFileSync(file).equals(altered))
  fs.writeFileSync(file, whole)
  t.equal(await commitWholeLog(child.directory), 1)
  t.equal(await commitWholeLog(child.directory), 0, 'once is enough')
  t.match(readWalPart(fs.readFileSync(file)), { entry, isClean: true, state: { commit: BigInt(entry?.index ?? 0) } })
  t.equal(
    await lastEntry(path.join(child.directory, 'none')).catch(
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    ),
    'ENOENT',
  )
})
