import type { Hash } from 'node:crypto'

/** Takes exact numbers of bytes from pieces that come as they please. No more is asked for than was wanted. */
export class ByteReader {
  /** Given all bytes that are taken while it is set. */
  hash: Hash | undefined
  readonly #pieces: AsyncIterator<Buffer>
  readonly #onRead: ((bytes: number) => void) | undefined
  #piece: Buffer = Buffer.alloc(0)
  #read = 0

  /** @param onRead told after each piece how many bytes have come so far */
  constructor(pieces: AsyncIterable<Buffer>, onRead?: (bytes: number) => void) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#onRead = onRead
  }

  /** Whether there is nothing more to take. */
  async atEnd(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next()
      if (next.done === true) return true
      this.#piece = next.value
      this.#read += next.value.length
      this.#onRead?.(this.#read)
    }
    return false
  }

  /** The next `count` bytes. @throws Error when there are fewer */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = count; left > 0;) {
      if (this.#piece.length === 0 && (await this.atEnd())) throw new Error('unexpected EOF')
      const part = this.#piece.subarray(0, left)
      this.#piece = this.#piece.subarray(part.length)
      left -= part.length
      parts.push(part)
    }
    // Always copy: a view would keep the whole chunk in memory.
    const bytes = Buffer.concat(parts, count)
    this.hash?.update(bytes)
    return bytes
  }
}
