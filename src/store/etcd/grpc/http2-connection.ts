import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../../common/clock.js'
import { errorMessage } from '../../../common/errors.js'
import { GrpcFault, grpcCode } from './fault.js'
import {
  flag,
  frame,
  FrameReader,
  frameType,
  http2Code,
  preface,
  ProtocolFault,
  setting,
  settingsFrame,
  unpadded,
  word,
} from './frames.js'
import { HeaderReader, MalformedHeaders, type Headers } from './hpack.js'
import { Outlet, type OutgoingStream } from './outlet.js'

/** Bytes that may be on their way to us in a stream, and over all. */
const streamWindow = 4 * 1024 * 1024
const connectionWindow = 16 * 1024 * 1024
/** What is allowed over all before anything is said. */
const startWindow = 65_535

/** Bytes of a block of headers that are read. */
const maxHeaderBytes = 64 * 1024

/** Bytes that the other side may leave unread while it asks for more answers. */
const maxUnreadBytes = 16 * 1024 * 1024

/** Streams of us have odd numbers up to here; what comes then needs another connection. */
const maxStreamId = 2 ** 31 - 1

/** How a connection is seen to be alive. */
export interface KeepAlive {
  /** Milliseconds of silence after which a sign of life is asked for while anything is under way. */
  readonly intervalMs: number
  /** Milliseconds within which it must come. */
  readonly timeoutMs: number
}

/** Gets what comes in a stream. Nothing more comes after `end`, or after it has failed. */
export interface StreamSink {
  headers(headers: Headers, end: boolean): void
  /** A piece of the body, as it came. It is a part of what was received. */
  data(bytes: Buffer, end: boolean): void
  failed(fault: GrpcFault): void
}

interface OpenStream {
  readonly out: OutgoingStream
  readonly sink: StreamSink
  /** Bytes that came and whose room was not given again yet. */
  received: number
}

/** A request that was sent. */
export interface Http2Stream {
  write(bytes: Buffer, isLast: boolean): void
  /** Ends it before its time; nothing more comes of it. */
  cancel(): void
}

/**
 * The client's side of an HTTP/2 connection (RFC 9113), as far as gRPC needs it: no pushes, no priorities, no dynamic
 * tables of headers. What comes is passed on at once, so the windows that are given bound what is on its way and
 * nothing else.
 */
export class Http2Connection {
  /** Resolves when the other side has introduced itself; rejects with a GrpcFault when it is lost before. */
  readonly ready: Promise<void>
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #keepAlive: KeepAlive
  readonly #outlet: Outlet
  readonly #reader: FrameReader
  readonly #headers = new HeaderReader()
  readonly #streams = new Map<number, OpenStream>()
  /** Requests that the other side has no room for yet. */
  readonly #waiting = new Set<() => void>()
  #maxStreams = Infinity
  #nextId: number
  #received = 0
  /** Headers of which more is to follow. */
  #block: { readonly stream: number; readonly end: boolean; readonly pieces: Buffer[]; size: number } | undefined
  #settle: { readonly resolve: () => void; readonly reject: (fault: GrpcFault) => void } | undefined
  #isLeaving = false
  #isClosed = false
  #heard = true
  #timer: Timer | undefined

