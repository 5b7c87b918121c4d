import { Catalog, type CatalogReads } from '../catalog/index.js'
import { hostPort, openViews, type Views, type Wan } from '../cluster/index.js'
import { errorMessage } from '../common/errors.js'
import type { DnsViews } from '../dns/index.js'
import type { RoleParts } from './role.js'

/** Other datacenters as DNS sees them: live views of what was asked for. */
export interface RemoteViews extends DnsViews {
  /** Undefined for a datacenter that is not known (any more). */
  of(datacenter: string): CatalogReads | undefined
}

interface Remote { readonly views: Views; readonly catalog: Catalog }

/** Opens views of other datacenters, each with the first question for it. This datacenter's own catalog is whole. */
export function remoteViews({ calls, clock, log, opened }: RoleParts, wan: Wan): RemoteViews {
  const remotes = new Map<string, Remote>()
  const open = (datacenter: string): Remote => {
    const views = openViews({
      rpc: calls.client, clock, log: log.child('views'),
      servers: { addresses: () => wan.servers(datacenter).map(({ wanAddress, ports }) => hostPort(wanAddress, ports.wan)) },
    })
    opened.add(`views of ${datacenter}`, () => { views.close() })
    const catalog = Catalog.follow({ store: Promise.resolve(views.store), clock, onLoadFailure: error => { log.error('another datacenter cannot be shown', { datacenter, error: errorMessage(error) }) } })
    opened.add(`catalog of ${datacenter}`, () => { catalog.close() })
    const remote = { views, catalog }
    remotes.set(datacenter, remote)
    return remote
  }
  return {
    of: datacenter => wan.servers(datacenter).length === 0 ? undefined : (remotes.get(datacenter) ?? open(datacenter)).catalog,
    partial: datacenter => datacenter !== '',
    ready: (datacenter, kind, name) => {
      if (datacenter === '') return true
      const { views, catalog } = remotes.get(datacenter) ?? open(datacenter)
      const ready = views.ready(kind, name)
      return catalog.loaded ? ready : catalog.whenLoaded.then(() => ready)
    },
  }
}
