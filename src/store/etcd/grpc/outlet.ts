import { flag, frame, frameType, headBytes, maxFrameBytes, ProtocolFault, writeHead } from './frames.js'

/** What each side may send, in a stream and over all, before it is told otherwise. */
const startWindow = 65_535
const maxWindow = 2 ** 31 - 1

/** The half of a stream that goes out. */
export class OutgoingStream {
  readonly id: number
  /** The peer's flow-control window. Negative if the peer has reduced it. */
  window: number
  /** Bytes of the body that wait for room. */
  readonly pending: Buffer[] = []
  /** The pending data ends the stream. */
  isComplete = false
  /** Everything was sent. */
  isEnded = false

  constructor(id: number, window: number) {
    this.id = id
    this.window = window
  }
}

/**
 * What goes out over a connection: bodies as far as the other side has room, and everything of one turn of the event
 * loop together.
 */
export class Outlet {
  readonly #write: (bytes: Buffer) => void
  /** Streams with a body that waits for room, in the order in which they began to wait. */
  readonly #blocked = new Set<OutgoingStream>()
  #window = startWindow
  #streamWindow = startWindow
  #outgoing: Buffer[] = []

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  /** Sends a whole frame, or several. */
  send(frames: Buffer): void {
    this.#outgoing.push(frames)
    if (this.#outgoing.length > 1) return
    process.nextTick(() => {
      const outgoing = this.#outgoing
      this.#outgoing = []
      const [first] = outgoing
      this.#write(outgoing.length === 1 && first !== undefined ? first : Buffer.concat(outgoing))
    })
  }

  /** Begins a stream with its headers. */
  begin(id: number, headers: Buffer): OutgoingStream {
    this.send(frame(frameType.headers, flag.endHeaders, id, headers))
    return new OutgoingStream(id, this.#streamWindow)
  }

  /** Sends a part of a stream's body, as soon as there is room for it. */
  body(stream: OutgoingStream, bytes: Buffer, isLast: boolean): void {
    stream.pending.push(bytes)
    stream.isComplete = isLast
    this.#flush(stream)
  }

  /** Nothing more is sent of a stream. */
  drop(stream: OutgoingStream): void {
    stream.isEnded = true
    this.#blocked.delete(stream)
  }

  /** The other side has room for more over all. @throws ProtocolFault */
  grow(increment: number): void {
    this.#window = grown(this.#window, increment)
    for (const stream of [...this.#blocked]) this.#flush(stream)
  }

  /** The other side has room for more in a stream. @throws ProtocolFault */
  growStream(stream: OutgoingStream, increment: number): void {
    stream.window = grown(stream.window, increment)
    if (this.#blocked.has(stream)) this.#flush(stream)
  }

  /** The other side says what it has room for in each stream, those included that are open. @throws ProtocolFault */
  setStreamWindow(size: number, open: Iterable<OutgoingStream>): void {
    if (size > maxWindow) throw new ProtocolFault(`a window of ${size} bytes`)
    const change = size - this.#streamWindow
    this.#streamWindow = size
    for (const stream of open) {
      stream.window += change
      if (stream.window > maxWindow) throw new ProtocolFault('a window that is too large')
    }
    for (const stream of [...this.#blocked]) this.#flush(stream)
  }

  #flush(stream: OutgoingStream): void {
    const { pending } = stream
    for (let next = pending[0]; next !== undefined; next = pending[0]) {
      const size = Math.min(next.length, maxFrameBytes, this.#window, stream.window)
      if (size <= 0 && next.length > 0) {
        this.#blocked.add(stream)
        return
      }
      const rest = next.subarray(size)
      if (rest.length > 0) pending[0] = rest
      else pending.shift()
      stream.isEnded = stream.isComplete && pending.length === 0
      const made = Buffer.allocUnsafe(headBytes + size)
      writeHead(made, 0, size, frameType.data, stream.isEnded ? flag.endStream : 0, stream.id)
      made.set(next.subarray(0, size), headBytes)
      this.#window -= size
      stream.window -= size
      this.send(made)
    }
    this.#blocked.delete(stream)
  }
}

function grown(window: number, increment: number): number {
  if (increment === 0) throw new ProtocolFault('a window that grows by nothing')
  if (window + increment > maxWindow) throw new ProtocolFault('a window that is too large')
  return window + increment
}
