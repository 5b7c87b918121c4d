import type { Reader } from './decode.js'
import { decodeFailed, parseJson } from './json-body.js'
import { jsonStringEnd } from './json-string-end.js'

/** What stands in a body for a whole number that JavaScript cannot hold: no reader but {@link uint64} takes it. */
const standIn = 'uint64'

const longNumber = /(?<![\d.eE+-])\d{16,20}(?![\d.eE])/g

/** Reads a body of JSON without rounding whole numbers, for readers that use {@link uint64}. @throws MusterError 400 */
export function decodeExactly<Value>(body: Buffer, reader: Reader<Value>): Value {
  const rounded = parseJson(body)
  const source = body.toString('utf8')
  return reader(/\d{16}/.test(source) ? JSON.parse(keepBigNumbers(source)) : rounded, '')
}

/** JSON text in which whole numbers of 16 digits and more, which reading would round, stand as objects that keep their digits. */
function keepBigNumbers(source: string): string {
  const parts: string[] = []
  let from = 0
  for (;;) {
    const quote = source.indexOf('"', from)
    const outside = quote < 0 ? source.slice(from) : source.slice(from, quote)
    parts.push(outside.replace(longNumber, digits => `{"${standIn}":"${digits}"}`))
    if (quote < 0) return parts.join('')
    const end = jsonStringEnd(source, quote)
    parts.push(source.slice(quote, end))
    from = end
  }
}

const most = 0xffff_ffff_ffff_ffffn

/** An unsigned 64-bit number in a body that {@link decodeExactly} reads. */
export const uint64: Reader<bigint> = (value, where) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  const digits = typeof value === 'object' && value !== null && standIn in value && Object.keys(value).length === 1 ? value[standIn] : undefined
  if (typeof digits === 'string' && /^\d{1,20}$/.test(digits) && BigInt(digits) <= most) return BigInt(digits)
  throw decodeFailed(`${where}: expected a whole number from 0 to ${most}`)
}
