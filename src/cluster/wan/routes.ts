import { errorMessage } from '../../common/errors.js'
import { shuffled } from '../../common/shuffled.js'
import type { Clock } from '../../common/clock.js'
import type { Logger } from '../../telemetry/index.js'
import type { RequestRoute, RpcClient } from '../../rpc/index.js'
import { isUnreachable } from '../../rpc/index.js'
import type { ServerInfo } from '../types.js'
import { wanAddress, wanName, type KnownServer, type KnownServers } from './known-servers.js'

/**
 * How long requests to a datacenter prefer the same servers, in ms: long enough that a client reads its own writes,
 * short enough that load spreads.
 */
const steady = 120_000
/** Most servers of one datacenter that are tried for one request. */
const maxTries = 4

interface RoutesParts {
  readonly known: KnownServers
  readonly client: RpcClient
  /** Told of a server that could not be reached. */
  readonly suspect: (server: KnownServer) => void
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
}

/**
 * Ways to other datacenters: their servers in an order that stays for a while, the next one when one does not answer.
 */
export class Routes {
  readonly #parts: RoutesParts
  readonly #orders = new Map<string, { readonly ranks: Map<string, number>; readonly until: number }>()

  constructor(parts: RoutesParts) {
    this.#parts = parts
  }

  /** Servers of a datacenter as they should be asked: living ones first, those that left not at all. */
  servers(datacenter: string): readonly KnownServer[] {
    const candidates = this.#parts.known.of(datacenter).filter(({ status }) => status !== 'left')
    if (candidates.length === 0) {
      this.#orders.delete(datacenter.toLowerCase())
      return candidates
    }
    const ranks = this.#ranks(datacenter.toLowerCase(), candidates)
    const trouble = ({ status, misses }: KnownServer): number => (status === 'failed' ? 2 : Math.min(1, misses))
    const rank = ({ info }: KnownServer): number => ranks.get(info.id) ?? 0
    return [...candidates].sort((a, b) => trouble(a) - trouble(b) || rank(a) - rank(b))
  }

  /** See {@link Wan.route}. */
  route(datacenter: string): RequestRoute | undefined {
    if (this.servers(datacenter).length === 0) return undefined
    const { client, suspect } = this.#parts
    return {
      proxy: async (request, response, options) => {
        for (const server of this.servers(datacenter).slice(0, maxTries)) {
          if (await client.proxy(wanAddress(server.info), request, response, options)) return true
          suspect(server)
        }
        return false
      },
      ask: (request, signal) => this.first(datacenter, address => client.ask(address, request, signal)),
    }
  }

  /** Asks the first server there that can be reached; undefined when none can. @throws what `ask` throws otherwise */
  async first<Result>(datacenter: string, ask: (address: string) => Promise<Result>): Promise<Result | undefined> {
    const { log, suspect } = this.#parts
    for (const server of this.servers(datacenter).slice(0, maxTries)) {
      try {
        return await ask(wanAddress(server.info))
      } catch (error) {
        if (!isUnreachable(error)) throw error
        log.debug('a server of another datacenter did not answer', {
          server: wanName(server.info),
          error: errorMessage(error),
        })
        suspect(server)
      }
    }
    return undefined
  }

  #ranks(datacenter: string, candidates: readonly KnownServer[]): ReadonlyMap<string, number> {
    const { clock, random } = this.#parts
    const now = clock.monotonic()
    let order = this.#orders.get(datacenter)
    if (order === undefined || order.until <= now) {
      order = {
        ranks: new Map(shuffled(candidates, random).map(({ info }, i) => [info.id, i])),
        until: now + steady * (1 + random()),
      }
      this.#orders.set(datacenter, order)
    }
    for (const { info } of candidates)
      if (!order.ranks.has(info.id)) order.ranks.set(info.id, random() * order.ranks.size)
    return order.ranks
  }
}

/** The info of servers that are known. */
export const infoOf = ({ info }: KnownServer): ServerInfo => info
