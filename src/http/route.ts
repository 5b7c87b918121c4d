import type { EndSignal } from '../common/end-signal.js'
import type { Settings } from '../config/index.js'
import type { Answer } from './answer.js'
import type { Query } from './query.js'

/** A request that has passed the common rules. */
export interface ApiRequest {
  readonly method: string
  /** Decoded path. */
  readonly path: string
  /** What stands at the `*` of the route's path, decoded; may hold slashes. */
  readonly rest: string
  readonly query: Query
  /** The request line's target as it came, for the answer cache. */
  readonly url: string
  /** Address of who asks; undefined on a unix socket and within the process. */
  readonly client: string | undefined
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
  readonly body: Buffer
  readonly pretty: boolean
  /** Aborted when the client has gone or the server closes. Ask for it only to wait: it is made on first use. */
  readonly gone: () => EndSignal
}

export type Handler = (request: ApiRequest) => Answer | Promise<Answer>

/** The methods an endpoint may have, in the order that `Allow` lists them. */
export const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** What is done at a path. Methods that it does not name are answered with 405 and the list of those it does. */
export interface Endpoint {
  readonly GET?: Handler
  readonly POST?: Handler
  readonly PUT?: Handler
  readonly DELETE?: Handler
  /** Answers although the agent is not ready: it reads nothing that has to be loaded. */
  readonly whileNotReady?: true
  /** Is about this agent alone and pays no heed to `?dc=`. */
  readonly local?: true
  /** Though local, `?node=` hands it on to the agent of that node. */
  readonly byOwner?: true
  /** The datacenter that a body names, if it names one. Never throws: what is wrong with the body is the handler's to say. */
  readonly datacenterOf?: (body: Buffer) => string
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

/** The endpoint that a path under a route means, and what stands at the route's `*`. */
export function endpointAt(route: Route, path: string): { readonly endpoint: Endpoint; readonly rest: string } {
  const rest = route.path.endsWith('*') ? path.slice(route.path.length - 1) : ''
  for (const [ending, endpoint] of Object.entries(route.endings ?? {})) {
    if (rest.endsWith(ending)) return { endpoint, rest: rest.slice(0, -ending.length) }
  }
  return { endpoint: route, rest }
}

/** Far above any registration seen in practice, and little enough for 200 connections of one client. */
export const defaultBodyLimit = 1024 * 1024