  /** @param socket connected already */
  constructor(socket: Socket, options: { clock: Clock; keepAlive: KeepAlive; firstStreamId?: number }) {
    this.#socket = socket
    this.#clock = options.clock
    this.#keepAlive = options.keepAlive
    this.#nextId = options.firstStreamId ?? 1
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.ready.catch(() => undefined)
    this.#outlet = new Outlet(bytes => {
      if (!this.#isClosed) socket.write(bytes)
    })
    this.#reader = new FrameReader({
      data: (id, bytes, counted, end) => {
        this.#takeData(id, bytes, counted, end)
      },
      frame: (type, flags, id, payload) => {
        this.#takeFrame(type, flags, id, payload)
      },
    })
    this.#listen()
    this.#outlet.send(preface)
    this.#outlet.send(
      settingsFrame([
        [setting.headerTableSize, 0],
        [setting.enablePush, 0],
        [setting.initialWindowSize, streamWindow],
      ]),
    )
    this.#outlet.send(frame(frameType.windowUpdate, 0, 0, word(connectionWindow - startWindow)))
    this.#watch()
  }

  /** Whether new requests may be sent over it. */
  get isUsable(): boolean {
    return !this.#isLeaving && !this.#isClosed
  }

  /** Calls `start` as soon as the other side has room for one more request. Returns what takes that back. */
  whenRoom(start: () => void): () => void {
    if (this.#streams.size < this.#maxStreams) start()
    else this.#waiting.add(start)
    return () => {
      this.#waiting.delete(start)
    }
  }

  /** Sends the headers of a request, as {@link encodeHeaders} makes them. */
  request(headers: Buffer, sink: StreamSink): Http2Stream {
    if (!this.isUsable) throw new GrpcFault(grpcCode.unavailable, 'the connection is closed', { sent: false })
    const id = this.#nextId
    this.#nextId += 2
    if (this.#nextId > maxStreamId) this.#isLeaving = true
    const stream: OpenStream = { out: this.#outlet.begin(id, headers), sink, received: 0 }
    if (this.#streams.size === 0) this.#socket.ref()
    this.#streams.set(id, stream)
    return {
      write: (bytes, isLast) => {
        if (!stream.out.isEnded) this.#outlet.body(stream.out, bytes, isLast)
      },
      cancel: () => {
        if (this.#streams.get(id) === stream) this.#cancel(stream)
      },
    }
  }

  /** Ends it, and all that is under way with the reason given. */
  close(reason: GrpcFault): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.cancel()
    this.#socket.destroy()
    this.#settle?.reject(reason)
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const { out, sink } of streams) {
      this.#outlet.drop(out)
      sink.failed(reason)
    }
    this.#startWaiting()
  }

  #listen(): void {
    let reason = 'the other side closed the connection'
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heard = true
      try {
        this.#reader.push(chunk)
      } catch (fault) {
        this.#fail(errorMessage(fault))
        if (!(fault instanceof ProtocolFault || fault instanceof MalformedHeaders)) throw fault
      }
    })
    this.#socket.on('error', fault => {
      reason = errorMessage(fault)
    })
    this.#socket.on('close', () => {
      this.#fail(reason)
    })
  }

  #fail(reason: string): void {
    this.close(new GrpcFault(grpcCode.unavailable, `the connection was lost: ${reason}`))
  }

  /** Asks for a sign of life where none came while something was under way. */
  #watch(): void {
    const { intervalMs, timeoutMs } = this.#keepAlive
    this.#timer = this.#clock.after(intervalMs, () => {
      const isSilent = !this.#heard && this.#streams.size > 0
      this.#heard = false
      if (!isSilent) {
        this.#watch()
        return
      }
      this.#outlet.send(frame(frameType.ping, 0, 0, Buffer.alloc(8)))
      this.#timer = this.#clock.after(timeoutMs, () => {
        if (this.#heard) this.#watch()
        else this.#fail(`nothing was heard for ${intervalMs + timeoutMs} ms`)
      })
    })
  }

  #takeFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#block !== undefined && (type !== frameType.continuation || id !== this.#block.stream))
      throw new ProtocolFault('headers without their end')
    switch (type) {
      case frameType.headers:
        this.#takeHeaders(flags, id, payload)
        return
      case frameType.continuation:
        this.#continueHeaders(flags, payload)
        return
      case frameType.reset:
        this.#takeReset(id, numberIn(payload))
        return
      case frameType.settings:
        this.#takeSettings(flags, payload)
        return
      case frameType.ping:
        if ((flags & flag.ack) === 0) this.#answer(frame(frameType.ping, flag.ack, 0, payload))
        return
      case frameType.goAway:
        this.#takeGoAway(payload)
        return
      case frameType.windowUpdate:
        this.#takeWindow(id, numberIn(payload) & 0x7fffffff)
        return
      case frameType.pushPromise:
        throw new ProtocolFault('a push, which it was told not to send')
    }
  }

  #takeData(id: number, bytes: Buffer, counted: number, end: boolean): void {
    if (this.#block !== undefined) throw new ProtocolFault('headers without their end')
    this.#received += counted
    if (this.#received >= connectionWindow / 2) {
      this.#outlet.send(frame(frameType.windowUpdate, 0, 0, word(this.#received)))
      this.#received = 0
    }
    const stream = this.#stream(id)
    if (stream === undefined) return
    stream.received += counted
    if (!end && stream.received >= streamWindow / 2) {
      this.#outlet.send(frame(frameType.windowUpdate, 0, id, word(stream.received)))
      stream.received = 0
    }
    if (end) this.#end(stream)
    stream.sink.data(bytes, end)
  }

  #takeHeaders(flags: number, id: number, payload: Buffer): void {
    let piece = unpadded(flags, payload)
    if ((flags & flag.priority) !== 0) piece = piece.subarray(5)
    this.#block = { stream: id, end: (flags & flag.endStream) !== 0, pieces: [], size: 0 }
    this.#continueHeaders(flags, piece)
  }

  #continueHeaders(flags: number, piece: Buffer): void {
    const block = this.#block
    if (block === undefined) throw new ProtocolFault('a continuation of nothing')
    block.pieces.push(piece)
    block.size += piece.length
    if (block.size > maxHeaderBytes || block.pieces.length > maxHeaderBytes / 64)
      throw new ProtocolFault(`headers of more than ${maxHeaderBytes} bytes`)
    if ((flags & flag.endHeaders) === 0) return
    this.#block = undefined
    const stream = this.#stream(block.stream)
    if (stream === undefined) return
    const headers = this.#headers.read(block.pieces.length === 1 ? piece : Buffer.concat(block.pieces))
    if (block.end) this.#end(stream)
    stream.sink.headers(headers, block.end)
  }

  #takeReset(id: number, code: number): void {
    const stream = this.#stream(id)
    if (stream === undefined) return
    this.#forget(stream)
    const refused = code === http2Code.refusedStream
    const grpc = refused ? grpcCode.unavailable : code === http2Code.cancel ? grpcCode.cancelled : grpcCode.internal
    stream.sink.failed(new GrpcFault(grpc, `the call was reset (HTTP/2 error ${code})`, { sent: !refused }))
  }

  #takeSettings(flags: number, payload: Buffer): void {
    if ((flags & flag.ack) !== 0) return
    if (payload.length % 6 !== 0) throw new ProtocolFault('settings that end too early')
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2)
      const name = payload.readUInt16BE(at)
      if (name === setting.maxConcurrentStreams) this.#maxStreams = value
      else if (name === setting.initialWindowSize) {
        const open = [...this.#streams.values()].map(({ out }) => out)
        this.#outlet.setStreamWindow(value, open)
      }
    }
    this.#answer(frame(frameType.settings, flag.ack, 0, Buffer.alloc(0)))
    this.#settle?.resolve()
    this.#settle = undefined
    if (this.#streams.size === 0) this.#socket.unref()
    this.#startWaiting()
  }

  #takeGoAway(payload: Buffer): void {
    if (payload.length < 8) throw new ProtocolFault('a farewell that ends too early')
    this.#isLeaving = true
    const [last, code] = [payload.readUInt32BE(0) & 0x7fffffff, payload.readUInt32BE(4)]
    const said = payload.toString('latin1', 8, 200)
    const fault = new GrpcFault(
      grpcCode.unavailable,
      `the other side leaves (HTTP/2 error ${code}${said === '' ? '' : `, ${said}`})`,
      { sent: false },
    )
    for (const [id, stream] of this.#streams) {
      if (id <= last) continue
      this.#forget(stream)
      stream.sink.failed(fault)
    }
    this.#startWaiting()
    if (this.#streams.size === 0) this.close(fault)
  }

  #takeWindow(id: number, increment: number): void {
    if (id === 0) {
      this.#outlet.grow(increment)
      return
    }
    const stream = this.#stream(id)
    if (stream !== undefined) this.#outlet.growStream(stream.out, increment)
  }

  /** An answer that the other side asks for. Whoever asks for many has to read them. */
  #answer(bytes: Buffer): void {
    if (this.#socket.writableLength > maxUnreadBytes) throw new ProtocolFault('it does not read what it asks for')
    this.#outlet.send(bytes)
  }

  /** The stream of an id; undefined for one that has ended. @throws ProtocolFault for one that never was */
  #stream(id: number): OpenStream | undefined {
    if (id === 0 || id % 2 === 0 || id >= this.#nextId) throw new ProtocolFault(`a frame of stream ${id}`)
    return this.#streams.get(id)
  }

  /** A stream was answered. What is left of its request is of no use to anybody. */
  #end(stream: OpenStream): void {
    if (stream.out.isEnded) this.#forget(stream)
    else this.#cancel(stream)
  }

  #cancel(stream: OpenStream): void {
    this.#outlet.send(frame(frameType.reset, 0, stream.out.id, word(http2Code.cancel)))
    this.#forget(stream)
  }

  #forget({ out }: OpenStream): void {
    this.#streams.delete(out.id)
    this.#outlet.drop(out)
    if (this.#streams.size === 0) {
      this.#socket.unref()
      if (this.#isLeaving) this.close(new GrpcFault(grpcCode.unavailable, 'the other side has left', { sent: false }))
    }
    this.#startWaiting()
  }

  /** Starts streams that wait for a free slot. Streams that can no longer start fail on their own. */
  #startWaiting(): void {
    for (const start of this.#waiting) {
      if (this.isUsable && this.#streams.size >= this.#maxStreams) return
      this.#waiting.delete(start)
      start()
    }
  }
}

function numberIn(payload: Buffer): number {
  if (payload.length !== 4) throw new ProtocolFault('a number that is not one')
  return payload.readUInt32BE()
}
