import type { EndSignal } from '../common/end-signal.js'
import type { Settings } from '../config/index.js'
import type { RpcPort } from '../rpc/index.js'
import type { Answer } from './answer/answer.js'
import type { Query } from './request/query.js'

/** A request that has passed the common rules. */
export interface ApiRequest {
  readonly method: string
  /** Decoded path. */
  readonly path: string
  /** The decoded part of the path that matches the `*` of the route; may contain slashes. */
  readonly rest: string
  readonly query: Query
  /** The request line's target as it came, for the answer cache. */
  readonly url: string
  /** The client's address; undefined on a unix socket and within the process. */
  readonly client: string | undefined
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
  readonly body: Buffer
  /** The body of an endpoint that takes uploads, in pieces as they come. */
  readonly upload: () => AsyncIterable<Buffer>
  /** Of the endpoint that was asked. */
  readonly reach: Reach
  readonly pretty: boolean
  /** Aborted when the client has gone or the server closes. Ask for it only to wait: it is made on first use. */
  readonly gone: () => EndSignal
}

/**
 * Where requests for an endpoint may come from. `local`: only from clients of this agent's HTTP API, since the endpoint
 * is about this agent. `by-owner`: also from an agent of this datacenter that forwards a request about this agent's
 * node (`?node=`). `handed-on`: also from agents without a catalog, or of another datacenter, that forward requests.
 * Every endpoint must name one, so that none is exposed on the cluster ports by mistake.
 */
export type Reach = 'local' | 'by-owner' | 'handed-on'

/**
 * Whether requests for an endpoint are taken on a cluster port: from agents of the datacenter (`lan`), or of others
 * (`wan`).
 */
export const isTakenOn = (reach: Reach, port: RpcPort): boolean =>
  reach === 'handed-on' || (reach === 'by-owner' && port === 'lan')

export type Handler = (request: ApiRequest) => Answer | Promise<Answer>

/** The methods an endpoint may have, in the order that `Allow` lists them. */
export const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** The methods of a path. Other methods get 405 with a list of these. */
export interface Endpoint {
  readonly GET?: Handler
  readonly POST?: Handler
  readonly PUT?: Handler
  readonly DELETE?: Handler
  /** Answers although the agent is not ready: it reads nothing that has to be loaded. */
  readonly whileNotReady?: true
  /** Those that are not `handed-on` are about this agent and pay no heed to `?dc=`. */
  readonly reach: Reach
  /**
   * The datacenter that a body names, if it names one. Never throws: what is wrong with the body is the handler's to
   * say.
   */
  readonly datacenterOf?: (body: Buffer) => string
  /** The handler reads the body itself, in pieces: one that is too large to be held in memory. */
  readonly uploads?: true
  /** Largest body in bytes; {@link defaultBodyLimit} without. */
  readonly bodyLimit?: (settings: Settings) => number
}

/** One endpoint and its place. */
export interface Route extends Endpoint {
  /** `/v1/catalog/nodes`, or `/v1/catalog/node/*`: all that starts with it, the empty rest included. */
  readonly path: string
  /** Endpoints of those paths below a `*` that end so: `/execute`. The ending is no part of the rest. */
  readonly endings?: Readonly<Record<string, Endpoint>>
}

/** The endpoint for a path under a route, and the part that matches the route's `*`. */
export function endpointAt(route: Route, path: string): { readonly endpoint: Endpoint; readonly rest: string } {
  const rest = route.path.endsWith('*') ? path.slice(route.path.length - 1) : ''
  for (const [ending, endpoint] of Object.entries(route.endings ?? {})) {
    if (rest.endsWith(ending)) return { endpoint, rest: rest.slice(0, -ending.length) }
  }
  return { endpoint: route, rest }
}

/** Far above any registration seen in practice, and little enough for 200 connections of one client. */
export const defaultBodyLimit = 1024 * 1024
