import assert from 'node:assert/strict'
import type { ServerHttp2Stream } from 'node:http2'
import net from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { systemClock } from '../../../src/common/clock.js'
import { GrpcFault } from '../../../src/store/etcd/grpc/fault.js'
import { encodeHeaders } from '../../../src/store/etcd/grpc/hpack.js'
import { Http2Connection, type StreamSink } from '../../../src/store/etcd/grpc/http2-connection.js'
import { prefixed } from '../../../src/store/etcd/grpc/message-reader.js'
import { channelTo, echo, node, respond } from './peers.js'

const timeout = 10_000

/** Bytes that differ from place to place. */
const bytesOf = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255))

void t.test('messages of any size, through windows of any size, a few at a time', async t => {
  for (const settings of [
    {},
    { initialWindowSize: 10, maxConcurrentStreams: 2 },
    { initialWindowSize: 5000, maxConcurrentStreams: 1, maxFrameSize: 100_000 },
  ]) {
    let [open, most] = [0, 0]
    const endpoint = await node(t, settings, stream => {
      most = Math.max(most, ++open)
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => {
        pieces.push(piece)
      })
      stream.on('end', () => {
        respond(stream, Buffer.concat(pieces))
        open--
      })
    })
    const channel = channelTo(t, endpoint)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(100), fc.integer({ min: 16_000, max: 17_000 }), fc.nat(200_000)), { maxLength: 6 }),
        async lengths => {
          const sent = lengths.map(bytesOf)
          const received = await Promise.all(sent.map(bytes => channel.call(echo, bytes, { timeout })))
          assert.deepEqual(received, sent)
        },
      ),
      { numRuns: 15 },
    )
    t.ok(most <= (settings.maxConcurrentStreams ?? Infinity), `${most} at a time`)
  }
})

void t.test('more than all windows together comes in one answer, and in a stream of messages', async t => {
  const length = 40_000_000
  const large = Buffer.alloc(length, 'abcdefg')
  const endpoint = await node(t, {}, stream => {
    respond(stream, Buffer.concat([prefixed(large)]))
  })
  const channel = channelTo(t, endpoint)
  t.ok((await channel.call(echo, Buffer.alloc(0), { timeout })).equals(large))
  const messages: number[] = []
  const server = await node(t, {}, stream => {
    respond(stream, Buffer.concat(Array.from({ length: 40 }, () => prefixed(large.subarray(0, 1_000_000)))))
  })
  const fault = await new Promise<Error | undefined>((resolve, reject) => {
    channelTo(t, server)
      .stream(echo, { data: ({ length }) => messages.push(length), end: resolve }, { timeout })
      .then(stream => {
        stream.write(Buffer.alloc(0))
      }, reject)
  })
  t.equal(fault, undefined)
  t.same(messages, Array(40).fill(1_000_000))
})

void t.test("a call's headers do not depend on earlier calls", async t => {
  const heard: unknown[] = []
  const endpoint = await node(t, {}, (stream, headers) => {
    heard.push(Object.fromEntries(Object.entries(headers)))
    respond(stream, prefixed(Buffer.alloc(0)))
  })
  const channel = channelTo(t, endpoint)
  await channel.call(echo, Buffer.alloc(0), { timeout })
  await channel.call(echo, Buffer.alloc(0), { timeout, needsLeader: true })
  const plain = {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'localhost',
    ':path': '/test/Echo',
    'te': 'trailers',
    'content-type': 'application/grpc',
  }
  t.same(heard, [plain, { ...plain, hasleader: 'true' }])
})

void t.test('what an answer says in its status', async t => {
  const printable = fc.string({ minLength: 1, maxLength: 300 }).filter(text => !/^ | $/.test(text))
  const unicode = fc.string({ unit: 'grapheme', maxLength: 50 })
  let says = ''
  const endpoint = await node(t, {}, stream => {
    stream.respond({ ':status': 200, 'grpc-status': '9', 'grpc-message': says }, { endStream: true })
  })
  const channel = channelTo(t, endpoint)
  await fc.assert(
    fc.asyncProperty(fc.oneof(printable, unicode), async text => {
      says = encodeURIComponent(text)
      await assert.rejects(channel.call(echo, Buffer.alloc(0), { timeout }), { code: 9, details: text, sent: true })
    }),
    { numRuns: 100 },
  )
  says = '100 % of it'
  await t.rejects(channel.call(echo, Buffer.alloc(0), { timeout }), { code: 9, details: '100 % of it' })
})

