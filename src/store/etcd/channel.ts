import { MalformedMessage } from '../../common/protobuf.js'
import { storeClosed } from '../errors.js'
import { isAuthFault } from './failures.js'
import { Call, type CallEvents } from './grpc/call.js'
import { GrpcFault, grpcCode } from './grpc/fault.js'
import { Link } from './link.js'
import { methods, type Method } from './methods.js'
import type { EtcdConnection } from './types.js'

export interface CallOptions {
  /** Milliseconds after which the call is given up. */
  readonly timeout: number
  /** Whether a member without a leader is to refuse at once, instead of waiting for one. */
  readonly needsLeader?: boolean
  /** Gets what ends the call before its time. */
  readonly begun?: (abort: () => void) => void
}

/** An open stream. `end` is called once, however it ends, unless `close` was called before. */
export interface Stream<Request> {
  write(request: Request): void
  close(): void
}

/**
 * Calls to one of the endpoints, the next one when it cannot be reached. With a user, each call carries that user's
 * token, fetched again when etcd no longer knows it.
 */
export class EtcdChannel {
  readonly #connection: EtcdConnection
  readonly #links: readonly Link[]
  #at = 0
  #closed = false
  #token: Promise<string> | undefined

  constructor(connection: EtcdConnection) {
    this.#connection = connection
    this.#links = connection.endpoints.map(endpoint => new Link(endpoint, connection))
  }

  /** The endpoint that calls go to now. */
  get endpoint(): string {
    return this.#links[this.#at]?.endpoint ?? ''
  }

  /** Makes one call. Rejects with a {@link GrpcFault}; {@link failures} tells what it means. */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    const token = await this.#authenticated(options)
    try {
      return await this.#unary(method, request, options, token)
    } catch (fault) {
      if (token === undefined || !isAuthFault(fault)) throw fault
      this.#token = undefined
      return await this.#unary(method, request, options, await this.#authenticated(options))
    }
  }

  /**
   * Opens a stream within `timeout`, or rejects with a {@link GrpcFault}. Once it is open, `end` gets the error that it
   * ended with, or undefined when the other side closed it in order.
   */
  async stream<Request, Response>(
    method: Method<Request, Response>,
    handlers: { readonly data: (response: Response) => void; readonly end: (fault: Error | undefined) => void },
    options: { readonly needsLeader?: boolean; readonly timeout: number },
  ): Promise<Stream<Request>> {
    const token = await this.#authenticated(options)
    return await new Promise((resolve, reject) => {
      let isOpen = false
      this.#start(method, options, token, {
        begun: call => {
          isOpen = true
          call.lift()
          resolve({
            write: request => {
              call.write(method.encode(request), false)
            },
            close: () => {
              call.cancel()
            },
          })
        },
        message: bytes => {
          handlers.data(decode(method, bytes))
        },
        end: fault => {
          if (isAuthFault(fault)) this.#token = undefined
          if (isOpen) handlers.end(fault)
          else reject(fault ?? new Error('the stream ended before it began'))
        },
      })
    })
  }

  /** Goes to the next endpoint, unless someone else already left this one. */
  leave(endpoint: string): void {
    if (endpoint === this.endpoint) this.#at = (this.#at + 1) % this.#links.length
  }

  close(): void {
    this.#closed = true
    for (const link of this.#links) link.close()
  }

  #unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
    token: string | undefined,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      let response: Response | undefined
      const call = this.#start(method, options, token, {
        begun: call => {
          call.write(method.encode(request), true)
        },
        message: bytes => {
          if (response !== undefined) throw new GrpcFault(grpcCode.internal, 'more than one message')
          response = decode(method, bytes)
        },
        end: fault => {
          if (fault !== undefined) reject(fault)
          else if (response === undefined) reject(new GrpcFault(grpcCode.internal, 'no message'))
          else resolve(response)
        },
      })
      options.begun?.(() => {
        call.cancel()
        reject(new GrpcFault(grpcCode.cancelled, 'the call was cancelled here'))
      })
    })
  }

  /** @throws MusterError STORE_CLOSED */
  #start(
    { path }: { readonly path: string },
    { timeout, needsLeader = false }: { readonly timeout: number; readonly needsLeader?: boolean },
    token: string | undefined,
    events: CallEvents,
  ): Call {
    const link = this.#links[this.#at]
    if (this.#closed || link === undefined) throw storeClosed()
    return new Call({ reach: link.reach, headers: link.headers(path, needsLeader, token), timeout }, events)
  }

  #authenticated(options: { readonly timeout: number }): Promise<string | undefined> {
    const { auth } = this.#connection
    if (auth === undefined) return Promise.resolve(undefined)
    const asked = (this.#token ??= this.#unary(
      methods.authenticate,
      { name: auth.user, password: auth.password },
      { timeout: options.timeout },
      undefined,
    ).then(({ token }) => token))
    // Do not cache a failed authentication: the next call tries again.
    asked.catch(() => {
      if (this.#token === asked) this.#token = undefined
    })
    return asked
  }
}

/** @throws GrpcFault for what is no message of the method's */
function decode<Response>(method: Method<never, Response>, bytes: Buffer): Response {
  try {
    return method.decode(bytes)
  } catch (fault) {
    if (fault instanceof MalformedMessage) throw new GrpcFault(grpcCode.internal, fault.message)
    throw fault
  }
}
