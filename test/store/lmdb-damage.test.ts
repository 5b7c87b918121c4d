import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import t from 'tap'
import { MusterError } from '../../src/common/errors.js'
import { openLmdbStore } from '../../src/store/index.js'
import { damageOf } from '../../src/store/lmdb-check.js'
import { pageSize } from '../../src/store/lmdb-pages.js'
import type { Store } from '../../src/store/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { seeded } from '../support/seeded.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { always, put } from './suite.js'

/**
 * A store with some of everything that the file can hold: several levels of pages, long keys, values on pages of their
 * own, freed pages.
 */
async function fill(directory: string): Promise<void> {
  const store = await openLmdbStore({ directory })
  const value = (i: number): string => `${i}`.repeat(i % 50 === 0 ? 3000 : i % 20)
  await Promise.all(
    Array.from({ length: 400 }, (_, i) =>
      store.commit(always(put(`key/${i}${'x'.repeat(i % 3 === 0 ? 150 : 0)}`, value(i)))),
    ),
  )
  await store.commit(always(put('long'.repeat(600), 'kept by the hash of its key')))
  for (let i = 0; i < 400; i += 5) await store.commit(always({ kind: 'delete', key: `key/${i}` }))
  await store.close()
}

const contentOf = async (store: Store): Promise<readonly string[]> =>
  (await store.load()).entries.map(({ key, value, created, modified }) =>
    [key, Buffer.from(value).toString('hex'), created, modified].join(),
  )

void t.test('any flipped bit in the file: refused with a finding, or nothing is lost', async t => {
  const origin = temporaryDirectory(t)
  await fill(origin)
  const bytes = readFileSync(join(origin, 'data.mdb'))
  let store = await openLmdbStore({ directory: origin })
  const content = await contentOf(store)
  await store.close()
  const sound = readFileSync(join(origin, 'data.mdb'))
  t.equal(damageOf(join(origin, 'data.mdb')), undefined)
  t.equal(sound.length, bytes.length)

  const random = seeded(Number(process.env.DAMAGE_SEED ?? 1))
  const directory = join(temporaryDirectory(t), 'damaged')
  mkdirSync(directory)
  // The headers bit by bit, in steps that come by all of their numbers, and the rest by chance.
  const metaBits = [0, pageSize].flatMap(page =>
    Array.from({ length: 168 }, (_, byte) => 8 * (page + byte) + (byte % 8)),
  )
  const otherBits = Array.from({ length: Number(process.env.DAMAGE_ROUNDS ?? 300) }, () =>
    Math.floor(random() * sound.length * 8),
  )
  const outcomes = { refused: 0, unharmed: 0 }
  for (const bit of [...metaBits, ...otherBits]) {
    const damaged = Buffer.from(sound)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    rmSync(join(directory, 'lock.mdb'), { force: true })
    writeFileSync(join(directory, 'data.mdb'), damaged)
    try {
      store = await openLmdbStore({ directory })
    } catch (error) {
      if (!(error instanceof MusterError) || !/^STORE_(FAILED|FORMAT)$/.test(error.code) || error.hint === undefined)
        t.fail(`bit ${bit}: ${String(error)}`)
      outcomes.refused++
      continue
    }
    outcomes.unharmed++
    const found = await contentOf(store)
    if (found.join('\n') !== content.join('\n')) t.fail(`bit ${bit} changed what is read, and nothing was said`)
    // What is free must not be used by two: writing comes by all of it.
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.commit(always(put(`more/${i}`, 'm'.repeat(2000))))))
    await store.close()
    if (damageOf(join(directory, 'data.mdb')) !== undefined) t.fail(`bit ${bit} harms later writes`)
  }
  t.ok(outcomes.refused > 200 && outcomes.unharmed > 50, JSON.stringify(outcomes))
})

void t.test('pages of other content are refused', async t => {
  const origin = temporaryDirectory(t)
  await fill(origin)
  const sound = readFileSync(join(origin, 'data.mdb'))
  const random = seeded(7)
  const pages = sound.length / pageSize
  const used = Array.from({ length: pages }, (_, page) => page).filter(page => {
    writeFileSync(
      join(origin, 'data.mdb'),
      Buffer.concat([
        sound.subarray(0, page * pageSize),
        Buffer.alloc(pageSize),
        sound.subarray((page + 1) * pageSize),
      ]),
    )
    return damageOf(join(origin, 'data.mdb')) !== undefined
  })
  t.ok(used.length > pages / 3, `${used.length} of ${pages} pages are in use`)
  for (const page of used) {
    const damaged = Buffer.from(sound)
    for (let at = page * pageSize; at < (page + 1) * pageSize; at++) damaged[at] = Math.floor(random() * 256)
    writeFileSync(join(origin, 'data.mdb'), damaged)
    if (damageOf(join(origin, 'data.mdb')) === undefined) t.fail(`page ${page} of chance content is taken`)
    sound.copy(
      damaged,
      page * pageSize,
      ((page + pages - 1) % pages) * pageSize,
      (((page + pages - 1) % pages) + 1) * pageSize,
    )
    writeFileSync(join(origin, 'data.mdb'), damaged)
    if (damageOf(join(origin, 'data.mdb')) === undefined)
      t.fail(`the content of the page before is taken for that of page ${page}`)
  }
  t.end()
})

