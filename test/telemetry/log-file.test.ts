import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { LogFile, type LogFileOptions } from '../../src/telemetry/log-file.js'
import { createLogHub } from '../../src/telemetry/index.js'
import { FakeClock } from '../support/fake-clock.js'

function setup(folder: string, options: Partial<LogFileOptions> = {}) {
  const clock = new FakeClock()
  const errors: string[] = []
  const make = (): LogFile =>
    new LogFile(
      { path: join(folder, 'app.log'), rotateBytes: 0, rotateDuration: 0, rotateMaxFiles: 0, ...options },
      clock,
      message => {
        errors.push(message)
      },
    )
  return { clock, errors, make, files: () => readdirSync(folder).sort() }
}

void t.test('names', async t => {
  for (const [path, pattern] of [
    ['app.log', 'app-1000000000000000.log'],
    ['app', 'app-1000000000000000.log'],
    ['deep/er/', 'consul-1000000000000000.log'],
    ['app.x.json', 'app.x-1000000000000000.json'],
  ] as const) {
    const folder = t.testdir({})
    new LogFile(
      { path: `${folder}/${path}`, rotateBytes: 0, rotateDuration: 0, rotateMaxFiles: 0 },
      new FakeClock(),
      () => undefined,
    ).close()
    t.ok(statSync(join(folder, path.includes('/') ? path : '', pattern)).isFile(), path)
  }
  await Promise.resolve()
})

void t.test('a new file once enough bytes are in the old one', t => {
  const { make, files } = setup(t.testdir({}), { rotateBytes: 10 })
  const file = make()
  for (const line of ['12345\n', '67890\n', 'abc\n']) file.write(line)
  file.close()
  const [first, second] = files()
  t.equal(files().length, 2)
  t.equal(readFileSync(join(t.testdirName, first ?? ''), 'utf8'), '12345\n67890\n')
  t.equal(readFileSync(join(t.testdirName, second ?? ''), 'utf8'), 'abc\n')
  t.end()
})

void t.test('a new file once the old one is old enough', async t => {
  const { clock, make, files } = setup(t.testdir({}), { rotateDuration: 60_000 })
  const file = make()
  file.write('a\n')
  await clock.advance(59_999)
  file.write('b\n')
  t.equal(files().length, 1)
  await clock.advance(1)
  file.write('c\n')
  t.equal(files().length, 2)
  file.close()
})

void t.test('how many old files are kept', t => {
  for (const [keep, expected] of [
    [0, 10],
    [2, 3],
    [-1, 1],
  ] as const) {
    const { make, files } = setup(t.testdir({ 'app-notes.log': 'mine', 'other-1.log': 'not ours' }), {
      rotateBytes: 1,
      rotateMaxFiles: keep,
    })
    const file = make()
    for (let i = 0; i < 10; i++) file.write(`${i}\n`)
    file.close()
    const ours = files().filter(name => /^app-\d+\.log$/.test(name))
    t.equal(ours.length, expected)
    t.equal(readFileSync(join(t.testdirName, ours.at(-1) ?? ''), 'utf8'), '9\n', 'the newest among them')
    t.equal(files().length, expected + 2, 'and nothing else is touched')
  }
  t.end()
})

void t.test('a path that cannot be is refused; a failure later is told once, and writing goes on when it can', t => {
  const folder = t.testdir({ file: '' })
  t.throws(() => setup(join(folder, 'file')).make(), {
    code: 'LOG_FILE',
    message: /cannot write the log file .*file\/app.log/,
  })
  const inside = join(folder, 'logs')
  const { make, errors, files } = setup(inside, { rotateBytes: 1 })
  const file = make()
  file.write('1\n')
  rmSync(inside, { recursive: true })
  writeFileSync(inside, 'in the way')
  file.write('2\n')
  file.write('3\n')
  t.equal(errors.length, 1)
  rmSync(inside)
  t.throws(files)
  file.close()
  t.end()
})

void t.test('the hub writes to it what it writes to the stream, without colours', async t => {
  const folder = t.testdir({})
  const written: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      written.push(chunk)
      done()
    },
  })
  const hub = createLogHub({
    level: 'info',
    json: false,
    colors: true,
    stream,
    clock: new FakeClock(),
    file: { path: `${folder}/`, rotateBytes: 0, rotateDuration: 0, rotateMaxFiles: 0 },
  })
  hub.root.info('hello')
  hub.root.debug('quiet')
  await hub.close()
  t.equal(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8'), '1970-01-12T13:46:40.000Z [INFO]  hello\n')
  t.equal(written.length, 1)
})
