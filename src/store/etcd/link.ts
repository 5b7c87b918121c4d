import { systemClock } from '../../common/clock.js'
import { authorityOf, dial, type Dialling } from './grpc/dial.js'
import { GrpcFault, grpcCode } from './grpc/fault.js'
import { encodeHeaders } from './grpc/hpack.js'
import type { Http2Connection, KeepAlive } from './grpc/http2-connection.js'
import type { EtcdConnection } from './types.js'

/** Etcd refuses signs of life that are asked for more often than every 5 seconds. */
const keepAlive: KeepAlive = { intervalMs: 10_000, timeoutMs: 3000 }

/** Milliseconds until an endpoint must have answered at all. */
const dialTimeoutMs = 3000

/** How many blocks of headers are kept. There are more only while users' tokens change. */
const maxBlocks = 100

/**
 * The way to one endpoint: a connection that is made with the first call, and again with the first one after it broke.
 * Callers that are refused wait before they try again, so nothing here does.
 */
export class Link {
  readonly endpoint: string
  readonly #connection: EtcdConnection
  readonly #fixed: readonly (readonly [string, string])[]
  /** Headers of each call, which are the same every time. */
  readonly #blocks = new Map<string, Buffer>()
  #current: Http2Connection | undefined
  #dialling: Dialling | undefined
  #isClosed = false

  constructor(endpoint: string, connection: EtcdConnection) {
    this.endpoint = endpoint
    this.#connection = connection
    const { scheme, authority } = authorityOf(endpoint)
    this.#fixed = [
      [':method', 'POST'],
      [':scheme', scheme],
      [':authority', authority],
    ]
  }

  /** Calls `use` with a usable connection, at once where there is one, or `fail` with what was in the way. */
  readonly reach = (use: (connection: Http2Connection) => void, fail: (fault: GrpcFault) => void): void => {
    if (this.#isClosed) fail(closed())
    else if (this.#current?.isUsable === true) use(this.#current)
    else
      this.#dial().connection.then(use, (fault: unknown) => {
        fail(fault instanceof GrpcFault ? fault : closed())
      })
  }

  /** The encoded headers of a call. */
  headers(path: string, needsLeader: boolean, token: string | undefined): Buffer {
    const name = `${path} ${needsLeader} ${token ?? ''}`
    const known = this.#blocks.get(name)
    if (known !== undefined) return known
    const block = encodeHeaders([
      ...this.#fixed,
      [':path', path],
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ...(needsLeader ? [['hasleader', 'true'] as const] : []),
      ...(token === undefined ? [] : [['token', token] as const]),
    ])
    if (this.#blocks.size >= maxBlocks) this.#blocks.clear()
    this.#blocks.set(name, block)
    return block
  }

  close(): void {
    this.#isClosed = true
    this.#dialling?.abandon(closed())
    this.#current?.close(closed())
  }

  #dial(): Dialling {
    if (this.#dialling !== undefined) return this.#dialling
    const dialling = dial({
      endpoint: this.endpoint,
      tls: this.#connection.tls,
      clock: systemClock,
      keepAlive,
      timeoutMs: dialTimeoutMs,
    })
    this.#dialling = dialling
    dialling.connection.then(
      connection => {
        this.#current = connection
        this.#dialling = undefined
      },
      () => {
        this.#dialling = undefined
      },
    )
    return dialling
  }
}

const closed = (): GrpcFault => new GrpcFault(grpcCode.cancelled, 'the connection was closed here')
