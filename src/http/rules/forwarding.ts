import { remotePerspective, localPerspective, type Perspective } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { sameName } from '../../common/same-name.js'
import type { Settings } from '../../config/index.js'
import type { ProxyOptions, RequestRoute } from '../../rpc/index.js'
import type { Query } from '../request/query.js'
import type { ApiRequest, Endpoint } from '../route.js'

/** How a request is forwarded, with all options filled in. */
export type HandOver = ProxyOptions & Required<Omit<ProxyOptions, 'body'>>

/** Destinations of requests that this agent does not answer itself. Absent ones do not exist. */
export interface Forwarding {
  /**
   * The servers of this datacenter, for a client agent: everything goes there but what is about the agent itself. Not
   * given: this is a server.
   */
  readonly servers?: RequestRoute
  /** The servers of another datacenter; undefined for one that is not known. */
  readonly datacenter?: (name: string) => RequestRoute | undefined
  /** The agent that a node belongs to; undefined when no living member is called so. */
  readonly owner?: (node: string) => RequestRoute | undefined
}

/** Tells the second agent which one its client talks to. Taken from other agents only. */
export const agentHeader = 'muster-agent'

/**
 * The destination of a request, and the error when none of its agents can be reached. The error is created lazily,
 * since capturing a stack takes 10% of a request's time.
 */
export interface Destination {
  readonly upstreams: RequestRoute
  readonly unreachable: () => MusterError
}

/** What decides where a request goes. `served`: another agent handed it on to this one. */
export interface Journey {
  readonly endpoint: Endpoint
  readonly query: Query
  readonly served: boolean
  /** The datacenter that the body names; '' for none. */
  readonly bodyDatacenter: string
}

const noServers = (): MusterError => new MusterError('CLUSTER_NO_SERVERS', 'No known Consul servers', { status: 500 })

/**
 * Where a request has to be handed on to; undefined: it is answered here.
 * @throws MusterError 500 for a datacenter that nobody knows, and on a client agent that was taken for a server
 */
export function destination(
  { endpoint, query, served, bodyDatacenter }: Journey,
  forwarding: Forwarding,
  settings: Settings,
): Destination | undefined {
  if (endpoint.reach === 'by-owner') return served ? undefined : ownerOf(query.first('node'), forwarding, settings)
  if (endpoint.reach === 'local') return undefined
  if (forwarding.servers !== undefined) {
    // A client agent has no catalog. It refuses a request that was already forwarded, since forwarding it again could
    // go in circles.
    if (served) throw noServers()
    return { upstreams: forwarding.servers, unreachable: noServers }
  }
  const datacenter = query.first('dc') === '' ? bodyDatacenter : query.first('dc')
  if (isHere(datacenter, settings)) return undefined
  const upstreams = forwarding.datacenter?.(datacenter.toLowerCase())
  if (upstreams === undefined) throw noPath()
  return {
    upstreams,
    unreachable: () =>
      new MusterError('HTTP_DATACENTER', 'Remote DC has no server currently reachable', { status: 500 }),
  }
}

function ownerOf(node: string, forwarding: Forwarding, settings: Settings): Destination | undefined {
  if (node === '' || node.toLowerCase() === settings.nodeName.toLowerCase()) return undefined
  const upstreams = forwarding.owner?.(node)
  if (upstreams === undefined) {
    throw new MusterError('CLUSTER_UNKNOWN_MEMBER', `no living agent of node "${node}" is known`, {
      status: 404,
      hint: 'muster members lists those there are',
    })
  }
  return {
    upstreams,
    unreachable: () => new MusterError('CLUSTER_UNREACHABLE', `the agent of node "${node}" cannot be reached`),
  }
}

/** Whether a datacenter is this one; '' is. */
const isHere = (datacenter: string, settings: Settings): boolean =>
  datacenter === '' || sameName(datacenter, settings.datacenter)

const noPath = (): MusterError => new MusterError('HTTP_DATACENTER', 'No path to datacenter', { status: 500 })

/**
 * Names the datacenter that a request comes from, where that prefers the WAN addresses of others
 * (`translate_wan_addrs`). Set by the first agent.
 */
export const fromParameter = 'muster-from'

/**
 * The target with which a request goes on, with what the next agent cannot know: whom `near=_agent` means, and, unless
 * it was handed on before, that WAN addresses are preferred.
 */
export function onwardTarget(
  target: string,
  { nodeName, datacenter, translateWanAddrs }: Settings,
  served: boolean,
): string {
  const named = target.includes('near=_agent')
    ? target.replace(/([?&]near=)_agent(?=&|$)/g, (_whole, before: string) => before + encodeURIComponent(nodeName))
    : target
  return translateWanAddrs && !served
    ? `${named}${named.includes('?') ? '&' : '?'}${fromParameter}=${encodeURIComponent(datacenter)}`
    : named
}

/** How a client sees the entries of a datacenter. */
export function perspectiveOn(
  { query, header }: Pick<ApiRequest, 'query' | 'header'>,
  datacenter: string,
  settings: Settings,
): Perspective {
  const preferred = header(agentHeader) === undefined && settings.translateWanAddrs
  const from = query.first(fromParameter) || (preferred ? settings.datacenter : '')
  return from === '' || sameName(from, datacenter) ? localPerspective : remotePerspective
}
