import { decodeHuffman } from './huffman.js'

/** Headers by their names; where a name comes twice, the last one counts. */
export type Headers = ReadonlyMap<string, string>

/** The static table of RFC 7541, appendix A, from index 1 on. */
const table: readonly (readonly [name: string, value: string])[] = [
  ...pairs(':authority', ''),
  ...pairs(':method', 'GET', 'POST'),
  ...pairs(':path', '/', '/index.html'),
  ...pairs(':scheme', 'http', 'https'),
  ...pairs(':status', '200', '204', '206', '304', '400', '404', '500'),
  ...pairs('accept-charset', ''),
  ...pairs('accept-encoding', 'gzip, deflate'),
  ...[
    ...['accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age', 'allow', 'authorization'],
    ...['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-length'],
    ...['content-location', 'content-range', 'content-type', 'cookie', 'date', 'etag', 'expect', 'expires', 'from'],
    ...['host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified'],
    ...['link', 'location', 'max-forwards', 'proxy-authenticate', 'proxy-authorization', 'range', 'referer', 'refresh'],
    ...['retry-after', 'server', 'set-cookie', 'strict-transport-security', 'transfer-encoding', 'user-agent', 'vary'],
    ...['via', 'www-authenticate'],
  ].flatMap(name => pairs(name, '')),
]

function pairs(name: string, ...values: readonly string[]): (readonly [string, string])[] {
  return values.map(value => [name, value])
}

/** How a header begins that is written out: one that nobody need remember, or that nobody may (section 6.2). */
const literal = { plain: 0x00, secret: 0x10 } as const

/** Headers that are secrets. */
const secrets = new Set(['token'])

/**
 * Headers as a block that stands alone: it neither uses nor changes a dynamic table, so it can be sent again and again.
 */
export const encodeHeaders = (headers: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(
    headers.map(([name, value]) => {
      const known = table.findIndex(([other, text]) => other === name && text === value) + 1
      if (known > 0) return Buffer.from([0x80 | known])
      return Buffer.concat([
        Buffer.from([secrets.has(name) ? literal.secret : literal.plain]),
        encodeText(name),
        encodeText(value),
      ])
    }),
  )

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  if (bytes.length < 127) length.push(bytes.length)
  else {
    length.push(127)
    let left = bytes.length - 127
    for (; left >= 128; left >>>= 7) length.push((left & 127) | 128)
    length.push(left)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

/** A block of headers broke the rules of RFC 7541, or used a table that the other side was told not to have. */
export class MalformedHeaders extends Error {
  constructor(what: string) {
    super(`malformed headers: ${what}`)
    this.name = 'MalformedHeaders'
  }
}

/** How many blocks are remembered: nearly all answers begin and end with the same ones. */
const maxRemembered = 16

/** Reads blocks of headers of somebody who was told to have no dynamic table. */
export class HeaderReader {
  readonly #remembered = new Map<string, Headers>()

  /** @throws MalformedHeaders */
  read(block: Buffer): Headers {
    const bytes = block.toString('latin1')
    const known = this.#remembered.get(bytes)
    if (known !== undefined) return known
    const headers = new Block(block).read()
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear()
    this.#remembered.set(bytes, headers)
    return headers
  }
}

class Block {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  read(): Headers {
    const headers = new Map<string, string>()
    while (this.#at < this.#bytes.length) {
      const first = this.#bytes[this.#at] ?? 0
      if (first >= 0x80) headers.set(...this.#indexed(this.#integer(7)))
      else if ((first & 0xe0) === 0x20) {
        if (this.#integer(5) !== 0) throw new MalformedHeaders('a dynamic table, where none is allowed')
      } else {
        const index = this.#integer((first & 0xc0) === 0x40 ? 6 : 4)
        const name = index === 0 ? this.#text() : this.#indexed(index)[0]
        headers.set(name, this.#text())
      }
    }
    return headers
  }

  #indexed(index: number): readonly [string, string] {
    const found = table[index - 1]
    if (found === undefined) throw new MalformedHeaders(`index ${index} of a table that has ${table.length}`)
    return found
  }

  /** The number in the last bits of a byte, and those behind it (RFC 7541, section 5.1). */
  #integer(bits: number): number {
    const most = 2 ** bits - 1
    let value = this.#byte() & most
    if (value < most) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte()
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw new MalformedHeaders('a number is too long')
  }

  #text(): string {
    const coded = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0
    const length = this.#integer(7)
    if (length > this.#bytes.length - this.#at) throw new MalformedHeaders('they end too early')
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    if (!coded) return bytes.toString('latin1')
    const text = decodeHuffman(bytes)
    if (text === undefined) throw new MalformedHeaders('a text is not in the code that it claims')
    return text
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new MalformedHeaders('they end too early')
    return byte
  }
}
