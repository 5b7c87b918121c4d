import type { Coordinate } from '../../common/coordinate.js'
import { hostPort } from '../../common/host-port.js'
import { sameName } from '../../common/same-name.js'
import type { MemberStatus, ServerInfo } from '../types.js'
import { maxServers } from './wan-messages.js'

/** A server on the WAN as this one sees it. Times are the clock's monotonic ms. */
export interface KnownServer {
  info: ServerInfo
  status: Extract<MemberStatus, 'alive' | 'failed' | 'left'>
  /** Since when it has the status. */
  since: number
  /** Pings in a row without an answer. */
  misses: number
  /** When it is to be pinged next. */
  due: number
  /** When it last answered; undefined: not yet. */
  heard: number | undefined
  coordinate: Coordinate | undefined
}

/** Where a server is called on the WAN. */
export const wanAddress = ({ wanAddress: address, ports }: ServerInfo): string => hostPort(address, ports.wan)

/** Name of a server on the WAN. */
export const wanName = ({ name, datacenter }: ServerInfo): string => `${name}.${datacenter}`

/** How news of a server came: from itself, through another one, or out of the store. */
export type NewsFrom = 'self' | 'other' | 'store'

/**
 * The effect of news about a server. `new`: not known before; `changed`: another name or address, or back again;
 * `same`; `refused`: no room.
 */
export type Learned = 'new' | 'changed' | 'same' | 'refused'

/** The servers of all datacenters but this server itself, by node id. */
export class KnownServers {
  readonly #servers = new Map<string, KnownServer>()

  all(): readonly KnownServer[] {
    return [...this.#servers.values()]
  }
  get(id: string): KnownServer | undefined {
    return this.#servers.get(id)
  }
  forget(id: string): void {
    this.#servers.delete(id)
  }

  /** Those of one datacenter. */
  of(datacenter: string): readonly KnownServer[] {
    return this.all().filter(({ info }) => sameName(info.datacenter, datacenter))
  }

  /**
   * Takes in news of a server. What it says of itself counts; what others or the store say of it counts only while it
   * is not known to live where it was, so that old news never moves a living server. A server that left comes back only
   * by its own word.
   */
  learn(info: ServerInfo, from: NewsFrom, now: number): Learned {
    const known = this.#servers.get(info.id)
    if (known === undefined) return this.#add(info, from, now)
    const differs = !sameServer(known.info, info)
    if (from === 'self') {
      const back = known.status !== 'alive'
      known.info = info
      known.misses = 0
      if (back) Object.assign(known, { status: 'alive', since: now, due: now })
      return differs || back ? 'changed' : 'same'
    }
    if (!differs || known.status === 'alive' || known.status === 'left') return 'same'
    known.info = info
    known.due = now
    return 'changed'
  }

  /** Gives a server another status. */
  mark(server: KnownServer, status: KnownServer['status'], now: number): void {
    if (server.status === status) return
    server.status = status
    server.since = now
  }

  #add(info: ServerInfo, from: NewsFrom, now: number): Learned {
    if (this.#servers.size >= maxServers) return 'refused'
    // A reinstalled server has a new id, so drop the entry with its old one.
    if (from === 'self')
      for (const { info: former, status } of this.of(info.datacenter)) {
        if (status !== 'alive' && former.name.toLowerCase() === info.name.toLowerCase()) this.#servers.delete(former.id)
      }
    this.#servers.set(info.id, {
      info,
      status: 'alive',
      since: now,
      misses: 0,
      due: now,
      heard: undefined,
      coordinate: undefined,
    })
    return 'new'
  }
}

/** Whether nothing that others use of a server differs. */
const sameServer = (a: ServerInfo, b: ServerInfo): boolean =>
  a.name === b.name
  && a.datacenter === b.datacenter
  && a.address === b.address
  && a.wanAddress === b.wanAddress
  && a.build === b.build
  && a.ports.raft === b.ports.raft
  && a.ports.lan === b.ports.lan
  && a.ports.wan === b.ports.wan
