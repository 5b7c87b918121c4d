import { parseExactly, readUint64 } from '../../common/big-numbers.js'
import type { Reader } from './decode.js'
import { decodeFailed, parseJson } from './json-body.js'

/** Reads a body of JSON without rounding whole numbers, for readers that use {@link uint64}. @throws MusterError 400 */
export function decodeExactly<Value>(body: Buffer, reader: Reader<Value>): Value {
  // Parse with the reader first that reports the place of an error.
  parseJson(body)
  return reader(parseExactly(body.toString('utf8')), '')
}

/** An unsigned 64-bit number in a body that {@link decodeExactly} reads. */
export const uint64: Reader<bigint> = (value, where) => {
  const read = readUint64(value)
  if (read === undefined) throw decodeFailed(`${where}: expected a whole number from 0 to ${0xffff_ffff_ffff_ffffn}`)
  return read
}
