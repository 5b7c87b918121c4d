/**
 * Keeps the last `limit` bytes of a stream of any length, in little more memory than that.
 * Multi-byte characters that the cut went through are left out.
 */
export class TailBuffer {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #kept = 0
  #total = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that came by, kept or not. */
  get total(): number {
    return this.#total
  }

  push(chunk: Buffer): void {
    this.#total += chunk.length
    // A copy, since a slice would hold on to the whole chunk.
    const piece = chunk.length > this.#limit ? Buffer.from(chunk.subarray(chunk.length - this.#limit)) : chunk
    this.#chunks.push(piece)
    this.#kept += piece.length
    while (this.#chunks.length > 0 && this.#kept - (this.#chunks[0]?.length ?? 0) >= this.#limit) {
      this.#kept -= this.#chunks.shift()?.length ?? 0
    }
    if (this.#chunks.length > 64) this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks))
  }

  /** The kept bytes as text. */
  text(): string {
    const all = Buffer.concat(this.#chunks)
    if (this.#total <= this.#limit) return all.toString('utf8')
    let start = Math.max(0, all.length - this.#limit)
    while (start < all.length && ((all[start] ?? 0) & 0xc0) === 0x80) start++
    return all.toString('utf8', start)
  }

  /**
   * The kept bytes under a line that says how many there were, if any are missing; the form of script and docker
   * checks.
   */
  markedText(): string {
    const text = this.text()
    return this.#total <= this.#limit ? text : `Captured ${this.#limit} of ${this.#total} bytes\n...\n${text}`
  }
}
