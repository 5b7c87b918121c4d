import type { IncomingMessage } from 'node:http'
import { MusterError } from '../common/errors.js'

/**
 * Reads a call's JSON body, at most `limit` bytes. An empty one is undefined.
 * @throws MusterError 413 CLUSTER_TOO_LARGE, 400 CLUSTER_BAD_CALL, and CLUSTER_ABORTED when the caller goes away in the
 *   middle
 */
export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit)
        throw new MusterError('CLUSTER_TOO_LARGE', `the call's body is larger than ${limit} bytes`, { status: 413 })
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof MusterError) throw error
    throw new MusterError('CLUSTER_ABORTED', 'the caller went away before its call was complete', {
      status: 400,
      cause: error,
    })
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch (error) {
    throw new MusterError('CLUSTER_BAD_CALL', "the call's body is no JSON", { status: 400, cause: error })
  }
}
