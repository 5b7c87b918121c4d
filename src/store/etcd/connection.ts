import type * as Grpc from '@grpc/grpc-js'
import { storeClosed } from '../errors.js'
import { isAuthFault } from './failures.js'
import { loadProtocol } from './protocol.js'
import type { Method, Protocol } from './protocol.js'
import type { EtcdConnection } from './types.js'

/** A call of etcd's, picked from what the protocol has. */
export type Pick<Request, Response> = (protocol: Protocol) => Method<Request, Response>

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
  readonly #clients: (Grpc.Client | undefined)[]
  #at = 0
  #closed = false
  #token: Promise<string> | undefined

  constructor(connection: EtcdConnection) {
    this.#connection = connection
    this.#clients = connection.endpoints.map(() => undefined)
  }

  /** The endpoint that calls go to now. */
  get endpoint(): string {
    return this.#connection.endpoints[this.#at] ?? ''
  }

  /** Makes one call. Rejects with gRPC's error; {@link failures} tells what it means. */
  async call<Request, Response>(
    pick: Pick<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    const token = await this.#authenticated(options)
    try {
      return await this.#unary(pick, request, options, token)
    } catch (fault) {
      if (token === undefined || !isAuthFault(fault)) throw fault
      this.#token = undefined
      return await this.#unary(pick, request, options, await this.#authenticated(options))
    }
  }

  /** Opens a stream. `end` gets the error it ended with, or undefined when the other side closed it in order. */
  async stream<Request, Response>(
    pick: Pick<Request, Response>,
    handlers: { readonly data: (response: Response) => void; readonly end: (fault: Error | undefined) => void },
    options: { readonly needsLeader?: boolean; readonly timeout: number },
  ): Promise<Stream<Request>> {
    const token = await this.#authenticated(options)
    const protocol = await loadProtocol()
    const method = pick(protocol)
    const call = this.#client(protocol).makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      metadata(protocol, options.needsLeader === true, token),
    )
    let open = true
    const end = (fault: Error | undefined): void => {
      if (!open) return
      open = false
      if (isAuthFault(fault)) this.#token = undefined
      call.cancel()
      handlers.end(fault)
    }
    call.on('data', (response: Response) => {
      if (open) handlers.data(response)
    })
    call.on('error', end)
    call.on('end', () => {
      end(undefined)
    })
    return {
      write: request => {
        if (open) call.write(request)
      },
      close: () => {
        open = false
        call.cancel()
      },
    }
  }

  /** Goes to the next endpoint, unless someone else already left this one. */
  leave(endpoint: string): void {
    if (endpoint === this.endpoint) this.#at = (this.#at + 1) % this.#clients.length
  }

  close(): void {
    this.#closed = true
    for (const client of this.#clients) client?.close()
  }

  async #unary<Request, Response>(
    pick: Pick<Request, Response>,
    request: Request,
    options: CallOptions,
    token: string | undefined,
  ): Promise<Response> {
    const protocol = await loadProtocol()
    const method = pick(protocol)
    const client = this.#client(protocol)
    return await new Promise<Response>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata(protocol, options.needsLeader === true, token),
        { deadline: Date.now() + options.timeout },
        (fault, response) => {
          if (fault !== null) reject(fault)
          else if (response === undefined) reject(new Error(`etcd answered ${method.path} with nothing`))
          else resolve(response)
        },
      )
      options.begun?.(() => {
        call.cancel()
      })
    })
  }

  #authenticated(options: { readonly timeout: number }): Promise<string | undefined> {
    const { auth } = this.#connection
    if (auth === undefined) return Promise.resolve(undefined)
    const asked = (this.#token ??= this.#unary(
      ({ authenticate }) => authenticate,
      { name: auth.user, password: auth.password },
      { timeout: options.timeout },
      undefined,
    ).then(({ token }) => token))
    // A refusal is not remembered: the next call asks again.
    asked.catch(() => {
      if (this.#token === asked) this.#token = undefined
    })
    return asked
  }

  #client(protocol: Protocol): Grpc.Client {
    if (this.#closed) throw storeClosed()
    return (this.#clients[this.#at] ??= openClient(protocol.grpc, this.endpoint, this.#connection))
  }
}

function openClient(grpc: typeof Grpc, endpoint: string, { tls }: EtcdConnection): Grpc.Client {
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
  const secured = endpoint.startsWith('https:')
  const credentials = secured
    ? grpc.credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert))
    : grpc.credentials.createInsecure()
  return new grpc.Client(target(endpoint), credentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_retries': 0,
    // An etcd that comes back is to be found at once: it is one connection, and it is what everything waits for.
    'grpc.initial_reconnect_backoff_ms': 20,
    'grpc.max_reconnect_backoff_ms': 200,
    'grpc.dns_min_time_between_resolutions_ms': 200,
    // Etcd refuses pings that come more often than every 5 seconds.
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 3_000,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
}

/** gRPC's name of an endpoint: `unix:///path`, else `host:port`. */
function target(endpoint: string): string {
  if (endpoint.startsWith('unix:')) return endpoint
  const { hostname, port } = new URL(endpoint)
  return `dns:${hostname}:${port === '' ? defaultPort : port}`
}

/** Of etcd's client API. */
const defaultPort = 2379

function metadata({ grpc }: Protocol, needsLeader: boolean, token: string | undefined): Grpc.Metadata {
  const made = new grpc.Metadata()
  if (needsLeader) made.set('hasleader', 'true')
  if (token !== undefined) made.set('token', token)
  return made
}
