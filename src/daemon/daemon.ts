import os from 'node:os'
import path from 'node:path'
import { Agent, catalogTarget, resolveNodeId } from '../agent/index.js'
import { Catalog, preparedQueries, startSessionReaper } from '../catalog/index.js'
import { createCheckRunner } from '../checks/index.js'
import { SingleMachine } from '../cluster/index.js'
import type { Clock } from '../common/clock.js'
import { errorMessage } from '../common/errors.js'
import type { Settings } from '../config/index.js'
import { createDnsServer, type DnsServer } from '../dns/index.js'
import { createHttpServer, type HttpServer } from '../http/index.js'
import { openLmdbStore, openMemoryStore, type Store } from '../store/index.js'
import { createMetrics, type Logger, type LogHub } from '../telemetry/index.js'
import { watchPlan, Watches } from '../watch/index.js'
import type { StartConfig } from './read-config.js'

/** What a {@link Daemon} is started with. */
export interface DaemonOptions {
  readonly config: StartConfig
  readonly logs: LogHub
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Asks the process to stop: the agent was told to leave. */
  readonly stop: () => void
}

/** All parts of an agent process, wired. */
export interface Daemon {
  readonly agent: Agent
  readonly nodeId: string
  readonly http: HttpServer
  readonly dns: DnsServer
  /** Stops everything, the newest first. The node stays in the catalog unless it has left. */
  close(): Promise<void>
}

/**
 * Starts the parts in the order in which they need each other and resolves when the agent is ready. When one fails, those before it
 * are stopped again and the promise rejects with its error.
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

async function start({ config, logs, clock, random, stop }: DaemonOptions, opened: Closers): Promise<Daemon> {
  const { settings, source, initial, persistence, paths, format } = config
  const log = logs.root
  const metrics = createMetrics({
    prefix: settings.telemetry.metricsPrefix, clock, ...!settings.telemetry.disableHostname && { hostname: os.hostname() },
  })
  opened.add('metrics', () => { metrics.close() })
  const store = await openStore(settings)
  opened.add('store', () => store.close())
  // Not before the store is open: it tells whether the directory is another agent's.
  const nodeId = resolveNodeId(settings)
  const catalog = await Catalog.open({
    store, clock, onUnreadable: (key, error) => { log.error('an entry of the store cannot be read and counts as absent', { key, error: error.message }) },
  })
  opened.add('catalog', () => catalog.close())
  const reaper = startSessionReaper({ catalog, clock, log: log.child('catalog') })
  opened.add('session reaper', () => { reaper.close() })
  const membership = new SingleMachine({
    name: settings.nodeName, id: nodeId, datacenter: settings.datacenter, address: settings.advertiseAddr, wanAddress: settings.advertiseAddrWan,
    ports: settings.ports,
  }, catalog, log.child('cluster'))
  opened.add('membership', () => membership.close())
  const agent = new Agent({
    settings, nodeId, initial, source, configPaths: paths, readsAnyName: format !== undefined, catalog, target: catalogTarget(catalog), membership,
    createRunner: createCheckRunner, persistence, clock, random, log, metrics, stop,
  })
  config.knownServices(() => agent.services().keys())
  const dns = createDnsServer({
    settings, catalog, ready: () => agent.readiness().ready, log: log.child('dns'), metrics, clock, random,
    queries: preparedQueries({ catalog, random, datacenter: settings.datacenter, nodeName: settings.nodeName }),
  })
  const http = createHttpServer({ settings, agent, catalog, membership, logs, metrics, clock, random, alwaysCurrent: true })
  agent.onSettings(next => {
    logs.setLevel(next.log.level)
    dns.update(next)
    http.update(next)
  })
  await dns.start()
  opened.add('dns', () => dns.close())
  await http.start()
  opened.add('http', () => http.close())
  await membership.start()
  opened.add('agent', () => agent.close())
  await agent.start()
  const watches = new Watches({ source: http, log: log.child('watch'), clock })
  opened.add('watches', () => watches.close())
  followWatches(agent, watches, log.child('watch'))
  return { agent, nodeId, http, dns, close: () => opened.close() }
}

/** Runs the declared watches, those of each reload too. One that cannot run is told of, and the others run. */
function followWatches(agent: Agent, watches: Watches, log: Logger): void {
  const update = (): void => {
    watches.update(agent.declared.watches.flatMap(declared => {
      try {
        return [watchPlan(declared)]
      } catch (error) {
        log.error('a watch cannot run', { error: errorMessage(error) })
        return []
      }
    }))
  }
  agent.onReload(update)
  update()
}

function openStore(settings: Settings): Promise<Store> {
  return settings.dev ? Promise.resolve(openMemoryStore()) : openLmdbStore({ directory: path.join(settings.dataDir, 'store') })
}

/** What has been opened, to be closed in the opposite order; one that fails to close does not keep the others open. */
class Closers {
  readonly #open: { readonly name: string; readonly close: () => unknown }[] = []
  #closing: Promise<void> | undefined

  constructor(private readonly log: Logger) {}

  add(name: string, close: () => unknown): void {
    this.#open.push({ name, close })
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    for (const { name, close } of this.#open.reverse()) {
      try {
        await close()
      } catch (error) {
        this.log.error('a part could not be stopped cleanly', { part: name, error: errorMessage(error) })
      }
    }
  }
}
