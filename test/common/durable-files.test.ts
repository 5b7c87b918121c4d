import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import {
  flushFolder,
  flushFolderSync,
  openToAppend,
  removeFileSync,
  removeTemporaries,
  replaceFile,
  replaceFileSync,
  replaceVerified,
  SharedFlush,
} from '../../src/common/durable-files.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

const ways: readonly (readonly [string, (file: string, content: string) => Promise<void>])[] = [
  [
    'at once',
    (file, content) =>
      new Promise(resolve => {
        replaceFileSync(file, content)
        resolve()
      }),
  ],
  ['without holding anything up', (file, content) => replaceFile(file, content)],
]

for (const [way, replace] of ways) {
  t.test(`a content is replaced whole, or not at all: ${way}`, async t => {
    const folder = temporaryDirectory(t)
    const file = path.join(folder, 'file')
    await replace(file, 'one, which is longer')
    await replace(file, 'two')
    t.equal(fs.readFileSync(file, 'utf8'), 'two')
    t.equal(fs.statSync(file).mode & 0o777, 0o600)
    fs.mkdirSync(path.join(folder, 'taken'))
    await t.rejects(replace(path.join(folder, 'taken'), 'x'), { code: 'EISDIR' })
    t.same(fs.readdirSync(folder).sort(), ['file', 'taken'], 'nothing is left beside it')
    await t.rejects(replace(path.join(folder, 'absent', 'file'), 'x'), { code: 'ENOENT' })
  })
}

t.test('a content gets its name once it was looked at, and none where that finds a fault', async t => {
  const folder = temporaryDirectory(t)
  const file = path.join(folder, 'file')
  const seen = await replaceVerified(file, Buffer.from('good'), async temporary => {
    t.notOk(fs.existsSync(file))
    return fs.promises.readFile(temporary, 'utf8')
  })
  t.equal(seen, 'good')
  await t.rejects(
    replaceVerified(file, 'bad', () => Promise.reject(new Error('not this one'))),
    { message: 'not this one' },
  )
  t.equal(fs.readFileSync(file, 'utf8'), 'good')
  t.same(fs.readdirSync(folder), ['file'])
})

t.test('an appended file is made where there is none, and grows', async t => {
  const file = path.join(temporaryDirectory(t), 'file')
  for (const text of ['one\n', 'two\n']) {
    const opened = await openToAppend(file)
    await opened.append(text)
    await opened.close()
  }
  t.equal(fs.readFileSync(file, 'utf8'), 'one\ntwo\n')
  t.equal(fs.statSync(file).mode & 0o777, 0o600)
})

t.test('a removal of what is not there is none', t => {
  const folder = temporaryDirectory(t)
  const file = path.join(folder, 'file')
  fs.writeFileSync(file, '')
  removeFileSync(file)
  removeFileSync(file)
  removeFileSync(path.join(folder, 'absent', 'file'))
  t.same(fs.readdirSync(folder), [])
  t.end()
})

t.test('a folder whose file system flushes none is taken as it is, one that is not there is not', async t => {
  flushFolderSync('/proc')
  await flushFolder('/proc')
  t.throws(
    () => {
      flushFolderSync('/absent')
    },
    { code: 'ENOENT' },
  )
  await t.rejects(flushFolder('/absent'), { code: 'ENOENT' })
})

t.test('flushes asked for together are one, and one asked for later is another', async t => {
  const folder = temporaryDirectory(t)
  const shared = new SharedFlush(folder)
  const first = shared.flush()
  t.equal(shared.flush(), first)
  await first
  fs.rmSync(folder, { recursive: true })
  await t.rejects(shared.flush(), { code: 'ENOENT' })
})

t.test('remains are those files that end with tmp, where they are ours', async t => {
  const folder = t.testdir({ 'a.12abtmp': '', 'b.tmp': '', 'kept': '', 'tmp.json': '', 'folder.tmp': {} })
  t.same(
    removeTemporaries(folder, name => name.startsWith('a')),
    [path.join(folder, 'a.12abtmp')],
  )
  t.same(removeTemporaries(folder), [path.join(folder, 'b.tmp')])
  t.same(fs.readdirSync(folder).sort(), ['folder.tmp', 'kept', 'tmp.json'])
  t.same(removeTemporaries(path.join(folder, 'absent')), [])
})
