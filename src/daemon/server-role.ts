import { catalogTarget } from '../agent/index.js'
import type { Catalog } from '../catalog/index.js'
import { preparedQueries } from '../catalog/index.js'
import {
  ClusterMembership,
  catalogDirectory,
  createCoordinateBatch,
  createWan,
  decorated,
  registerDatacenters,
  registerQueryHandler,
  registerSyncHandlers,
  serveEvents,
  ViewHub,
  wanStats,
  memberMethods,
  type Duty,
  type Formation,
  type Membership,
  type ServerInfo,
  type StandingSource,
  type Wan,
  type WanDirectory,
} from '../cluster/index.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { openCoordinates } from './own-coordinates.js'
import { ownerOf } from './owner-of.js'
import { serverRemoteViews } from './remote-views.js'
import type { Role, RoleParts } from './role.js'
import { selfServer } from './self.js'

/** The kind of server: where its catalog is, and how it belongs to others. */
export interface ServerKind {
  readonly store: 'own' | 'raft' | 'shared'
  readonly catalog: Catalog
  readonly formation?: Formation
  /** Takes its place among the servers; rejects when the agent must not go on. */
  readonly begin: () => Promise<void>
  readonly duties?: readonly Duty[]
  readonly lastContact?: () => number
  readonly standing: StandingSource
}

/** A server agent: it has the catalog, answers for it, and serves client agents and other datacenters. */
export function serverRole(parts: RoleParts, kind: ServerKind): Role {
  const { settings, random } = parts
  const { catalog } = kind
  const wan: Wan = openWan(parts, kind, () => membership)
  const membership = openClusterMembership(parts, kind, wan)
  const batch = openCoordinateBatch(parts, catalog)
  const coordinates = openCoordinates(parts, membership, update => {
    batch.add(update)
    return Promise.resolve()
  })
  const queriesOf = (nodeName: string) =>
    preparedQueries({ catalog, random, datacenter: settings.datacenter, nodeName, others: wan.remote })
  const views = serverRemoteViews(parts, wan)
  registerHandlers(parts, kind, { wan, views, queriesOf })
  return {
    catalog,
    membership: withWan(membership, wan),
    standing: kind.standing,
    target: catalogTarget(catalog),
    alwaysCurrent: kind.store === 'own',
    alone: kind.store === 'own',
    forward: {
      datacenter: name => wan.route(name),
      owner: node => ownerOf(membership, parts.calls.client, node),
    },
    places: {
      get own() {
        return coordinates.own
      },
      ofDatacenters: () => wan.coordinates(),
    },
    others: wan.remote,
    dns: {
      queries: queriesOf(settings.nodeName),
      remote: datacenter => views.of(datacenter),
      views,
      ...(kind.store !== 'own' && {
        freshness: { barrier: () => catalog.barrier(), age: kind.lastContact ?? (() => 0) },
      }),
    },
    ...(kind.lastContact !== undefined && { lastContact: kind.lastContact }),
    begin: async () => {
      await kind.begin()
      if (kind.store === 'own') await membership.start()
      else startOnceLoaded(catalog, membership, parts)
      wan.start()
      coordinates.start()
    },
  }
}

function openClusterMembership(parts: RoleParts, kind: ServerKind, wan: Wan): ClusterMembership {
  const { settings, nodeId, calls, clock, random, log, opened } = parts
  const membership = new ClusterMembership({
    self: () => shownServer(selfServer(settings, nodeId, calls.server), settings),
    expect: settings.bootstrapExpect,
    store: kind.store,
    catalog: kind.catalog,
    calls,
    ...(calls.server.ports.wan > 0 && { wan }),
    encrypted: false,
    reconnectTimeout: settings.cluster.reconnectTimeout,
    holdTimeout: settings.cluster.rpcHoldTimeout,
    autopilot: settings.cluster.autopilot,
    clock,
    random,
    log: log.child('cluster'),
    ...(kind.formation !== undefined && { formation: kind.formation }),
    ...(kind.duties !== undefined && { duties: kind.duties }),
  })
  opened.add('membership', () => membership.close())
  return membership
}

