import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { until } from '../support/until.js'
import { serve } from './support/serve.js'

void t.test('an upload lies in a file of its own while it comes, one at a time, and leaves nothing', async t => {
  const dataDir = t.testdir()
  const served = await serve(t, { dataDir })
  await served.put('/v1/kv/a', 'one')
  const saved = (await served.get('/v1/snapshot')).bytes
  await served.put('/v1/kv/a', 'two')
  const half = saved.length >> 1
  const uploads = (): string[] => fs.readdirSync(dataDir)
  const upload = net.connect(served.port, '127.0.0.1')
  t.teardown(() => upload.destroy())
  let reply = ''
  upload.on('data', data => {
    reply += data.toString()
  })
  upload.write(`PUT /v1/snapshot HTTP/1.1\r\nHost: x\r\nContent-Length: ${saved.length}\r\n\r\n`)
  upload.write(saved.subarray(0, half))
  const [file] = await until(
    'its first half is on the disk',
    () => uploads().some(name => fs.statSync(path.join(dataDir, name)).size === half) && uploads(),
  )
  t.match(file, /\.upload\.tmp$/)
  t.equal(fs.statSync(path.join(dataDir, file ?? '')).mode & 0o777, 0o600)
  t.match(await served.put('/v1/snapshot', saved), { status: 409, body: 'a snapshot is being restored already' })
  upload.write(saved.subarray(half))
  await until('it is answered', () => reply.startsWith('HTTP/1.1 200 '))
  t.equal((await served.get('/v1/kv/a?raw')).body, 'one')
  t.same(uploads(), [])

  t.match(await served.put('/v1/snapshot', gzipSync(Buffer.alloc(1024 * 1024))), {
    status: 500,
    body: /^failed to read snapshot file: meta\.json is missing/,
  })
  t.match(await served.put('/v1/snapshot', saved.subarray(0, half)), { status: 500, body: /unexpected EOF/ })
  t.same(uploads(), [], 'nor does what is refused')

  const broken = net.connect(served.port, '127.0.0.1', () => {
    broken.write(`PUT /v1/snapshot HTTP/1.1\r\nHost: x\r\nContent-Length: ${saved.length}\r\n\r\nx`)
  })
  await until('another one comes', () => uploads().length === 1)
  broken.destroy()
  await until('it leaves with its client', () => uploads().length === 0)
  t.equal((await served.put('/v1/snapshot', saved)).status, 200, "and is in nobody's way")
})

void t.test('archives are made one after the other, and not for disconnected clients', async t => {
  const served = await serve(t)
  await served.put('/v1/kv/a', 'one')
  const save = served.catalog.save.bind(served.catalog)
  let [now, most, made] = [0, 0, 0]
  const release: (() => void)[] = []
  served.catalog.save = async options => {
    most = Math.max(most, ++now)
    made++
    await new Promise<void>(resolve => {
      release.push(resolve)
    })
    now--
    return save(options)
  }
  const asked = Array.from({ length: 3 }, () => served.get('/v1/snapshot'))
  const forced = net.connect(served.port, '127.0.0.1')
  forced.on('error', () => undefined)
  forced.write('GET /v1/snapshot HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('the first is being made', () => release.length === 1)
  forced.destroy()
  await until('it has gone', () => served.metrics.now('http.connections') === 3)
  for (let i = 0; i < 3; i++) {
    await until('the next is being made', () => release.length === 1)
    release.pop()?.()
  }
  for (const reply of await Promise.all(asked)) t.equal(reply.status, 200)
  t.same([most, made], [1, 3])
})
