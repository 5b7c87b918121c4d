import { skipString } from './json/skip.js'

/** Represents an integer in parsed JSON that is too large for a JavaScript number. */
const standIn = 'uint64'

const longNumber = /(?<![\d.eE+-])\d{16,20}(?![\d.eE])/g

const maxUint64 = 0xffff_ffff_ffff_ffffn

/**
 * Reads JSON in which whole numbers of 16 digits and more, which `JSON.parse` would round, are kept for {@link
 * readUint64}; to everyone else they are objects.
 * @throws SyntaxError
 */
export function parseExactly(source: string): unknown {
  const rounded: unknown = JSON.parse(source)
  return /\d{16}/.test(source) ? JSON.parse(keepBigNumbers(source)) : rounded
}

/** An unsigned 64-bit number from what {@link parseExactly} read; undefined when it is none. */
export function readUint64(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  const digits =
    typeof value === 'object' && value !== null && standIn in value && Object.keys(value).length === 1
      ? value[standIn]
      : undefined
  return typeof digits === 'string' && /^\d{1,20}$/.test(digits) && BigInt(digits) <= maxUint64
    ? BigInt(digits)
    : undefined
}

function keepBigNumbers(source: string): string {
  const parts: string[] = []
  let from = 0
  for (;;) {
    const quote = source.indexOf('"', from)
    const outside = quote < 0 ? source.slice(from) : source.slice(from, quote)
    parts.push(outside.replace(longNumber, digits => `{"${standIn}":"${digits}"}`))
    if (quote < 0) return parts.join('')
    const end = skipString(source, quote)
    parts.push(source.slice(quote, end))
    from = end
  }
}
