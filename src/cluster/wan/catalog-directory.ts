import { putWanServer, removeWanServer, type CatalogReads, type CatalogWrites } from '../../catalog/index.js'
import { systemClock } from '../../common/clock.js'
import { milliseconds, type Duration } from '../../common/duration.js'
import { pause } from '../../common/pause.js'
import { untilClosed } from '../../common/until-closed.js'
import type { ServerInfo } from '../types.js'
import type { WanDirectory } from './types.js'

/** Waits for changes this long at a time, in ms. */
const waitMs = 600_000

/**
 * The directory in the catalog.
 * @param life how long a record lasts that nobody renews: the time after which a server that does not answer is
 *   forgotten
 */
export function catalogDirectory(catalog: CatalogReads & Pick<CatalogWrites, 'execute'>, life: Duration): WanDirectory {
  const ttl = milliseconds(Math.max(life, 60_000))
  return {
    servers: () =>
      catalog.wanServers
        .all()
        .filter(({ info }) => info.server)
        .map(({ info }) => serverOf(info)),
    follow: on => untilClosed(closed => follow(catalog, on, closed)),
    put: async server => {
      await catalog.execute(putWanServer(server, { ttl }))
    },
    renew: async server => {
      await catalog.execute(putWanServer(server, { ttl, renew: true }))
    },
    remove: async server => {
      await catalog.execute(removeWanServer(server.datacenter, server.id))
    },
  }
}

const kept = new WeakMap<object, ServerInfo>()

/** The same object for the same record, so that it can be told whether one was written. */
function serverOf(info: Omit<ServerInfo, 'server'> & { readonly server: boolean }): ServerInfo {
  const known = kept.get(info)
  if (known !== undefined) return known
  const server: ServerInfo = { ...info, server: true }
  kept.set(info, server)
  return server
}

async function follow(catalog: CatalogReads, on: () => void, closed: AbortSignal): Promise<void> {
  const topic = catalog.wanServers.topics.all()
  for (let seen = topic.index; !closed.aborted;) {
    const moved = await catalog.wait(topic, seen, waitMs, closed)
    if (closed.aborted) return
    if (moved) {
      seen = topic.index
      on()
    } else {
      // Waits end at once on a closed catalog.
      await pause(systemClock, 1000, closed)
    }
  }
}
