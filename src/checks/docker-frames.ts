/**
 * Takes apart the stream of an attached program without a terminal: frames of an 8-byte header (stream number, three
 * zeros, length as a big-endian 32-bit number) and that many bytes. A frame's bytes are passed on as they come, so a
 * frame of any length takes no memory.
 */
export class DockerFrames {
  readonly #on: (chunk: Buffer) => void
  readonly #header = Buffer.alloc(8)
  #headerFilled = 0
  #left = 0

  constructor(on: (chunk: Buffer) => void) {
    this.#on = on
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const piece = chunk.subarray(at, at + this.#left)
        this.#left -= piece.length
        at += piece.length
        this.#on(piece)
        continue
      }
      const taken = chunk.copy(this.#header, this.#headerFilled, at, at + 8 - this.#headerFilled)
      this.#headerFilled += taken
      at += taken
      if (this.#headerFilled === 8) {
        this.#headerFilled = 0
        this.#left = this.#header.readUInt32BE(4)
      }
    }
  }
}
