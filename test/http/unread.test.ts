import net from 'node:net'
import t, { type Test } from 'tap'
import { until } from '../support/until.js'
import { serve, type Served } from './support/serve.js'

/** A listing too large for the buffers of the system, below any beginning of `big/`. */
const values = 26
const valueBytes = 512 * 1024 - 1

/** Serves it, and counts how often it is put together. */
async function serveLarge(t: Test, options: Parameters<typeof serve>[2] = {}): Promise<Served & { built: number }> {
  const served = await serve(t, {}, options)
  const value = Buffer.alloc(valueBytes, 'v')
  for (let i = 0; i < values; i++) await served.put(`/v1/kv/big/${i}`, value)
  const counted = { ...served, built: 0 }
  const below = served.catalog.kv.below.bind(served.catalog.kv)
  served.catalog.kv.below = prefix => {
    counted.built++
    return below(prefix)
  }
  return counted
}

const line = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** A connection that asks and does not read. */
async function connectUnread(t: Test, port: number, paths: readonly string[]): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined).pause()
  await new Promise<void>(resolve => {
    socket.once('connect', resolve)
  })
  socket.write(paths.map(line).join(''))
  return socket
}

/** Lets all that could happen by now happen. */
async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

void t.test('no answer is built while the one before on its connection is unread', async t => {
  const served = await serveLarge(t)
  const before = served.metrics.now('http.requests') ?? 0
  // No two ask for the same, so that none can be answered with what was built for another.
  const paths = ['', 'b', 'bi', 'big', 'big/'].map(prefix => `/v1/kv/${prefix}?recurse`)
  const socket = await connectUnread(t, served.port, paths)
  await until(
    'all requests have come',
    () => served.metrics.now('http.requests') === before + paths.length && served.built > 0,
  )
  await turns()
  t.equal(served.built, 1)
  let received = 0
  socket
    .on('data', data => {
      received += data.length
    })
    .resume()
  await until('all are answered once they are read', () => received > (paths.length * values * valueBytes * 4) / 3)
  t.equal(served.built, paths.length)
})

void t.test('parameters that a read does not know make no other answer', async t => {
  const served = await serveLarge(t)
  const sockets = await Promise.all(
    [1, 2, 3, 4].map(i => connectUnread(t, served.port, [`/v1/kv/big?recurse=${i}&x=${i}`])),
  )
  await until('it is on its way', () => (served.metrics.now('http.unread_bytes') ?? 0) > 0)
  await turns()
  t.equal(served.built, 1, 'one was built for all of them, though it is too large to be kept')
  for (const socket of sockets) socket.destroy()
  await until('nothing is held for those who have gone', () => served.metrics.now('http.unread_bytes') === 0)
})

void t.test('large unread answers have a common limit', async t => {
  const served = await serveLarge(t, { unreadLimits: { bytes: 20 * 1024 * 1024, small: 1024, timeoutMs: 60_000 } })
  const first = await connectUnread(t, served.port, ['/v1/kv/big?recurse'])
  const held = await until('the first is on its way', () => served.metrics.now('http.unread_bytes'))
  t.match(
    await served.get('/v1/kv/bi?recurse'),
    { status: 503, headers: { 'retry-after': '1' } },
    'no room for another',
  )
  t.equal((await served.get('/v1/kv/big?recurse')).status, 200, 'the same takes no room')
  t.equal((await served.get('/v1/status/leader')).status, 200, 'nor do small ones')
  t.equal(served.metrics.now('http.unread_bytes'), held)
  first.destroy()
  await until('there is room again', () => served.metrics.now('http.unread_bytes') === 0)
  t.equal((await served.get('/v1/kv/bi?recurse')).status, 200)
})

void t.test('a client that takes nothing of a large answer is cut off', async t => {
  const served = await serveLarge(t, { unreadLimits: { bytes: 20 * 1024 * 1024, small: 1024, timeoutMs: 50 } })
  await connectUnread(t, served.port, ['/v1/kv/big?recurse'])
  await until('it is on its way', () => served.built > 0)
  await until('it was cut', () => served.metrics.now('http.connections') === 0)
  t.equal(served.metrics.now('http.unread_bytes'), 0)
})

void t.test('a reader of the log that is too slow is told how many lines it has missed', async t => {
  const { port, logs } = await serve(t)
  const socket = await connectUnread(t, port, ['/v1/agent/monitor'])
  await until('it listens', () => logs.subscribers.size === 1)
  let text = ''
  socket
    .on('data', data => {
      text += data.toString()
    })
    .resume()
  for (let i = 0; i < 10_000; i++) logs.emit('info', `line ${i}`)
  await until('it is told', () => text.includes('[9488 lines were left out'))
  t.ok(text.includes('line 511\n') && !text.includes('line 512\n'))
  text = ''
  for (let i = 0; i < 100; i++) logs.emit('info', 'x'.repeat(10_000))
  await until('long lines count for what they are', () => text.includes('[74 lines were left out'))
})
