/** The kinds of frames of HTTP/2 (RFC 9113, section 6) that occur between us and etcd. */
export const frameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames; those of one value belong to different kinds. */
export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const

/** The codes of HTTP/2 that streams and connections end with. */
export const http2Code = { none: 0, protocol: 1, refusedStream: 7, cancel: 8 } as const

export const headBytes = 9

/** Bytes of a frame that every side takes, and no more than which is taken here. */
export const maxFrameBytes = 16_384

/** What every connection of a client begins with. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Writes the head of a frame into a buffer. */
export function writeHead(into: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
  into.writeUIntBE(length, at, 3)
  into[at + 3] = type
  into[at + 4] = flags
  into.writeUInt32BE(stream, at + 5)
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const made = Buffer.allocUnsafe(headBytes + payload.length)
  writeHead(made, 0, payload.length, type, flags, stream)
  made.set(payload, headBytes)
  return made
}

/** The payload of a frame that holds one number: a window's growth, or why a stream was reset. */
export function word(value: number): Buffer {
  const made = Buffer.allocUnsafe(4)
  made.writeUInt32BE(value)
  return made
}

export function settingsFrame(settings: readonly (readonly [name: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length)
  settings.forEach(([name, value], i) => {
    payload.writeUInt16BE(name, 6 * i)
    payload.writeUInt32BE(value, 6 * i + 2)
  })
  return frame(frameType.settings, 0, 0, payload)
}

/** The other side broke the rules of HTTP/2, and the connection is of no more use. */
export class ProtocolFault extends Error {
  constructor(what: string) {
    super(`the other side broke the rules of HTTP/2: ${what}`)
    this.name = 'ProtocolFault'
  }
}

/** Gets what comes over a connection. */
export interface FrameSink {
  /**
   * A piece of a stream's body, as it comes: a frame may come in several. `end` is true with the last piece of all.
   * `counted` is what it counts against the windows.
   */
  data(stream: number, bytes: Buffer, counted: number, end: boolean): void
  /** Any other frame, whole. */
  frame(type: number, flags: number, stream: number, payload: Buffer): void
}

/**
 * Cuts what comes over a connection into frames. Bodies are passed on as parts of what came, without a copy; only what
 * is cut off in the middle of another frame is kept until the rest is there.
 */
export class FrameReader {
  readonly #sink: FrameSink
  #rest: Buffer | undefined
  /** The frame of data that is under way, and how much of it is still to come. */
  #stream = 0
  #left = 0
  #ends = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** @throws ProtocolFault, and whatever the sink throws */
  push(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    let at = 0
    for (;;) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, bytes.length - at)
        if (size === 0) return
        this.#left -= size
        this.#sink.data(this.#stream, bytes.subarray(at, at + size), size, this.#ends && this.#left === 0)
        at += size
        continue
      }
      if (bytes.length - at < headBytes) break
      const length = bytes.readUIntBE(at, 3)
      if (length > maxFrameBytes) throw new ProtocolFault(`a frame of ${length} bytes`)
      const [type, flags] = [bytes[at + 3] ?? 0, bytes[at + 4] ?? 0]
      const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff
      if (type === frameType.data && (flags & flag.padded) === 0) {
        at += headBytes
        this.#stream = stream
        this.#left = length
        this.#ends = (flags & flag.endStream) !== 0
        if (length === 0) this.#sink.data(stream, bytes.subarray(at, at), 0, this.#ends)
        continue
      }
      if (bytes.length - at < headBytes + length) break
      const payload = bytes.subarray(at + headBytes, at + headBytes + length)
      at += headBytes + length
      if (type === frameType.data)
        this.#sink.data(stream, unpadded(flags, payload), length, (flags & flag.endStream) !== 0)
      else this.#sink.frame(type, flags, stream, payload)
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at)
  }
}

/** The payload of a frame of data or headers without what only fills it up. @throws ProtocolFault */
export function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & flag.padded) === 0) return payload
  const padding = payload[0] ?? 0
  if (padding >= payload.length) throw new ProtocolFault('more padding than frame')
  return payload.subarray(1, payload.length - padding)
}