/** Answers the calls of client agents and other servers. */
function registerHandlers(
  { calls: { server }, clock }: RoleParts,
  { catalog, standing }: ServerKind,
  {
    wan,
    views,
    queriesOf,
  }: {
    readonly wan: Wan
    readonly views: ReturnType<typeof serverRemoteViews>
    readonly queriesOf: Parameters<typeof registerQueryHandler>[1]
  },
): void {
  registerSyncHandlers(server, catalog)
  serveEvents(server, catalog)
  server.handle(memberMethods.standing, () => standing.standing())
  registerQueryHandler(server, queriesOf)
  new ViewHub({ catalog, clock }).register(server, datacenter => views.hub(datacenter))
  registerDatacenters(server, () => wan.datacenters().slice(1))
}

/**
 * The server as lists show it. Where another program holds its cluster ports, they show the configured ports instead of
 * 0, although nobody can reach the server there.
 */
const shownServer = (self: ServerInfo, { ports }: RoleParts['settings']): ServerInfo => ({
  ...self,
  ports: {
    ...self.ports,
    lan: self.ports.lan || Math.max(0, ports.serfLan),
    wan: self.ports.wan || Math.max(0, ports.serfWan),
  },
})

/** Starts the membership once the catalog is loaded, without holding up the agent: its servers may be away. */
function startOnceLoaded(catalog: Catalog, membership: Membership, { log, serversChanged }: RoleParts): void {
  catalog.whenLoaded
    .then(() => membership.start())
    .then(serversChanged, (error: unknown) => {
      if (
        error instanceof MusterError
        && (error.code === 'CATALOG_CLOSED' || error.code === 'CLUSTER_CLOSED' || error.code === 'STORE_CLOSED')
      )
        return
      log.error('this server could not take its place in the cluster', { error: errorMessage(error) })
    })
}

function openWan(
  { settings, nodeId, calls, clock, random, log, opened }: RoleParts,
  { catalog }: ServerKind,
  membership: () => ClusterMembership,
): Wan {
  const { cluster } = settings
  const directory: WanDirectory = catalogDirectory(catalog, cluster.reconnectTimeoutWan)
  const wan = createWan({
    self: () => selfServer(settings, nodeId, calls.server),
    directory,
    catalog,
    lanServers: () => {
      const statuses = new Map(
        membership()
          .members()
          .map(({ id, status }) => [id, status]),
      )
      return membership()
        .servers()
        .map(server => ({ ...server, status: statuses.get(server.id) ?? 'alive' }))
    },
    server: calls.server,
    client: calls.client,
    startJoin: cluster.startJoinWan,
    retryJoin: cluster.retryJoinWan,
    retryInterval: cluster.retryIntervalWan,
    retryMax: cluster.retryMaxWan,
    reconnectTimeout: cluster.reconnectTimeoutWan,
    clock,
    random,
    log: log.child('wan'),
  })
  opened.add('WAN', () => {
    wan.close()
  })
  return wan
}

/** The places that client agents send, and this server's own, on their way to the catalog. */
function openCoordinateBatch({ calls, clock, log, opened }: RoleParts, catalog: Catalog) {
  const batch = createCoordinateBatch({ catalog, server: calls.server, clock, log: log.child('coordinates') })
  opened.add('coordinates on their way', () => {
    batch.close()
  })
  return batch
}

/** Membership whose leaving and forced leaving reach the other datacenters as well. */
function withWan(membership: ClusterMembership, wan: Wan): Membership {
  return decorated(membership, {
    stats: async () => {
      const stats = await membership.stats()
      return { ...stats, serf_wan: { ...stats.serf_wan, ...wanStats(wan.members()) } }
    },
    forceLeave: async (name, prune) => {
      if (await wan.forceLeave(name, prune)) return
      await membership.forceLeave(name, prune)
    },
    leave: async () => {
      await wan.leave()
      await membership.leave()
    },
  })
}
