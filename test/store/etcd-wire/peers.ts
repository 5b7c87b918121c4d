import http2 from 'node:http2'
import net from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { EtcdChannel } from '../../../src/store/etcd/channel.js'
import { frame, frameType, settingsFrame } from '../../../src/store/etcd/grpc/frames.js'
import type { Method } from '../../../src/store/etcd/methods.js'
import { temporaryDirectory } from '../../support/temporary-directory.js'

/** A call whose messages are bytes. */
export const echo: Method<Buffer, Buffer> = { path: '/test/Echo', encode: bytes => bytes, decode: bytes => bytes }

/** A channel that the end of the test closes. */
export function channelTo(t: Test, ...endpoints: readonly string[]): EtcdChannel {
  const channel = new EtcdChannel({ endpoints })
  t.teardown(() => {
    channel.close()
  })
  return channel
}

async function listening(t: Test, server: net.Server): Promise<string> {
  const path = join(temporaryDirectory(t), 'socket')
  await new Promise<void>(resolve => {
    server.listen(path, resolve)
  })
  return `unix://${path}`
}

/** A server of another maker, Node's own, that answers calls; the endpoint to reach it. */
export async function node(
  t: Test,
  settings: http2.Settings,
  answer: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
): Promise<string> {
  const server = http2.createServer({ settings })
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', session => {
    sessions.add(session)
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    answer(stream, headers)
  })
  t.teardown(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return listening(t, server)
}

/** Answers a call with a message and a good end. */
export function respond(stream: http2.ServerHttp2Stream, message: Buffer): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': '0' })
  })
  stream.end(message)
}

/** What a well-behaved server says first. */
export const introduction = settingsFrame([])

/**
 * A server that says these bytes as soon as somebody connects, and the next ones after the first request, one piece in
 * each turn of the event loop; 'close' and 'reset' end the connection. It counts who came.
 */
export async function hostile(
  t: Test,
  first: Buffer,
  then: Buffer | readonly Buffer[] | 'close' | 'reset' = [],
): Promise<{ readonly endpoint: string; connections: number }> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    found.connections++
    socket.on('error', () => undefined)
    socket.write(first)
    let heard = Buffer.alloc(0)
    let answered = false
    socket.on('data', chunk => {
      heard = Buffer.concat([heard, chunk])
      // The first request is the first time that its path can be read.
      if (answered || !heard.includes(echo.path)) return
      answered = true
      if (then === 'close') socket.end()
      else if (then === 'reset') socket.resetAndDestroy()
      else void say(socket, Buffer.isBuffer(then) ? [then] : then)
    })
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  // Only TCP can be reset.
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as net.AddressInfo
  const found = { endpoint: `http://127.0.0.1:${port}`, connections: 0 }
  return found
}

async function say(socket: net.Socket, pieces: readonly Buffer[]): Promise<void> {
  socket.setNoDelay(true)
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Headers of a good answer (`:status: 200`), and their end (`grpc-status: 0`), in stream 1. */
export const goodHeaders = frame(frameType.headers, 4, 1, Buffer.from([0x88]))
export const goodEnd = frame(
  frameType.headers,
  5,
  1,
  Buffer.concat([Buffer.from([0x00, 11]), Buffer.from('grpc-status'), Buffer.from([1]), Buffer.from('0')]),
)
