import type { IncomingMessage } from 'node:http'
import { MusterError } from '../common/errors.js'

/**
 * Reads a request's body, at most `limit` bytes.
 * @throws MusterError 413 HTTP_TOO_LARGE, and HTTP_ABORTED when the client goes away in the middle.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limit) throw tooLarge(announced, limit)
  // A small body has come with its head: it is taken as it lies there, without the listeners that a longer one needs.
  if (request.complete && request.readableLength === announced && announced > 0) {
    const whole = request.read() as Buffer | null
    if (whole?.length === announced) return whole
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (finish: () => void): void => {
      request.off('data', take).off('end', done).off('close', aborted).off('error', aborted)
      finish()
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      // The rest is read and thrown away by node, within the time a request may take.
      if (size > limit) settle(() => { request.resume(); reject(tooLarge(size, limit)) })
    }
    const done = (): void => { settle(() => { resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)) }) }
    const aborted = (): void => { settle(() => { reject(new MusterError('HTTP_ABORTED', 'the client went away before its request was complete', { status: 400 })) }) }
    request.on('data', take).on('end', done).on('close', aborted).on('error', aborted)
    if (request.readableEnded) done()
  })
}

const tooLarge = (size: number, limit: number): MusterError =>
  new MusterError('HTTP_TOO_LARGE', `Request body(${size} bytes) too large, max size: ${limit} bytes.`, { status: 413 })