void t.test('how calls fail that the other side breaks off', async t => {
  for (const { what, answer, fault } of [
    {
      what: 'refused',
      answer: (stream: ServerHttp2Stream): void => {
        stream.close(7)
      },
      fault: { code: 14, sent: false },
    },
    {
      what: 'cancelled',
      answer: (stream: ServerHttp2Stream): void => {
        stream.close(8)
      },
      fault: { code: 1, sent: true },
    },
    {
      what: 'an internal error',
      answer: (stream: ServerHttp2Stream): void => {
        stream.close(2)
      },
      fault: { code: 13, sent: true },
    },
    {
      what: 'somebody in between',
      answer: (stream: ServerHttp2Stream): void => {
        stream.respond({ ':status': 503 })
        stream.end('<html>')
      },
      fault: { code: 14, sent: true },
    },
    {
      what: 'a status that is none',
      answer: (stream: ServerHttp2Stream): void => {
        stream.respond({ ':status': 200, 'grpc-status': 'good' }, { endStream: true })
      },
      fault: { code: 2, sent: true },
    },
    {
      what: 'two messages',
      answer: (stream: ServerHttp2Stream): void => {
        respond(stream, Buffer.concat([prefixed(Buffer.alloc(1)), prefixed(Buffer.alloc(1))]))
      },
      fault: { code: 13, sent: true },
    },
    {
      what: 'no message',
      answer: (stream: ServerHttp2Stream): void => {
        respond(stream, Buffer.alloc(0))
      },
      fault: { code: 13, sent: true },
    },
    {
      what: 'half a message',
      answer: (stream: ServerHttp2Stream): void => {
        respond(stream, prefixed(Buffer.alloc(100)).subarray(0, 50))
      },
      fault: { code: 13, sent: true },
    },
    {
      what: 'the connection',
      answer: (stream: ServerHttp2Stream): void => {
        stream.session?.destroy()
      },
      fault: { code: 14, sent: true },
    },
  ]) {
    let broken = true
    const endpoint = await node(t, {}, stream => {
      if (broken) answer(stream)
      else respond(stream, prefixed(Buffer.from('well')))
    })
    const channel = channelTo(t, endpoint)
    await t.rejects(channel.call(echo, Buffer.alloc(0), { timeout }), { name: 'GrpcFault', ...fault }, what)
    broken = false
    t.same(await channel.call(echo, Buffer.alloc(0), { timeout }), Buffer.from('well'), `${what}: the next call`)
  }
})

void t.test('a server that leaves: what it takes goes on, what it does not was not sent', async t => {
  let sessions = 0
  const calls: ServerHttp2Stream[] = []
  const endpoint = await node(t, {}, stream => {
    if (calls.length === 0) sessions++
    calls.push(stream)
    if (calls.length === 2) {
      // It promises the first call only.
      stream.session?.goaway(0, 1)
      const [first] = calls
      setImmediate(() => {
        if (first !== undefined) respond(first, prefixed(Buffer.from('first')))
      })
    }
    if (calls.length > 2) respond(stream, prefixed(Buffer.from('later')))
  })
  const channel = channelTo(t, endpoint)
  const [first, second] = await Promise.allSettled([
    channel.call(echo, Buffer.alloc(0), { timeout }),
    channel.call(echo, Buffer.alloc(0), { timeout }),
  ])
  t.match(first, { status: 'fulfilled', value: Buffer.from('first') })
  t.match(second, { status: 'rejected', reason: { code: 14, sent: false } })
  t.same(await channel.call(echo, Buffer.alloc(0), { timeout }), Buffer.from('later'))
  t.equal(sessions, 1)
})