void t.test('a damaged store is not taken for a new one', async t => {
  const cases: readonly [string, RegExp, (directory: string) => void][] = [
    [
      'emptied',
      /damaged: data\.mdb is empty \(0 bytes\)/,
      directory => {
        truncateSync(join(directory, 'data.mdb'), 0)
      },
    ],
    [
      'cut short',
      /damaged: it has 3 pages/,
      directory => {
        truncateSync(join(directory, 'data.mdb'), 3 * pageSize)
      },
    ],
    [
      'cut within a page',
      /damaged: page 0 is cut off/,
      directory => {
        truncateSync(join(directory, 'data.mdb'), 100)
      },
    ],
    [
      'without its data',
      /damaged: data\.mdb is missing, and lock\.mdb/,
      directory => {
        rmSync(join(directory, 'data.mdb'))
      },
    ],
    [
      'a pipe',
      /damaged: data\.mdb is a pipe \(FIFO\) and not a file/,
      directory => {
        pipe(join(directory, 'data.mdb'))
      },
    ],
    [
      'a pipe for its locks',
      /damaged: lock\.mdb is a pipe/,
      directory => {
        pipe(join(directory, 'lock.mdb'))
      },
    ],
    [
      'a directory',
      /damaged: data\.mdb is a directory/,
      directory => {
        rmSync(join(directory, 'data.mdb'))
        mkdirSync(join(directory, 'data.mdb'))
      },
    ],
  ]
  for (const [name, message, damage] of cases) {
    const directory = temporaryDirectory(t)
    await fill(directory)
    damage(directory)
    await t.rejects(
      openLmdbStore({ directory }),
      { code: 'STORE_FAILED', message, hint: /move it away.*muster snapshot restore FILE/ },
      name,
    )
  }
})

const pipe = (file: string): void => {
  rmSync(file, { force: true })
  spawnSync('mkfifo', [file])
}

void t.test('what LMDB makes anew by itself is no damage', async t => {
  const directory = temporaryDirectory(t)
  await fill(directory)
  writeFileSync(join(directory, 'lock.mdb'), Buffer.alloc(8192, 0xa5))
  let store = await openLmdbStore({ directory })
  t.equal((await store.load()).entries.length, 348)
  await store.close()
  const fresh = temporaryDirectory(t)
  mkdirSync(join(fresh, 'killed-while-it-was-made.new.tmp'))
  writeFileSync(join(fresh, 'room.tmp'), 'x')
  store = await openLmdbStore({ directory: fresh })
  t.same(readdirSync(fresh).sort(), ['data.mdb', 'lock.mdb'], 'what a kill has left is gone')
  await store.close()
})

/** Writes one text over every place where another one stands; gives how many there were. */
function spoil(bytes: Buffer, whole: string, spoilt: string): number {
  let places = 0
  for (let at = bytes.indexOf(whole); at >= 0; at = bytes.indexOf(whole, at + 1)) {
    bytes.write(spoilt, at)
    places++
  }
  return places
}

void t.test('a record that is not what was written is named, and left out when that is asked for', async t => {
  const directory = temporaryDirectory(t)
  await fill(directory)
  const file = join(directory, 'data.mdb')
  const bytes = readFileSync(file)
  for (const [whole, spoilt] of [
    ['kept by the hash', 'KEPT'],
    ['151515151515151', '16'],
  ] as const) {
    t.ok(spoil(bytes, whole, spoilt) > 0)
  }
  writeFileSync(file, bytes)
  t.equal(damageOf(file), undefined, 'the file itself makes sense')
  const damaged = {
    code: 'STORE_FAILED',
    message: /damaged: the record of key "key\/\d*151?\d*x*" is not what was written \(checksum\)/,
    hint: /make the empty file \S+drop-damaged and start again/,
  }
  await t.rejects(openLmdbStore({ directory }), damaged)
  await t.rejects(openLmdbStore({ directory }), damaged, 'trying again changes nothing')

  writeFileSync(join(directory, 'drop-damaged'), '')
  let dropped: readonly string[] = []
  const store = await openLmdbStore({
    directory,
    dropped: keys => {
      dropped = keys
    },
  })
  t.match(dropped.at(-1), /^with the long name of hash [0-9a-f]{64}$/)
  t.equal((await store.load()).entries.length, 348 - dropped.length)
  await store.close()
  t.equal(readdirSync(directory).includes('drop-damaged'), false, 'once')
  const again = await openLmdbStore({ directory })
  t.equal((await again.load()).entries.length, 348 - dropped.length)
  await again.close()
})

