import { MusterError, errorMessage } from '../../common/errors.js'
import { LineMap } from '../../common/hcl/line-map.js'
import { jsonBody } from '../../common/json/dialects.js'
import { findJsonFault } from '../../common/json/fault-finder.js'
import { jsonExcess } from './json-excess.js'

/** A refusal of a request body, worded as Consul's are. `hint` says what would help. */
export const decodeFailed = (detail: string, hint?: string): MusterError => refused(usualWords, detail, hint)

/** Runs `read`; a refusal of the body begins with `words` instead of those that most endpoints use. */
export function decodedAs<Value>(words: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MusterError) || !error.message.startsWith(usualWords)) throw error
    throw refused(words, error.message.slice(usualWords.length), error.hint)
  }
}

const usualWords = 'Request decode failed: '

const refused = (words: string, detail: string, hint: string | undefined): MusterError =>
  new MusterError('HTTP_DECODE', `${words}${detail}`, { status: 400, ...(hint !== undefined && { hint }) })

/**
 * Reads a request's JSON.
 * @throws MusterError 400 with line and column of the first fault, and for one that is nested too deep or holds too
 *   many values.
 */
export function parseJson(body: Buffer): unknown {
  const excess = jsonExcess(body)
  if (excess !== undefined) throw decodeFailed(`the body is too much to be read: ${excess}`)
  const source = body.toString('utf8')
  try {
    return JSON.parse(source)
  } catch (error) {
    const fault = findJsonFault(source, jsonBody)
    if (fault === 'empty') throw decodeFailed('EOF: the body is empty, JSON was expected')
    throw decodeFailed(
      fault === undefined ? errorMessage(error) : `${new LineMap(source).label(fault.at)} ${fault.message}`,
    )
  }
}
