import type { Clock } from '../common/clock.js'

/** Bytes of one piece; of output that is buffered before the program is paused; of output that is sent in all. */
const maxBytes = { piece: 16 * 1024, waiting: 64 * 1024, shown: 4 * 1024 * 1024 }
/** Output within this many milliseconds after a first byte is sent in the same piece. */
const gatherMs = 100

/**
 * What a program prints, taken in pieces that end at a line's end where they can, else between two characters. Beyond 4
 * MiB it is counted and left out, so the program goes on.
 */
export class JobOutput {
  readonly #clock: Clock
  #waiting = Buffer.alloc(0)
  #total = 0
  #kept = 0
  #ended = false
  #wake: () => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the program should wait until some is taken. */
  get full(): boolean {
    return this.#waiting.length >= maxBytes.waiting
  }

  push(chunk: Buffer): void {
    const fitting = chunk.subarray(0, Math.max(0, maxBytes.shown - this.#kept))
    this.#total += chunk.length
    this.#kept += fitting.length
    this.#waiting = Buffer.concat([this.#waiting, fitting])
    this.#wake()
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#total > this.#kept)
      this.#waiting = Buffer.concat([this.#waiting, Buffer.from(`\n[${this.#kept} of ${this.#total} bytes are shown]`)])
    this.#wake()
  }

  /** The next piece: an empty one after `ms` without any output, undefined once all have been taken. */
  async next(ms: number): Promise<Buffer | undefined> {
    if (!this.#is('begun')) await this.#until('begun', ms)
    if (this.#waiting.length > 0) await this.#until('plenty', gatherMs)
    if (this.#waiting.length === 0) return this.#ended ? undefined : this.#waiting
    const size =
      this.#ended && this.#waiting.length <= maxBytes.piece
        ? this.#waiting.length
        : cutBefore(this.#waiting.subarray(0, maxBytes.piece), this.#waiting.length > maxBytes.piece)
    const piece = this.#waiting.subarray(0, size)
    this.#waiting = this.#waiting.subarray(size)
    return piece
  }

  #is(what: 'begun' | 'plenty'): boolean {
    return this.#ended || this.#waiting.length > (what === 'begun' ? 0 : maxBytes.piece)
  }

  async #until(what: 'begun' | 'plenty', ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const done = (): void => {
        timer.cancel()
        this.#wake = () => undefined
        resolve()
      }
      const timer = this.#clock.after(ms, done)
      this.#wake = () => {
        if (this.#is(what)) done()
      }
      this.#wake()
    })
  }
}

/**
 * Where a piece may end: after its last line when more follows anyway, else before a character of which only a part is
 * there.
 */
function cutBefore(piece: Buffer, full: boolean): number {
  const line = full ? piece.lastIndexOf(0x0a) + 1 : 0
  if (line > 0) return line
  // A UTF-8 character has at most four bytes, and its first byte tells how many.
  for (let back = 1; back <= Math.min(4, piece.length); back++) {
    const byte = piece[piece.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back && piece.length > back ? piece.length - back : piece.length
  }
  return piece.length
}
