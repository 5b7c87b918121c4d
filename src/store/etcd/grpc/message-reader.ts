import { GrpcFault, grpcCode } from './fault.js'

/** Of every message: whether it is compressed, and its length. */
const prefixBytes = 5

/** Bytes of a message that are taken: a page of a load may well be hundreds of megabytes. */
const maxMessageBytes = 2 ** 31 - 1

/** A message with its prefix, as it goes into a stream. */
export function prefixed(message: Uint8Array): Buffer {
  const made = Buffer.allocUnsafe(prefixBytes + message.length)
  made[0] = 0
  made.writeUInt32BE(message.length, 1)
  made.set(message, prefixBytes)
  return made
}

/**
 * Cuts the body of a stream into messages. One that came in one piece is a part of that piece; others are put together
 * once, when all of them is there.
 */
export class MessageReader {
  readonly #take: (message: Buffer) => void
  #pieces: Buffer[] = []
  #have = 0
  /** Bytes of what is under way: of a prefix, or of a message whose prefix was read. */
  #need = prefixBytes
  #inMessage = false

  constructor(take: (message: Buffer) => void) {
    this.#take = take
  }

  /** Whether a message has begun and is not whole. */
  get isPartial(): boolean {
    return this.#inMessage || this.#have > 0
  }

  /** @throws GrpcFault for a message that is compressed or too large, and whatever `take` throws */
  push(bytes: Buffer): void {
    let at = 0
    while (this.#have + bytes.length - at >= this.#need) {
      const end = at + this.#need - this.#have
      const whole = this.#whole(bytes.subarray(at, end))
      at = end
      if (this.#inMessage) {
        this.#inMessage = false
        this.#need = prefixBytes
        this.#take(whole)
      } else {
        this.#need = lengthOf(whole)
        this.#inMessage = true
      }
    }
    if (at === bytes.length) return
    this.#pieces.push(bytes.subarray(at))
    this.#have += bytes.length - at
  }

  #whole(last: Buffer): Buffer {
    if (this.#have === 0) return last
    const whole = Buffer.concat([...this.#pieces, last], this.#need)
    this.#pieces = []
    this.#have = 0
    return whole
  }
}

function lengthOf(prefix: Buffer): number {
  if (prefix[0] !== 0) throw new GrpcFault(grpcCode.internal, 'a compressed message, which was not asked for')
  const length = prefix.readUInt32BE(1)
  if (length > maxMessageBytes) throw new GrpcFault(grpcCode.exhausted, `a message of ${length} bytes`)
  return length
}