/** A record as the first format has it: no checksum. */
function formerRecord(
  created: number,
  modified: number,
  value: string,
  lease?: { readonly id: string; readonly ttl: number },
): Buffer {
  const head = Buffer.alloc(13)
  head[0] = 0x10 | (lease === undefined ? 0 : 1)
  head.writeUIntBE(created, 1, 6)
  head.writeUIntBE(modified, 7, 6)
  if (lease === undefined) return Buffer.concat([head, Buffer.from(value)])
  const ttl = Buffer.alloc(8)
  ttl.writeDoubleBE(lease.ttl)
  return Buffer.concat([head, Buffer.from([lease.id.length]), Buffer.from(lease.id), ttl, Buffer.from(value)])
}

async function formerStore(directory: string, records: number): Promise<void> {
  const database = open<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    pageSize,
    overlappingSync: false,
    eventTurnBatching: false,
  })
  await database.batch(() => {
    void database.put(Buffer.from('mformat'), Buffer.from('muster-store-1'))
    void database.put(Buffer.from('mrevision'), Buffer.from([0, 0, 0, 0, 0xff, 0xff]))
    for (let i = 0; i < records; i++)
      void database.put(Buffer.from(`kold/${i}`), formerRecord(2 + i, 2 + i, `value ${i}`))
    void database.put(Buffer.from('kleased'), formerRecord(7, 9, 'with a lease', { id: 'the-lease', ttl: 15_000 }))
  })
  await database.close()
}

void t.test('a store of the format before gets its checksums, and nothing else changes', async t => {
  const directory = temporaryDirectory(t)
  await formerStore(directory, 12_000)
  const clock = new FakeClock()
  for (const time of ['first', 'second']) {
    const store = await openLmdbStore({ directory, clock })
    const { revision, entries } = await store.load()
    t.equal(revision, 0xffff, time)
    t.equal(entries.length, 12_001)
    const leased = entries.find(({ key }) => key === 'leased')
    t.match(leased, { created: 7, modified: 9 })
    t.equal(Buffer.from(leased?.value ?? []).toString(), 'with a lease')
    t.ok(
      entries.every(
        ({ key, value, modified }) =>
          key === 'leased'
          || (Buffer.from(value).toString() === `value ${key.slice(4)}` && modified === 2 + Number(key.slice(4))),
      ),
    )
    await store.close()
  }
  const bytes = readFileSync(join(directory, 'data.mdb'))
  const spoilt = Buffer.from(bytes)
  t.ok(spoil(spoilt, 'value 77', 'VALUE') > 0)
  writeFileSync(join(directory, 'data.mdb'), spoilt)
  await t.rejects(openLmdbStore({ directory }), {
    code: 'STORE_FAILED',
    message: /the record of key "old\/77\d*" is not what was written \(checksum\)/,
  })
})

void t.test(
  'a directory that is moved away or replaced while the store is open: writes are refused until it is back',
  async t => {
    const parent = temporaryDirectory(t)
    const directory = join(parent, 'store')
    const clock = new FakeClock()
    const reports: (string | undefined)[] = []
    const store = await openLmdbStore({
      directory,
      clock,
      report: fault => {
        reports.push(fault?.message)
      },
    })
    await store.commit(always(put('a')))
    t.match(await store.status(), { writable: true, reason: undefined })

    renameSync(directory, join(parent, 'elsewhere'))
    await clock.advance(5_001)
    t.match(
      reports,
      [/takes no writes: its data\.mdb was removed or moved away, so what is written would be lost/],
      'found without a write',
    )
    await t.rejects(store.commit(always(put('b'))), {
      code: 'STORE_DISPLACED',
      status: 500,
      hint: /put the directory back/,
    })
    t.match(await store.status(), { writable: false, reason: /removed or moved away/ })

    cpSync(join(parent, 'elsewhere'), directory, { recursive: true })
    await t.rejects(store.commit(always(put('c'))), { code: 'STORE_DISPLACED', message: /replaced by another file/ })

    rmSync(directory, { recursive: true })
    renameSync(join(parent, 'elsewhere'), directory)
    await clock.advance(5_001)
    t.equal(reports.at(-1), undefined, 'that it is back is told, too')
    t.equal(reports.length, 3)
    t.equal((await store.commit(always(put('d')))).ok, true)
    t.same(
      (await store.load()).entries.map(({ key }) => key),
      ['a', 'd'],
    )
    await store.close()
  },
)
