import { readCoordinate, type Coordinate } from '../../common/coordinate.js'
import { readServer } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'
import type { ServerInfo } from '../types.js'

/** Most servers of all datacenters together that are kept. */
export const maxServers = 1024

/** What servers call each other with on the WAN port. */
export const methods = {
  /** Who we are and whom we know, both ways. */
  hello: 'wan/hello',
  /** Whether the other lives, where it is, and who it is by now. */
  ping: 'wan/ping',
  /** The caller goes for good. */
  leave: 'wan/leave',
  /** What a prepared query finds in the other's datacenter. */
  query: 'wan/query',
} as const

/** Room for {@link maxServers}. */
export const helloLimit = maxServers * 1024

/** Who calls, or answers, and all servers that it knows, of whatever datacenter. */
export interface WanHello {
  readonly self: ServerInfo
  readonly servers: readonly ServerInfo[]
}

/** Answer to a ping. */
export interface WanPong {
  readonly self: ServerInfo
  readonly coordinate: Coordinate | undefined
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readWanHello(value: unknown): WanHello {
  const hello = new Shape(value, 'a hello over the WAN')
  return { self: readSelf(value), servers: hello.list('servers', maxServers, readServer) }
}

/** Who calls. @throws MusterError CLUSTER_MESSAGE */
export const readSelf = (value: unknown): ServerInfo =>
  readServer((value as { readonly self?: unknown } | null | undefined)?.self)

/** @throws MusterError CLUSTER_MESSAGE */
export const readPong = (value: unknown): WanPong => ({
  self: readSelf(value),
  coordinate: readCoordinate((value as { readonly coordinate?: unknown }).coordinate),
})
