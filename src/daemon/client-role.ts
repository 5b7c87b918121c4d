import { Catalog } from '../catalog/index.js'
import {
  ClientMembership,
  coordinateUpdateMethod,
  openViews,
  remoteQueries,
  remoteSyncTarget,
  serverFeed,
  ServerPool,
  serversFile,
  upstreams,
} from '../cluster/index.js'
import { joinedThrough } from './history.js'
import { openCoordinates } from './own-coordinates.js'
import { ownerOf } from './owner-of.js'
import { clientRemoteViews } from './remote-views.js'
import type { Role, RoleParts } from './role.js'
import { selfInfo } from './self.js'

/** A client agent: it keeps no catalog, and asks servers. */
export async function clientRole(parts: RoleParts): Promise<Role> {
  const { settings, calls, clock, log, opened } = parts
  const pool = await openPool(parts)
  const membership = openMembership(parts, pool)
  const servers = {
    addresses: () => pool.addresses(),
    failed: (address: string) => {
      pool.failed(address)
    },
  }
  const views = openViews({ rpc: calls.client, servers, clock, log: log.child('views') })
  opened.add('views', () => {
    views.close()
  })
  const catalog = await Catalog.open({ store: views.store, clock })
  opened.add('catalog', () => {
    catalog.close()
  })
  const coordinates = openCoordinates(parts, membership, async update => {
    await pool.call(coordinateUpdateMethod, update, { mayRepeat: true })
  })
  const remote = clientRemoteViews(parts, pool, (kind, name) => views.ready(kind, name))
  return {
    catalog,
    membership,
    standing: membership,
    target: remoteSyncTarget(pool),
    alwaysCurrent: true,
    alone: false,
    forward: { servers: upstreams(calls.client, servers), owner: node => ownerOf(membership, calls.client, node) },
    places: {
      get own() {
        return coordinates.own
      },
      ofDatacenters: () => [],
    },
    eventFeed: serverFeed({
      call: (method, body, options) => pool.call(method, body, { ...options, mayRepeat: true }),
      clock,
      log: log.child('events'),
    }),
    dns: {
      views: remote,
      remote: datacenter => remote.of(datacenter),
      queries: remoteQueries(pool, settings.nodeName),
    },
    begin: async () => {
      await membership.start()
      coordinates.start()
    },
  }
}

/** Servers known from before: those it knew when it stopped. */
async function openPool({ settings, nodeId, calls, clock, log, opened }: RoleParts): Promise<ServerPool> {
  const file = serversFile(settings.dataDir, clock, log.child('cluster'))
  opened.add('list of servers', () => file.close())
  return new ServerPool({
    agentId: nodeId,
    initial: await file.read(),
    rpc: calls.client,
    clock,
    changed: servers => {
      file.write(servers)
    },
  })
}

function openMembership(parts: RoleParts, pool: ServerPool): ClientMembership {
  const { settings, nodeId, calls, clock, random, log, opened, serversChanged, giveUp } = parts
  const { cluster, dataDir } = settings
  const self = () => selfInfo(settings, nodeId, calls.server)
  const membership = new ClientMembership({
    self,
    pool,
    rpc: calls.client,
    server: calls.server,
    port: settings.ports.serfLan,
    startJoin: cluster.startJoin,
    retryJoin: cluster.startJoin.length + cluster.retryJoin.length > 0 ? cluster.retryJoin : joinedThrough(dataDir),
    retryInterval: cluster.retryInterval,
    retryMax: cluster.retryMax,
    onServers: serversChanged,
    onGivenUp: giveUp,
    clock,
    random,
    log: log.child('cluster'),
  })
  opened.add('membership', () => membership.close())
  return membership
}
