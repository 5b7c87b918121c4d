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
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined
  readonly body: Buffer
  readonly pretty: boolean
  /** Aborted when the client has gone or the server closes. Ask for it only to wait: it is made on first use. */
  readonly gone: () => AbortSignal
}

export type Handler = (request: ApiRequest) => Answer | Promise<Answer>

/** The methods an endpoint may have, in the order that `Allow` lists them. */
export const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** One endpoint. Methods that it does not name are answered with 405 and the list of those it does. */
export interface Route {
  /** `/v1/catalog/nodes`, or `/v1/catalog/node/*`: all that starts with it, the empty rest included. */
  readonly path: string
  readonly GET?: Handler
  readonly POST?: Handler
  readonly PUT?: Handler
  readonly DELETE?: Handler
  /** Answers although the agent is not ready: it reads nothing that has to be loaded. */
  readonly whileNotReady?: true
  /** Is about this agent alone and pays no heed to `?dc=`. */
  readonly local?: true
  /** Largest body in bytes; {@link defaultBodyLimit} without. */
  readonly bodyLimit?: (settings: Settings) => number
}

/** Far above any registration seen in practice, and little enough for 200 connections of one client. */
export const defaultBodyLimit = 1024 * 1024
