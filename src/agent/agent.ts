import type { CatalogReads, SyncTarget } from '../catalog/index.js'
import { startsProgram } from '../check-kinds/index.js'
import type { CheckRunner, RunnerDependencies } from '../checks/index.js'
import { consulService, type Membership } from '../cluster/index.js'
import type { Clock, Timer } from '../common/clock.js'
import type { CountedReads } from '../common/counted-map.js'
import type { EndSignal } from '../common/end-signal.js'
import { MusterError, errorMessage } from '../common/errors.js'
import type { CheckStatus } from '../common/health.js'
import {
  isConfigFile,
  isNoLeftover,
  type CheckDefinition,
  type Declared,
  type LoadedFile,
  type Settings,
  type WatchTargets,
} from '../config/index.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import { aliasSource } from './alias-source.js'
import type {
  AgentApi,
  LocalCheck,
  LocalService,
  PlanReport,
  Readiness,
  ReloadReport,
  ServiceRegistration,
} from './api.js'
import { nodeData } from './catalog-data.js'
import { CheckStates } from './check-states.js'
import { LocalState } from './local-state.js'
import type { Persistence, Restored } from './persistence.js'
import { Registrations } from './registrations.js'
import { Reloader, type ConfigReader, type InitialLoad } from './reload.js'
import { logStatusChanges } from './status-log.js'
import { Sync } from './sync.js'
import { ConfigWatcher, type WatchTarget } from './watcher.js'

/** What an {@link Agent} is made of. */
export interface AgentDependencies {
  readonly settings: Settings
  readonly nodeId: string
  /** The configuration that `settings` came from. */
  readonly initial: InitialLoad
  readonly source: ConfigReader & { readonly watchTargets: WatchTargets }
  /** Files and folders of the command line. */
  readonly configPaths: readonly string[]
  /** Every file of a folder is configuration, whatever its name (`-config-format`). */
  readonly readsAnyName: boolean
  /** What alias checks of other nodes look at. */
  readonly catalog: CatalogReads
  /** Where this node's entries are brought: `catalogTarget(catalog)` on a server. */
  readonly target: SyncTarget
  readonly membership: Membership
  readonly createRunner: (deps: RunnerDependencies) => CheckRunner
  readonly persistence: Persistence
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly metrics: Metrics
  /** Asks the process to stop, when the agent was told to leave. */
  readonly stop: () => void
}

/**
 * Checks that may be on their way at once: enough for 5,000 of them with slow targets, few enough for any limit on open
 * files.
 */
const checkConcurrency = 128
/** Milliseconds after which files are watched even if the catalog has not answered yet. */
const watchAfter = 2000

/** This node: what it runs, the checks on it, the files that declare it, and its place in the catalog. */
export class Agent implements AgentApi {
  readonly nodeId: string
  readonly #deps: AgentDependencies
  readonly #log: Logger
  readonly #local: LocalState
  readonly #restored: Restored
  readonly #aliases: ReturnType<typeof aliasSource>
  readonly #runner: CheckRunner
  readonly #states: CheckStates
  readonly #registrations: Registrations
  readonly #sync: Sync
  readonly #reloader: Reloader
  readonly #settingsListeners: ((settings: Settings) => void)[] = []
  readonly #reloadListeners: ((report: ReloadReport) => void)[] = []
  #watcher: ConfigWatcher | undefined
  #phase: 'starting' | 'syncing' | 'ready' | 'leaving' | 'closed' = 'starting'

