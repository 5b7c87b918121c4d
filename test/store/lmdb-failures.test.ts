import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { open } from 'lmdb'
import t from 'tap'
import type { Test } from 'tap'
import { MusterError } from '../../src/common/errors.js'
import { openLmdbStore } from '../../src/store/index.js'
import { always, put } from './suite.js'

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const temporary = (t: Test): string => {
  const directory = mkdtempSync(join(tmpdir(), 'muster-store-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

void t.test('a second agent is told who has the directory', async t => {
  const directory = temporary(t)
  const store = await openLmdbStore({ directory })
  await t.rejects(openLmdbStore({ directory }), {
    code: 'STORE_LOCKED',
    message: new RegExp(`process ${process.pid}`),
    hint: /-data-dir/,
  })
  await store.commit(always(put('still', 'works')))
  await store.close()

  const child = spawn(process.execPath, [script('crash-writer.js'), directory, 'r'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  await t.rejects(openLmdbStore({ directory }), {
    code: 'STORE_LOCKED',
    message: new RegExp(`process ${child.pid ?? 'none'}`),
  })
  child.kill('SIGKILL')
  await exit
  const again = await openLmdbStore({ directory })
  t.ok(
    (await again.load()).entries.some(({ key }) => key === 'still'),
    'a holder that died is replaced',
  )
  await again.close()
})

void t.test('an agent whose directory was taken by another one stops writing', async t => {
  const directory = temporary(t)
  const store = await openLmdbStore({ directory })
  const intruder = open({
    path: directory,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  })
  await intruder.put(Buffer.from('mowner'), Buffer.from('{"pid":4711,"token":"another"}'))
  await t.rejects(store.commit(always(put('a'))), { code: 'STORE_LOCKED', message: /4711/ })
  t.equal((await store.status()).writable, false)
  await store.close()
})

void t.test('a format it does not know is refused', async t => {
  for (const [key, value, found] of [
    ['mformat', 'muster-store-99', 'muster-store-99'],
    ['other', 'x', 'of another program'],
  ] as const) {
    const directory = temporary(t)
    const foreign = open({ path: directory, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' })
    await foreign.put(Buffer.from(key), Buffer.from(value))
    await foreign.close()
    await t.rejects(openLmdbStore({ directory }), { code: 'STORE_FORMAT', message: new RegExp(found) })
  }
})

void t.test('damage is reported, not hit', async t => {
  const fill = async (directory: string): Promise<void> => {
    const store = await openLmdbStore({ directory })
    await Promise.all(Array.from({ length: 2000 }, (_, i) => store.commit(always(put(`key/${i}`, 'v'.repeat(200))))))
    await store.close()
  }
  const damages: Record<string, (file: string) => void> = {
    'not a database': file => {
      writeFileSync(file, 'x'.repeat(100_000))
    },
    'cut short': file => {
      truncateSync(file, 3 * 4096)
    },
    'a record overwritten': file => {
      const bytes = readFileSync(file)
      for (let at = bytes.indexOf('kkey/'); at >= 0; at = bytes.indexOf('kkey/', at + 1))
        bytes.fill(0xee, at + 5, at + 60)
      writeFileSync(file, bytes)
    },
  }
  for (const [name, damage] of Object.entries(damages)) {
    const directory = temporary(t)
    await fill(directory)
    damage(join(directory, 'data.mdb'))
    // In a process of its own, as a crash is what this is about.
    const code = `import('${script('../../src/store/index.js')}').then(s => s.openLmdbStore({ directory: process.argv[1] })).then(
      () => { console.log('opened') }, error => { console.log(error.code, error.message, error.hint) })`
    const { stdout, status, signal } = spawnSync(process.execPath, ['-e', code, directory], { encoding: 'utf8' })
    t.match(
      { stdout, status, signal },
      { stdout: /^STORE_FAILED .*(damaged|cannot open)/, status: 0, signal: null },
      name,
    )
  }
})

void t.test('a place that is no directory is refused with the reason', async t => {
  const directory = temporary(t)
  writeFileSync(join(directory, 'file'), '')
  await t.rejects(openLmdbStore({ directory: join(directory, 'file') }), {
    code: 'STORE_FAILED',
    hint: /must be a directory/,
  })
  await t.rejects(openLmdbStore({ directory: join(directory, 'file/below') }), MusterError)
})

void t.test('no room for a new store: refused, where mapped files would kill the process', t => {
  const directory = join(temporary(t), 'new')
  const { stdout, status, signal } = spawnSync(
    'bash',
    [
      '-c',
      'trap "" XFSZ; ulimit -f 16; unset NODE_OPTIONS; exec "$@"',
      'bash',
      process.execPath,
      '-e',
      `import('${script('../../src/store/index.js')}').then(s => s.openLmdbStore({ directory: process.argv[1] })).then(
      () => { console.log('opened') }, error => { console.log(error.code, error.hint) })`,
      directory,
    ],
    { encoding: 'utf8' },
  )
  t.match({ stdout, status, signal }, { stdout: /^STORE_FULL free space/, status: 0, signal: null })
  t.same(readdirSync(directory), [], 'nothing is left behind')
  t.end()
})

void t.test('no room: refused whole, nothing lost, and writes resume', t => {
  const directory = temporary(t)
  // The limit on file sizes, in KiB, stands for a full disk: writing past it fails in the same place.
  // What a test runner loads into each process would end it at the signal for that.
  const { stdout, status } = spawnSync(
    'bash',
    [
      '-c',
      'trap "" XFSZ; ulimit -f 4096; unset NODE_OPTIONS; exec "$@"',
      'bash',
      process.execPath,
      script('full-writer.js'),
      directory,
    ],
    { encoding: 'utf8' },
  )
  t.equal(status, 0)
  const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  t.match(found, {
    reports: ['STORE_FULL'],
    alternating: [false, true, false],
    codes: ['STORE_FULL'],
    hints: [/free space/],
    same: true,
    writable: true,
  })
  t.equal((found.reports as readonly unknown[]).length, 1, 'one fault is told once')
  t.ok(Number(found.acknowledged) > 100)
  t.equal(found.present, found.acknowledged, 'what was refused is not there, what was acknowledged is')
  t.equal(found.deletion, Number(found.revision) + 1)
  t.equal(found.later, Number(found.revision) + 2)
  t.end()
})
