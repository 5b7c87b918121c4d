import { GrpcFault, grpcCode } from './fault.js'
import type { Headers } from './hpack.js'
import type { Http2Connection, Http2Stream, StreamSink } from './http2-connection.js'
import { MessageReader, prefixed } from './message-reader.js'

/** What becomes of statuses of HTTP that come instead of gRPC's; all others are unknown. */
const codeOfHttp = new Map<number, number>([
  [400, grpcCode.internal],
  [401, grpcCode.unauthenticated],
  [403, grpcCode.denied],
  [404, grpcCode.unimplemented],
  [429, grpcCode.unavailable],
  [502, grpcCode.unavailable],
  [503, grpcCode.unavailable],
  [504, grpcCode.unavailable],
])

/** What a call is made with. */
export interface CallRoute {
  /** Calls `use` with a usable connection, at once where there is one, or `fail` with what was in the way. */
  readonly reach: (use: (connection: Http2Connection) => void, fail: (fault: GrpcFault) => void) => void
  /** Encoded, with everything that the call is to say. */
  readonly headers: Buffer
  /** Milliseconds after which it is given up, unless `lift` was called. */
  readonly timeout: number
}

/** Gets what comes of a call. */
export interface CallEvents {
  /** It has been sent; messages may be written. */
  readonly begun: (call: Call) => void
  /** A message, which is a part of what was received. A GrpcFault that is thrown ends the call. */
  readonly message: (bytes: Buffer) => void
  /** Called once, unless the call is cancelled. Undefined: it ended in order. */
  readonly end: (fault: GrpcFault | undefined) => void
}

/** A call, from the wait for a connection to the status behind the last message. */
export class Call implements StreamSink {
  readonly #route: CallRoute
  readonly #events: CallEvents
  readonly #messages: MessageReader
  #stream: Http2Stream | undefined
  #unqueue: (() => void) | undefined
  readonly #deadline: NodeJS.Timeout
  #isAnswered = false
  #isOver = false

  constructor(route: CallRoute, events: CallEvents) {
    this.#route = route
    this.#events = events
    this.#messages = new MessageReader(bytes => {
      if (!this.#isOver) events.message(bytes)
    })
    this.#deadline = setTimeout(() => {
      this.#stop(this.#lateness())
    }, route.timeout)
    // The connection keeps the process alive, not this timer.
    this.#deadline.unref()
    route.reach(
      connection => {
        if (this.#isOver) return
        this.#unqueue = connection.whenRoom(() => {
          this.#begin(connection)
        })
      },
      fault => {
        this.failed(fault)
      },
    )
  }

  /** Sends a message. Nothing may be sent behind the last one. */
  write(message: Uint8Array, isLast: boolean): void {
    if (!this.#isOver) this.#stream?.write(prefixed(message), isLast)
  }

  /** From now on it may last as long as it likes. */
  lift(): void {
    clearTimeout(this.#deadline)
  }

  /** Ends it; nothing more comes of it. */
  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#release()
  }

  headers(headers: Headers, end: boolean): void {
    const status = headers.get(':status')
    // Skip informational (1xx) headers.
    if (!this.#isAnswered && status?.startsWith('1') === true && !end) return
    if (!this.#isAnswered && status !== '200') {
      const code = codeOfHttp.get(Number(status)) ?? grpcCode.unknown
      this.#stop(new GrpcFault(code, `the answer has the HTTP status ${status ?? '(none)'}`))
      return
    }
    this.#isAnswered = true
    if (end) this.#stop(this.#statusIn(headers))
  }

  data(bytes: Buffer, end: boolean): void {
    if (this.#isOver) return
    try {
      this.#messages.push(bytes)
    } catch (fault) {
      if (!(fault instanceof GrpcFault)) throw fault
      this.#stop(fault)
    }
    if (end) this.#stop(new GrpcFault(grpcCode.unknown, 'the answer ended without a status'))
  }

  failed(fault: GrpcFault): void {
    this.#stop(fault)
  }

  #begin(connection: Http2Connection): void {
    try {
      this.#stream = connection.request(this.#route.headers, this)
    } catch (fault) {
      if (!(fault instanceof GrpcFault)) throw fault
      this.#stop(fault)
      return
    }
    this.#events.begun(this)
  }

  #stop(fault: GrpcFault | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#release()
    this.#events.end(fault)
  }

  #release(): void {
    clearTimeout(this.#deadline)
    this.#unqueue?.()
    this.#stream?.cancel()
  }

  /** A failure before the request was sent means unreachable; afterwards its outcome is unknown. */
  #lateness(): GrpcFault {
    const { timeout } = this.#route
    return this.#stream === undefined
      ? new GrpcFault(grpcCode.unavailable, `no connection within ${Math.round(timeout)} ms`, { sent: false })
      : new GrpcFault(grpcCode.deadline, `no answer within ${Math.round(timeout)} ms`)
  }

  #statusIn(headers: Headers): GrpcFault | undefined {
    const status = headers.get('grpc-status')
    if (status === undefined || !/^\d{1,3}$/.test(status))
      return new GrpcFault(grpcCode.unknown, 'the answer ended without a status')
    if (Number(status) !== grpcCode.ok)
      return new GrpcFault(Number(status), unescaped(headers.get('grpc-message') ?? ''))
    return this.#messages.isPartial ? new GrpcFault(grpcCode.internal, 'the answer ended within a message') : undefined
  }
}

/** A message of gRPC's, in which all but plain bytes are written as in addresses of the web. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
