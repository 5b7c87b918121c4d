import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { readSmallFile } from '../../src/common/small-files.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

t.test('a plain file is read, also through a link; anything else is refused and never waited for', async t => {
  const folder = temporaryDirectory(t)
  const at = (name: string): string => path.join(folder, name)
  fs.writeFileSync(at('file'), 'ä')
  fs.symlinkSync('file', at('link'))
  fs.symlinkSync('nothing', at('dangling'))
  fs.mkdirSync(at('folder'))
  spawnSync('mkfifo', [at('pipe')])
  const server = net.createServer()
  await new Promise<void>(resolve => {
    server.listen(at('socket'), resolve)
  })
  t.teardown(() => {
    server.close()
  })
  fs.writeFileSync(at('large'), '')
  fs.truncateSync(at('large'), 2 ** 30)
  t.equal(readSmallFile(at('file')), 'ä')
  t.equal(readSmallFile(at('link')), 'ä')
  t.equal(readSmallFile(at('absent')), undefined)
  t.equal(readSmallFile(at('dangling')), undefined)
  for (const [name, found] of [
    ['folder', 'a directory'],
    ['pipe', 'a pipe (FIFO)'],
    ['socket', 'a socket'],
    ['large', 'a file of 1073741824 bytes'],
  ] as const) {
    t.throws(() => readSmallFile(at(name)), {
      code: 'NOT_A_FILE',
      message: `${at(name)} is ${found}, where a small file is expected`,
      hint: /move .* away/,
    })
  }
  t.throws(() => readSmallFile('/dev/zero'), { code: 'NOT_A_FILE', message: /is a device/ })
  t.throws(() => readSmallFile(path.join(at('file'), 'below')), { code: 'ENOTDIR' })
})
