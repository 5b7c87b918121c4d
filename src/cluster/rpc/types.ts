import type { IncomingMessage, ServerResponse } from 'node:http'

/** Who calls: the address the connection comes from. */
export interface RpcCaller { readonly address: string; readonly aborted: AbortSignal }

/** Answers one method. What it throws as MusterError reaches the caller with its code, status, message and hint. */
export type RpcHandler = (body: unknown, caller: RpcCaller) => Promise<unknown>

/**
 * What agents say to each other: JSON in, JSON out, over HTTP on the cluster port (LAN) and the WAN port. Methods are named `area/verb`. Each
 * part of the cluster registers its own. Whoever speaks no common protocol version is refused with both versions named (CLUSTER_PROTOCOL).
 */
export interface RpcServer {
  /** Registers a method; `wan`: it may be called on the WAN port as well. */
  handle(method: string, handler: RpcHandler, options?: { readonly wan?: boolean; readonly bodyLimit?: number }): void
  /** Takes requests for paths below /v1/, forwarded from other agents, on both ports. */
  serveApi(listener: (request: IncomingMessage, response: ServerResponse) => void): void
  /** Listens. @throws MusterError CLUSTER_LISTEN naming port, address and remedy. */
  start(): Promise<void>
  /** Ports bound, once started; 0: not listening. */
  readonly ports: { readonly lan: number; readonly wan: number }
  close(): Promise<void>
}

/** `timeout` in ms; 5000 unless given. */
export interface CallOptions { readonly signal?: AbortSignal; readonly timeout?: number }

/** Pooled connections to other agents' cluster ports. Addresses are `ip:port`, IPv6 in brackets. */
export interface RpcClient {
  /**
   * Rejects with CLUSTER_UNREACHABLE when there is no answer (nothing was done, or it is not known: `options.cause` says), or with the error the
   * other side threw.
   */
  call(address: string, method: string, body: unknown, options?: CallOptions): Promise<unknown>
  /**
   * Hands a request of the HTTP API on to another agent and streams the answer back, both ways unbuffered; the client's going away ends it there too.
   * Resolves false, with nothing written and the request's body untouched, when the other could not be reached at all; true otherwise.
   */
  proxy(address: string, request: IncomingMessage, response: ServerResponse, options?: { readonly target?: string }): Promise<boolean>
  /** A GET of the API on another agent. */
  get(address: string, target: string, signal: AbortSignal): Promise<{ readonly status: number; readonly index: string; readonly body: string }>
  close(): void
}
