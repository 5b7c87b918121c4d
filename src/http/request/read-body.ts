import type { IncomingMessage } from 'node:http'
import { MusterError } from '../../common/errors.js'
import { aborted } from './aborted.js'

/**
 * Reads a request's body, at most `limit` bytes.
 * @throws MusterError 413 HTTP_TOO_LARGE, and HTTP_ABORTED when the client goes away in the middle.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = announcedBytes(request)
  if (announced > limit) throw tooLarge(announced, limit)
  const arrived = arrivedBody(request)
  if (arrived !== undefined) return arrived
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (finish: () => void): void => {
      request.off('data', take).off('end', done).off('close', leave).off('error', leave)
      finish()
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      // Node reads and discards the rest, within the request timeout.
      if (size > limit)
        settle(() => {
          request.resume()
          reject(tooLarge(size, limit))
        })
    }
    const done = (): void => {
      settle(() => {
        resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks))
      })
    }
    const leave = (): void => {
      settle(() => {
        reject(incomplete())
      })
    }
    request.on('data', take).on('end', done).on('close', leave).on('error', leave)
    if (request.readableEnded) done()
  })
}

/**
 * A request's body in pieces, at most `limit` bytes: no piece is read before the one before it has been dealt with.
 * @throws MusterError as {@link readBody}
 */
export async function* readPieces(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  const announced = announcedBytes(request)
  if (announced > limit) throw tooLarge(announced, limit)
  let size = 0
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > limit) throw tooLarge(size, limit)
      yield piece
    }
  } catch (error) {
    if (error instanceof MusterError) throw error
    throw incomplete()
  } finally {
    // Node reads and discards the rest, within the request timeout.
    request.resume()
  }
}

/**
 * The body of a request if all of it is there, as a small one that came with its head is from the next microtask on:
 * taken as it lies there, without the listeners that a longer one needs. Undefined: nothing was taken.
 */
export function arrivedBody(request: IncomingMessage): Buffer | undefined {
  const announced = announcedBytes(request)
  if (!request.complete || announced === 0 || request.readableLength !== announced) return undefined
  return request.read() as Buffer
}

const announcedBytes = (request: IncomingMessage): number => Number(request.headers['content-length'] ?? 0)

const incomplete = (): MusterError => aborted('the client went away before its request was complete')

const tooLarge = (size: number, limit: number): MusterError =>
  new MusterError('HTTP_TOO_LARGE', `Request body(${size} bytes) too large, max size: ${limit} bytes.`, { status: 413 })
