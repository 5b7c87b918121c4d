import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { errorMessage } from '../common/errors.js'

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
export function exchange(
  upstream: Upstream,
  transport: 'udp' | 'tcp',
  request: Buffer,
  timeout: number,
  isReply: (reply: Buffer) => boolean,
): Promise<Buffer | string> {
  return transport === 'udp'
    ? exchangeUdp(upstream, request, timeout, isReply)
    : exchangeTcp(upstream, request, timeout, isReply)
}

function exchangeUdp(
  upstream: Upstream,
  request: Buffer,
  timeout: number,
  isReply: (reply: Buffer) => boolean,
): Promise<Buffer | string> {
  return new Promise(resolve => {
    const socket = createSocket(upstream.family === 6 ? 'udp6' : 'udp4')
    let done = false
    const finish = (outcome: Buffer | string): void => {
      if (done) return
      done = true
      clearTimeout(late)
      socket.close()
      resolve(outcome)
    }
    const late = setTimeout(() => {
      finish(noAnswer(timeout))
    }, timeout)
    socket.on('error', error => {
      finish(errorMessage(error))
    })
    socket.on('message', reply => {
      if (isReply(reply)) finish(reply)
    })
    socket.connect(upstream.port, upstream.host, () => {
      if (!done)
        socket.send(request, error => {
          if (error !== null) finish(errorMessage(error))
        })
    })
  })
}

function exchangeTcp(
  upstream: Upstream,
  request: Buffer,
  timeout: number,
  isReply: (reply: Buffer) => boolean,
): Promise<Buffer | string> {
  return new Promise(resolve => {
    const socket = connect({ host: upstream.host, port: upstream.port })
    let received: Buffer = Buffer.alloc(0)
    const finish = (outcome: Buffer | string): void => {
      clearTimeout(late)
      socket.destroy()
      resolve(outcome)
    }
    const late = setTimeout(() => {
      finish(noAnswer(timeout))
    }, timeout)
    socket.on('error', error => {
      finish(errorMessage(error))
    })
    socket.on('close', () => {
      finish('closed the connection')
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
        if (isReply(reply)) finish(reply)
      }
    })
  })
}

const noAnswer = (timeout: number): string => `no answer within ${timeout / 1000} s`