  /** Nothing runs before {@link start}. */
  constructor(deps: AgentDependencies) {
    const { settings, persistence, clock, random, metrics, membership } = deps
    this.#deps = deps
    this.nodeId = deps.nodeId
    const log = (this.#log = deps.log.child('agent'))
    const local = (this.#local = new LocalState({ discardOutput: settings.discardCheckOutput, now: () => clock.now() }))
    logStatusChanges(local, deps.log.child('checks'))
    this.#restored = persistence.restore()
    this.#aliases = aliasSource(settings.nodeName, local, deps.catalog)
    const runner = (this.#runner = deps.createRunner({
      clock,
      random,
      aliases: this.#aliases,
      concurrency: checkConcurrency,
      reports: {
        report: (id, status, output) => {
          local.setStatus(id, status, output)
        },
        reap: (serviceId, checkId) => {
          this.#reap(serviceId, checkId)
        },
      },
    }))
    const states = (this.#states = new CheckStates(
      {
        local,
        clock,
        save: (id, status) => {
          persistence.setStatus(id, status)
        },
        ttlDeadline: id => runner.ttlDeadline(id),
      },
      this.#restored.statuses,
    ))
    this.#registrations = new Registrations({ local, runner, states, persistence, log })
    this.#sync = new Sync({
      local,
      target: deps.target,
      node: () => nodeData(this.settings, this.nodeId),
      own: consulService({ server: settings.server, ports: { raft: settings.ports.server } }),
      checkUpdateInterval: () => this.settings.checkUpdateInterval,
      members: () => membership.members().length,
      clock,
      random,
      log: deps.log.child('sync'),
      metrics,
    })
    this.#reloader = new Reloader({
      source: deps.source,
      initial: deps.initial,
      settings,
      local,
      registrations: this.#registrations,
      clock,
      metrics,
      log: deps.log.child('config'),
      pushed: () => this.#sync.pushed(),
      onSettings: next => {
        this.#settingsChanged(next)
      },
      onReload: report => {
        for (const run of this.#reloadListeners) run(report)
      },
    })
    metrics.gauge('agent.services', 'services of this node', () => local.services().size)
    metrics.gauge('agent.checks', 'checks of this node', () => local.checks().size)
    metrics.gauge(
      'agent.unsaved_entries',
      'registrations that could not be saved yet and would be lost at a restart',
      () => persistence.unsaved(),
    )
  }

  get settings(): Settings {
    return this.#reloader.settings
  }
  get declared(): Declared {
    return this.#reloader.load.declared
  }
  get files(): readonly LoadedFile[] {
    return this.#reloader.files
  }
  get lastReload(): ReloadReport {
    return this.#reloader.last
  }
  get configPaths(): readonly string[] {
    return this.#deps.configPaths
  }

  services(): CountedReads<string, LocalService> {
    return this.#local.services()
  }
  checks(): CountedReads<string, LocalCheck> {
    return this.#local.checks()
  }
  checksOfService(serviceId: string): readonly LocalCheck[] {
    return this.#local.checksOfService(serviceId)
  }
  waitForService(id: string, hash: string, ms: number, signal?: EndSignal): Promise<boolean> {
    return this.#local.waitForService(id, hash, ms, signal)
  }

  /**
   * Brings back what was registered, registers what the files declare, starts the checks, and resolves when all of it
   * is in the catalog. That takes as long as the catalog cannot be reached; files are watched meanwhile, and
   * registrations taken.
   */
  async start(): Promise<void> {
    const { settings, clock } = this.#deps
    this.#registrations.restoreServices(this.#restored.services)
    this.#reloader.applyInitial()
    this.#registrations.restoreChecks(this.#restored.checks)
    this.#states.forgetFound()
    this.#phase = 'syncing'
    const synced = this.#sync.start().then(() => {
      if (this.#phase === 'syncing') this.#phase = 'ready'
    })
    if (settings.autoReloadConfig) {
      // Looking at every file would compete with the first sync.
      let startTimer: Timer | undefined
      await Promise.race([
        synced,
        new Promise<void>(resolve => {
          startTimer = clock.after(watchAfter, resolve)
        }),
      ])
      startTimer?.cancel()
      await this.#watch()
    }
    await synced
  }

  readiness(): Readiness {
    switch (this.#phase) {
      case 'ready':
        return { ready: true }
      case 'starting':
        return { ready: false, reason: 'the agent is starting' }
      case 'syncing':
        return { ready: false, reason: 'the entries of this node are not in the catalog yet', restored: true }
      case 'leaving':
        return { ready: false, reason: 'the agent is leaving', ending: true }
      case 'closed':
        return { ready: false, reason: 'the agent has stopped', ending: true }
    }
  }

  async registerService(registration: ServiceRegistration): Promise<void> {
    this.#assertRestored()
    for (const check of registration.definition.checks) this.#assertAllowed(check)
    await this.#afterPush(this.#registrations.registerService(registration))
  }

  async deregisterService(id: string): Promise<boolean> {
    this.#assertRestored()
    return this.#afterPush(this.#registrations.removeService(id))
  }

  async registerCheck(definition: CheckDefinition): Promise<void> {
    this.#assertRestored()
    this.#assertAllowed(definition)
    if (definition.serviceId !== '' && !this.#local.services().has(definition.serviceId)) {
      throw new MusterError('AGENT_UNKNOWN_SERVICE', `ServiceID "${definition.serviceId}" does not exist`, {
        hint: 'register the service first',
      })
    }
    await this.#afterPush(this.#registrations.registerCheck(definition))
  }

  async deregisterCheck(id: string): Promise<boolean> {
    this.#assertRestored()
    return this.#afterPush(this.#registrations.removeCheck(id))
  }

  async reportTtl(checkId: string, status: CheckStatus, output: string): Promise<void> {
    this.#assertRestored()
    this.#runner.heartbeat(checkId, status, output)
    this.#states.save(checkId)
    await this.#sync.pushed()
  }

  async setMaintenance(serviceId: string | undefined, enable: boolean, reason: string): Promise<boolean> {
    this.#assertRestored()
    return this.#afterPush(this.#registrations.setMaintenance(serviceId, enable, reason))
  }

  reload(cause: 'signal' | 'api'): Promise<ReloadReport> {
    return this.#reloader.reload(cause)
  }

  plan(): Promise<PlanReport> {
    return this.#reloader.plan()
  }

  onSettings(run: (settings: Settings) => void): void {
    this.#settingsListeners.push(run)
  }

  onReload(run: (report: ReloadReport) => void): void {
    this.#reloadListeners.push(run)
  }

  /** A server has appeared that may not know of this node: compared with within seconds. */
  serversChanged(): void {
    this.#sync.soon()
  }

  /** When the cluster does not let it go, the agent goes on as before and the promise rejects. */
  async leave(): Promise<void> {
    const before = this.#phase
    this.#phase = 'leaving'
    // Whatever is synced after the node is gone would bring it back.
    await this.#sync.stop()
    try {
      await this.#deps.membership.leave()
    } catch (error) {
      this.#phase = before
      this.#sync.resume()
      throw error
    }
    this.#deps.stop()
  }

  /** Stops everything and writes what is to be kept. The node stays in the catalog. */
  async close(): Promise<void> {
    this.#phase = 'closed'
    await this.#watcher?.close()
    await this.#reloader.close()
    // While the checks still run: TTL checks are asked when they expire.
    this.#states.close()
    await Promise.all([this.#sync.stop(), this.#runner.close()])
    this.#aliases.close()
    await this.#deps.persistence.close()
  }

  async #watch(): Promise<void> {
    const { source, configPaths, clock, initial, readsAnyName } = this.#deps
    if (this.#isOver()) return
    const folders = new Set(source.watchTargets.folders)
    const targets = configPaths.map((path): WatchTarget => ({ path, kind: folders.has(path) ? 'directory' : 'file' }))
    const watcher = new ConfigWatcher({
      targets,
      isConfigFile: readsAnyName ? isNoLeftover : isConfigFile,
      clock,
      log: this.#log,
      onChange: changed => {
        this.#reloader.reload('file', changed).catch((error: unknown) => {
          this.#log.error('a reload failed', { error: errorMessage(error) })
        })
      },
    })
    this.#watcher = watcher
    await watcher.start(
      initial.load.files.map(file => file.path),
      initial.at,
    )
  }

  #isOver(): boolean {
    return this.#phase === 'leaving' || this.#phase === 'closed'
  }

  /** What is on disk and what is in the catalog are awaited together. */
  async #afterPush<Result>(work: Promise<Result>): Promise<Result> {
    const [result] = await Promise.all([work, this.#sync.pushed()])
    return result
  }

  /** A write before what was registered earlier is back would be overwritten by it. */
  #assertRestored(): void {
    if (this.#phase === 'starting')
      throw new MusterError('AGENT_STARTING', 'the agent is starting', {
        status: 503,
        hint: 'try again, or wait with muster ready',
      })
  }

  #assertAllowed({ kind, id }: CheckDefinition): void {
    if (!startsProgram(kind.type) || this.settings.enableScriptChecks) return
    throw new MusterError(
      'AGENT_SCRIPTS_DISABLED',
      "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
      { hint: `or declare the check "${id}" in a file, which enable_local_script_checks allows` },
    )
  }

  #reap(serviceId: string, checkId: string): void {
    const service = this.#local.services().get(serviceId)
    if (service === undefined) return
    this.#log.warn('deregistered a service that was critical for too long', {
      service: serviceId,
      check: checkId,
      ...(service.origin.by === 'file'
        ? { returns: `with the next reload, it is declared at ${service.origin.at.file}:${service.origin.at.line}` }
        : {}),
    })
    this.#registrations.removeService(serviceId).catch((error: unknown) => {
      this.#log.error('could not forget a deregistered service on disk', {
        service: serviceId,
        error: errorMessage(error),
      })
    })
  }

  #settingsChanged(settings: Settings): void {
    this.#local.discardOutput(settings.discardCheckOutput)
    // Compared with the catalog's, so it costs no write when no setting of the node itself changed.
    this.#sync.nodeChanged()
    for (const run of this.#settingsListeners) run(settings)
  }
}
