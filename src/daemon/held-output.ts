import { Writable } from 'node:stream'

/** Passes log lines on to another stream, but holds them until told to: the banner comes first. */
export class HeldOutput extends Writable {
  readonly #target: NodeJS.WritableStream
  #held: Buffer[] | undefined = []

  constructor(target: NodeJS.WritableStream) {
    super()
    this.#target = target
  }

  /** Passes on what was held and from now on every line at once. */
  release(): void {
    for (const chunk of this.#held ?? []) this.#target.write(chunk)
    this.#held = undefined
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#held === undefined) this.#target.write(chunk)
    else this.#held.push(chunk)
    done()
  }
}
