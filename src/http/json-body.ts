import { MusterError, errorMessage } from '../common/errors.js'
import { findJsonFault } from './json-fault.js'

/** A refusal of a request body, worded as Consul's are. */
export const decodeFailed = (detail: string): MusterError =>
  new MusterError('HTTP_DECODE', `Request decode failed: ${detail}`, { status: 400 })

/**
 * Reads a request's JSON.
 * @throws MusterError 400 with line and column of the first fault.
 */
export function parseJson(body: Buffer): unknown {
  const source = body.toString('utf8')
  if (source.trim() === '') throw decodeFailed('EOF: the body is empty, JSON was expected')
  try {
    return JSON.parse(source)
  } catch (error) {
    const fault = findJsonFault(source)
    throw decodeFailed(fault === undefined ? errorMessage(error) : `${fault.line}:${fault.column} ${fault.message}`)
  }
}
