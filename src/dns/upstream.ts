import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { End } from '../common/end-signal.js'
import { errorMessage } from '../common/errors.js'
import { withDeadline } from '../common/with-deadline.js'

/** A server to ask. */
export interface Upstream {
  readonly text: string
  readonly host: string
  readonly port: number
  readonly family: 4 | 6
}

/**
 * Sends one packet and waits for the one that `isReply` accepts, others being passed over. Gives back the reply, or why
 * there is none. Each exchange has its own connected socket on a random port: an attacker cannot guess the port, and
 * the kernel drops packets from other senders.
 */
export async function exchange(
  upstream: Upstream,
  transport: 'udp' | 'tcp',
  request: Buffer,
  timeout: number,
  isReply: (reply: Buffer) => boolean,
): Promise<Buffer | string> {
  const ask = transport === 'udp' ? askUdp : askTcp
  const ended = await withDeadline<Buffer | Error>(new End(), timeout, done => ask(upstream, request, isReply, done))
  if (Buffer.isBuffer(ended)) return ended
  return ended instanceof Error ? errorMessage(ended) : `no answer within ${timeout / 1000} s`
}

/** Asks, and calls `done` with the reply or with what went wrong; what it gives back ends it. */
type Ask = (
  upstream: Upstream,
  request: Buffer,
  isReply: (reply: Buffer) => boolean,
  done: (outcome: Buffer | Error) => void,
) => () => void

const askUdp: Ask = (upstream, request, isReply, done) => {
  const socket = createSocket(upstream.family === 6 ? 'udp6' : 'udp4')
  let isClosed = false
  socket.on('error', done)
  socket.on('message', reply => {
    if (isReply(reply)) done(reply)
  })
  socket.connect(upstream.port, upstream.host, () => {
    if (!isClosed)
      socket.send(request, error => {
        if (error !== null) done(error)
      })
  })
  return () => {
    isClosed = true
    socket.close()
  }
}

const askTcp: Ask = (upstream, request, isReply, done) => {
  const socket = connect({ host: upstream.host, port: upstream.port })
  let received: Buffer = Buffer.alloc(0)
  socket.on('error', done)
  socket.on('close', () => {
    done(new Error('closed the connection'))
  })
  socket.on('connect', () => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(request.length)
    socket.write(Buffer.concat([length, request]))
  })
  socket.on('data', data => {
    received = Buffer.concat([received, data])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const reply = received.subarray(2, 2 + received.readUInt16BE(0))
      received = received.subarray(2 + reply.length)
      if (isReply(reply)) done(reply)
    }
  })
  return () => {
    socket.destroy()
  }
}
