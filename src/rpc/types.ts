import type { IncomingMessage, ServerResponse } from 'node:http'

/** Who calls: the address the connection comes from. */
export interface RpcCaller {
  readonly address: string
  readonly aborted: AbortSignal
}

/** One of the two ports: that of the agents of the datacenter, and that of other datacenters. */
export type RpcPort = 'lan' | 'wan'

/**
 * Answers a request of the API that came to a cluster port: from an agent, or from a stranger who can speak like one.
 */
export type ApiListener = (request: IncomingMessage, response: ServerResponse, port: RpcPort) => void

/** Answers one method. What it throws as MusterError reaches the caller with its code, status, message and hint. */
export type RpcHandler = (body: unknown, caller: RpcCaller) => Promise<unknown>

/** Where an answer in pieces goes. */
export interface RpcSink {
  send(value: unknown): boolean
  /** The same for what is a line already: bytes of JSON that end with the only line break in them. Not copied. */
  sendLine(line: Uint8Array): boolean
  drained(): Promise<void>
}

/** Answers one method in pieces, until its promise settles or `caller.aborted`. */
export type RpcStreamHandler = (body: unknown, caller: RpcCaller, sink: RpcSink) => Promise<void>

/**
 * What agents say to each other: JSON in, JSON out, over HTTP on the cluster port (LAN) and the WAN port. Methods are
 * named `area/verb`. Each part of the cluster registers its own. Whoever speaks no common protocol version is refused
 * with both versions named (CLUSTER_PROTOCOL).
 */
export interface RpcServer {
  /** Registers a method; `wan`: it may be called on the WAN port as well. */
  handle(method: string, handler: RpcHandler, options?: { readonly wan?: boolean; readonly bodyLimit?: number }): void
  /**
   * Registers a method that answers in pieces: `send` hands one JSON value to the caller and tells whether it keeps up;
   * when it does not, `drained` resolves once it has caught up. The answer ends when the handler's promise settles.
   */
  handleStream(
    method: string,
    handler: RpcStreamHandler,
    options?: { readonly wan?: boolean; readonly bodyLimit?: number },
  ): void
  /**
   * Hands on the requests for paths below /v1/, of both ports, unread: what may be asked there is for the listener to
   * say.
   */
  serveApi(listener: ApiListener): void
  /**
   * Takes over what may change while it listens: the connections that one address may have to each port, 0 for no
   * limit. Those it has stay.
   */
  update(connectionsPerClient: number): void
  /** Listens. @throws MusterError CLUSTER_LISTEN naming port, address and remedy. */
  start(): Promise<void>
  /** Ports bound, once started; 0: not listening. */
  readonly ports: { readonly lan: number; readonly wan: number }
  close(): Promise<void>
}

/** `timeout` in ms; 5000 unless given. */
export interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeout?: number
}

/**
 * How a request of the API is handed on. `target` replaces its own, `body` is what was read of it already; headers
 * (names and values in turn) go with the request beside its own, and with the answer before its own.
 */
export interface ProxyOptions {
  readonly target?: string
  readonly body?: Buffer
  readonly requestHeaders?: readonly string[]
  readonly answerHeaders?: readonly string[]
}

/**
 * A request of the API that an agent makes on its own behalf. It may reach a second agent when the first one breaks
 * off, so a PUT has to be one that may be done twice.
 */
export interface OwnRequest {
  readonly method: 'GET' | 'PUT'
  readonly target: string
  readonly body?: Buffer
}

/** An answer of the API; `index` is X-Consul-Index, '' for none. */
export interface ApiAnswer {
  readonly status: number
  readonly index: string
  readonly body: string
}

/**
 * A way to hand requests of the API on to agents of which any may answer: the servers of a datacenter, or the owner of
 * a node alone. They are tried one after the other.
 */
export interface RequestRoute {
  /**
   * False when none could be reached: then nothing was written, nothing of the request's body is gone, and the request
   * may go elsewhere.
   */
  proxy(request: IncomingMessage, response: ServerResponse, options?: ProxyOptions): Promise<boolean>
  /** A request on behalf of this process; undefined when none could be reached. Rejects when `signal` is aborted. */
  ask(request: OwnRequest, signal: AbortSignal): Promise<ApiAnswer | undefined>
}

/** Pooled connections to other agents' cluster ports. Addresses are `ip:port`, IPv6 in brackets. */
export interface RpcClient {
  /**
   * Rejects with CLUSTER_UNREACHABLE when there is no answer (nothing was done, or it is not known: `options.cause`
   * says), or with the error the other side threw.
   */
  call(address: string, method: string, body: unknown, options?: CallOptions): Promise<unknown>
  /**
   * Hands a request of the HTTP API on to another agent and streams the answer back, both ways unbuffered; the client's
   * going away ends it there too. Resolves false, with nothing written and the request's body untouched, when the other
   * could not be reached at all; true otherwise.
   */
  proxy(address: string, request: IncomingMessage, response: ServerResponse, options?: ProxyOptions): Promise<boolean>
  /** A request of the API on another agent. */
  ask(address: string, request: OwnRequest, signal: AbortSignal): Promise<ApiAnswer>
  /**
   * A call whose answer comes in pieces for as long as both sides live: `on` is given each JSON value. Resolves when
   * the other side ends it, rejects as {@link call} does, CLUSTER_UNREACHABLE too when it breaks off, CLUSTER_ABORTED
   * after `signal`.
   */
  stream(
    address: string,
    method: string,
    body: unknown,
    on: (value: unknown) => void,
    signal: AbortSignal,
  ): Promise<void>
  close(): void
}
