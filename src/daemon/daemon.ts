import os from 'node:os'
import { Agent, resolveNodeId } from '../agent/index.js'
import { RemoteExec } from '../exec/index.js'
import { createCheckRunner } from '../checks/index.js'
import { etcdVersion } from '../etcd/index.js'
import { logChanges, type Membership } from '../cluster/index.js'
import type { Clock } from '../common/clock.js'
import type { MusterError } from '../common/errors.js'
import { errorMessage } from '../common/errors.js'
import { createDnsServer, type DnsServer } from '../dns/index.js'
import { createHttpServer, type HttpServer } from '../http/index.js'
import { createMetrics, type Logger, type LogHub, type Metrics } from '../telemetry/index.js'
import { watchPlan, Watches } from '../watch/index.js'
import { connectionsPerClient, openCalls } from './calls.js'
import { clientRole } from './client-role.js'
import { Closers } from './closers.js'
import { loneMembership } from './lone-membership.js'
import { removeRemains } from './data-dir.js'
import { rememberRole } from './history.js'
import { isAlone } from '../config/index.js'
import type { StartConfig } from './read-config.js'
import type { Role, RoleParts } from './role.js'
import { externalKind } from './external-kind.js'
import { openOwnStore, ownKind } from './own-kind.js'
import { raftKind } from './raft-kind.js'
import { serverRole } from './server-role.js'

/** What a {@link Daemon} is started with. */
export interface DaemonOptions {
  readonly config: StartConfig
  readonly logs: LogHub
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Asks the process to stop: the agent was told to leave. */
  readonly stop: () => void
  /** Asks the process to start the agent again: it was told to join others, and is a client agent from now on. */
  readonly startAnew: () => void
  /** The agent cannot go on, and the process ends with this error. */
  readonly giveUp: (error: MusterError) => void
}

/** All parts of an agent process, wired. */
export interface Daemon {
  readonly agent: Agent
  readonly nodeId: string
  readonly http: HttpServer
  readonly dns: DnsServer
  /** Cluster ports that are bound; 0: not. */
  readonly cluster: { readonly lan: number; readonly wan: number }
  /** Stops everything, the newest first. The node stays in the catalog unless it has left. */
  close(): Promise<void>
}

/**
 * Starts the parts in the order in which they need each other and resolves when the agent answers: with its entries in
 * the catalog where that is its own, else while it looks for the others. When one fails, those before it are stopped
 * again and the promise rejects with its error.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const opened = new Closers(options.logs.root.child('daemon'))
  try {
    return await start(options, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function start(options: DaemonOptions, opened: Closers): Promise<Daemon> {
  const { config, logs, clock, random, giveUp, startAnew } = options
  const { settings } = config
  const log = logs.root
  const metrics = openMetrics(options, opened)
  const own = isAlone(settings) ? await openOwnStore(settings, log.child('store')) : undefined
  if (own !== undefined) opened.add('store', () => own.close())
  // Read only once the store is open, which fails when the directory belongs to another agent.
  const nodeId = resolveNodeId(settings)
  const calls = await openCalls(settings, { clock, log, metrics, opened })
  let running: Agent | undefined
  const serversChanged = (): void => {
    running?.serversChanged()
  }
  const parts: RoleParts = {
    settings,
    nodeId,
    calls,
    clock,
    random,
    log,
    metrics,
    opened,
    giveUp,
    serversChanged,
  }
  const role = await openRole(parts, own && (await ownKind(parts, own)))
  // Only now is the directory locked, by the store or by etcd.
  if (settings.dataDir !== '') removeRemains(settings.dataDir, log)
  const membership = settings.lone
    ? loneMembership(role.membership, { ...parts, catalog: role.catalog, startAnew })
    : role.membership
  const context: Context = { options, nodeId, role, membership, metrics }
  const agent = (running = createAgent(context))
  config.knownServices(() => agent.services().keys())
  const servers = createServers(context, agent)
  calls.server.serveApi(servers.http.serve)
  agent.onSettings(next => {
    logs.setLevel(next.log.level)
    servers.dns.update(next)
    servers.http.update(next)
    calls.server.update(connectionsPerClient(next))
  })
  await startParts(context, agent, servers, opened)
  return {
    agent,
    nodeId,
    http: servers.http,
    dns: servers.dns,
    cluster: calls.server.ports,
    close: () => opened.close(),
  }
}

/** What the agent and its servers are created from. */
interface Context {
  readonly options: DaemonOptions
  readonly nodeId: string
  readonly role: Role
  readonly membership: Membership
  readonly metrics: Metrics
}