void t.test(
  'a stream that is open outlasts the time it had to open, and a cancelled call is told to the server',
  async t => {
    let closed: (() => void) | undefined
    const cancelled = new Promise<void>(resolve => {
      closed = resolve
    })
    const endpoint = await node(t, {}, (stream, headers) => {
      if (headers[':path'] === '/test/Never') {
        stream.on('close', () => closed?.())
        return
      }
      stream.respond({ ':status': 200 })
      stream.on('data', (bytes: Buffer) => {
        stream.write(bytes)
      })
    })
    const channel = channelTo(t, endpoint)
    let abort: (() => void) | undefined
    const never = channel.call({ ...echo, path: '/test/Never' }, Buffer.alloc(0), {
      timeout,
      begun: cancel => {
        abort = cancel
      },
    })
    const heard: string[] = []
    let got: (() => void) | undefined
    const ends: unknown[] = []
    const handlers = {
      data: (bytes: Buffer) => {
        heard.push(bytes.toString())
        got?.()
      },
      end: (fault: unknown) => {
        ends.push(fault)
      },
    }
    // The connection is open by the second one.
    for (const name of ['one', 'two']) {
      const short = 30
      const stream = await channel.stream(echo, handlers, { timeout: short })
      await new Promise(resolve => setTimeout(resolve, 3 * short))
      const answer = new Promise<void>(resolve => {
        got = resolve
      })
      stream.write(Buffer.from(name))
      await answer
    }
    t.same(heard, ['one', 'two'])
    t.same(ends, [])
    abort?.()
    await t.rejects(never, { code: 1 })
    await cancelled
  },
)

void t.test('an endpoint that cannot be reached', async t => {
  const endpoint = await node(t, {}, stream => {
    respond(stream, prefixed(Buffer.from('here')))
  })
  const channel = channelTo(t, 'unix:///nonexistent/socket', endpoint)
  await t.rejects(channel.call(echo, Buffer.alloc(0), { timeout }), { code: 14, sent: false, details: /ENOENT/ })
  channel.leave('unix:///nonexistent/socket')
  t.same(await channel.call(echo, Buffer.alloc(0), { timeout }), Buffer.from('here'))
  channel.close()
  await t.rejects(channel.call(echo, Buffer.alloc(0), { timeout }), { code: 'STORE_CLOSED' })
})

void t.test('a connection by itself', async t => {
  const open = async (
    endpoint: string,
    options: { readonly keepAlive: { intervalMs: number; timeoutMs: number }; readonly firstStreamId?: number },
  ): Promise<Http2Connection> => {
    const socket = net.connect(endpoint.replace('unix://', ''))
    await new Promise(resolve => socket.once('connect', resolve))
    const connection = new Http2Connection(socket, { clock: systemClock, ...options })
    t.teardown(() => {
      connection.close(new GrpcFault(1, 'the test is over'))
    })
    await connection.ready
    return connection
  }
  const headers = encodeHeaders([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':authority', 'localhost'],
    [':path', '/'],
  ])
  const outcome = (connection: Http2Connection): Promise<string> =>
    new Promise(resolve => {
      const sink: StreamSink = {
        headers: (_, end) => {
          if (end) resolve('ended')
        },
        data: () => undefined,
        failed: ({ details }) => {
          resolve(details)
        },
      }
      connection.request(headers, sink).write(Buffer.alloc(0), true)
    })
  await t.test('has no more streams than numbers', async t => {
    const endpoint = await node(t, {}, stream => {
      stream.respond({ ':status': 200 }, { endStream: true })
    })
    const keepAlive = { intervalMs: 1000, timeoutMs: 1000 }
    const connection = await open(endpoint, { keepAlive, firstStreamId: 2 ** 31 - 3 })
    t.equal(connection.isUsable, true)
    t.equal(await outcome(connection), 'ended')
    t.equal(await outcome(connection), 'ended')
    t.equal(connection.isUsable, false)
    const nobody = { headers: () => undefined, data: () => undefined, failed: () => undefined }
    t.throws(() => connection.request(headers, nobody), {
      code: 14,
      sent: false,
    })
  })
  await t.test('asks for a sign of life, and is over without one', async t => {
    const keepAlive = { intervalMs: 20, timeoutMs: 100 }
    let end: (() => void) | undefined
    const endpoint = await node(t, {}, stream => {
      end = () => {
        stream.respond({ ':status': 200 }, { endStream: true })
      }
    })
    const living = outcome(await open(endpoint, { keepAlive }))
    await new Promise(resolve => setTimeout(resolve, 250))
    end?.()
    t.equal(await living, 'ended')
    const silent = net.createServer(socket => {
      socket.write(Buffer.from('000000040000000000', 'hex'))
      socket.on('error', () => undefined)
      socket.resume()
    })
    await new Promise<void>(resolve => {
      silent.listen(`${endpoint.replace('unix://', '')}-silent`, resolve)
    })
    t.match(await outcome(await open(`${endpoint}-silent`, { keepAlive })), /nothing was heard for 120 ms/)
    await new Promise(resolve => silent.close(resolve))
  })
})