/** What answers requests. */
interface Servers {
  readonly dns: DnsServer
  readonly http: HttpServer
  /** Runs jobs of other agents; undefined where that is disabled. */
  readonly remoteExec: RemoteExec | undefined
}

function openMetrics({ config, clock }: DaemonOptions, opened: Closers): Metrics {
  const { telemetry } = config.settings
  const metrics = createMetrics({
    prefix: telemetry.metricsPrefix,
    clock,
    ...(!telemetry.disableHostname && { hostname: os.hostname() }),
  })
  opened.add('metrics', () => {
    metrics.close()
  })
  return metrics
}

function createAgent({ options, nodeId, role, membership, metrics }: Context): Agent {
  const { config, logs, clock, random, stop } = options
  return new Agent({
    settings: config.settings,
    nodeId,
    initial: config.initial,
    source: config.source,
    configPaths: config.paths,
    readsAnyName: config.format !== undefined,
    catalog: role.catalog,
    target: role.target,
    membership,
    createRunner: createCheckRunner,
    persistence: config.persistence,
    clock,
    random,
    log: logs.root,
    metrics,
    stop,
  })
}

function createServers({ options, role, membership, metrics }: Context, agent: Agent): Servers {
  const { config, logs, clock, random } = options
  const { settings } = config
  const { catalog } = role
  const log = logs.root
  const dns = createDnsServer({
    settings,
    catalog,
    ready: () => (role.alone ? agent.readiness().ready : catalog.loaded),
    log: log.child('dns'),
    metrics,
    clock,
    random,
    ...role.dns,
  })
  const http = createHttpServer({
    ...role,
    settings,
    agent,
    catalog,
    membership,
    logs,
    metrics,
    clock,
    random,
    internalEvents: event => {
      remoteExec?.take(event)
    },
  })
  const remoteExec = settings.cluster.disableRemoteExec
    ? undefined
    : new RemoteExec({ api: http, node: settings.nodeName, clock, log: log.child('exec') })
  return { dns, http, remoteExec }
}

/**
 * Starts what was created: the servers before the role, so that they answer while it looks for the others, and watches
 * last, since they ask the HTTP API.
 */
async function startParts(
  { options, role, membership }: Context,
  agent: Agent,
  { dns, http, remoteExec }: Servers,
  opened: Closers,
): Promise<void> {
  const { config, logs, clock } = options
  const log = logs.root
  await dns.start()
  opened.add('dns', () => dns.close())
  await http.start()
  opened.add('http', () => http.close())
  await role.begin()
  const changes = logChanges({ membership, catalog: role.catalog, clock, log: log.child('cluster') })
  opened.add('log of members', () => {
    changes.close()
  })
  rememberRole(config.settings)
  opened.add('agent', () => agent.close())
  await startAgent(agent, role, log.child('agent'))
  const watches = new Watches({ source: http, log: log.child('watch'), clock })
  opened.add('watches', () => watches.close())
  if (remoteExec !== undefined) opened.add('jobs of other agents', () => remoteExec.close())
  followWatches(agent, watches, log.child('watch'))
}

async function openRole(parts: RoleParts, own: Awaited<ReturnType<typeof ownKind>> | undefined): Promise<Role> {
  if (own !== undefined) return serverRole(parts, own)
  switch (parts.settings.engine) {
    case 'external':
      return serverRole(parts, externalKind(parts))
    case 'etcd':
      // Fails now when the program is missing, rather than after the servers have agreed to found a cluster.
      await etcdVersion(parts.settings.etcd.program)
      return serverRole(parts, raftKind(parts))
    default:
      return clientRole(parts)
  }
}

/**
 * An agent with a catalog of its own counts as started once its entries are in it. Other agents do not wait for that,
 * since their servers may be away for any length of time.
 */
async function startAgent(agent: Agent, role: Role, log: Logger): Promise<void> {
  if (role.alone) {
    await agent.start()
    return
  }
  agent.start().catch((error: unknown) => {
    log.error('the entries of this node could not be brought to the catalog', { error: errorMessage(error) })
  })
}

/** Runs the declared watches, also those of each reload. One that cannot run is logged, and the others run. */
function followWatches(agent: Agent, watches: Watches, log: Logger): void {
  const update = (): void => {
    watches.update(
      agent.declared.watches.flatMap(declared => {
        try {
          return [watchPlan(declared)]
        } catch (error) {
          log.error('a watch cannot run', { error: errorMessage(error) })
          return []
        }
      }),
    )
  }
  agent.onReload(update)
  update()
}
