import { startsProgram } from '../check-kinds/index.js'
import type { Timer } from '../common/clock.js'
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
} from '../config/index.js'
import type { Logger } from '../telemetry/index.js'
import { createAgentParts, type AgentDependencies, type AgentParts } from './agent-parts.js'
import type {
  AgentApi,
  LocalCheck,
  LocalService,
  PlanReport,
  Readiness,
  ReloadReport,
  ServiceRegistration,
} from './api.js'
import { ConfigWatcher, type WatchTarget } from './watcher.js'

/** Milliseconds after which files are watched even if the catalog has not answered yet. */
const watchAfterMs = 2000

/** This node: what it runs, the checks on it, the files that declare it, and its place in the catalog. */
export class Agent implements AgentApi {
  readonly nodeId: string
  readonly #deps: AgentDependencies
  readonly #log: Logger
  readonly #parts: AgentParts
  readonly #settingsListeners: ((settings: Settings) => void)[] = []
  readonly #reloadListeners: ((report: ReloadReport) => void)[] = []
  #watcher: ConfigWatcher | undefined
  #phase: 'starting' | 'syncing' | 'ready' | 'leaving' | 'closed' = 'starting'

  /** Nothing runs before {@link start}. */
  constructor(deps: AgentDependencies) {
    this.#deps = deps
    this.nodeId = deps.nodeId
    this.#log = deps.log.child('agent')
    this.#parts = createAgentParts(deps, {
      onSettings: settings => {
        this.#settingsChanged(settings)
      },
      onReload: report => {
        for (const run of this.#reloadListeners) run(report)
      },
    })
  }

  get settings(): Settings {
    return this.#parts.reloader.settings
  }
  get declared(): Declared {
    return this.#parts.reloader.load.declared
  }
  get files(): readonly LoadedFile[] {
    return this.#parts.reloader.files
  }
  get lastReload(): ReloadReport {
    return this.#parts.reloader.last
  }
  get configPaths(): readonly string[] {
    return this.#deps.configPaths
  }

  services(): CountedReads<string, LocalService> {
    return this.#parts.local.services()
  }
  checks(): CountedReads<string, LocalCheck> {
    return this.#parts.local.checks()
  }
  checksOfService(serviceId: string): readonly LocalCheck[] {
    return this.#parts.local.checksOfService(serviceId)
  }
  waitForService(id: string, hash: string, ms: number, signal?: EndSignal): Promise<boolean> {
    return this.#parts.local.waitForService(id, hash, ms, signal)
  }

  /**
   * Brings back what was registered, registers what the files declare, starts the checks, and resolves when all of it
   * is in the catalog. That takes as long as the catalog cannot be reached; files are watched meanwhile, and
   * registrations taken.
   */
  async start(): Promise<void> {
    const { settings, clock } = this.#deps
    this.#parts.registrations.restoreServices(this.#parts.restored.services)
    this.#parts.reloader.applyInitial()
    this.#parts.registrations.restoreChecks(this.#parts.restored.checks)
    this.#parts.states.forgetFound()
    this.#phase = 'syncing'
    const synced = this.#parts.sync.start().then(() => {
      if (this.#phase === 'syncing') this.#phase = 'ready'
    })
    if (settings.autoReloadConfig) {
      // Let the first sync finish before the watcher reads every file.
      let startTimer: Timer | undefined
      await Promise.race([
        synced,
        new Promise<void>(resolve => {
          startTimer = clock.after(watchAfterMs, resolve)
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
    await this.#afterPush(this.#parts.registrations.registerService(registration))
  }

  async deregisterService(id: string): Promise<boolean> {
    this.#assertRestored()
    return this.#afterPush(this.#parts.registrations.removeService(id))
  }

  async registerCheck(definition: CheckDefinition): Promise<void> {
    this.#assertRestored()
    this.#assertAllowed(definition)
    if (definition.serviceId !== '' && !this.#parts.local.services().has(definition.serviceId)) {
      throw new MusterError('AGENT_UNKNOWN_SERVICE', `ServiceID "${definition.serviceId}" does not exist`, {
        hint: 'register the service first',
      })
    }
    await this.#afterPush(this.#parts.registrations.registerCheck(definition))
  }

  async deregisterCheck(id: string): Promise<boolean> {
    this.#assertRestored()
    return this.#afterPush(this.#parts.registrations.removeCheck(id))
  }

  async reportTtl(checkId: string, status: CheckStatus, output: string): Promise<void> {
    this.#assertRestored()
    this.#parts.runner.heartbeat(checkId, status, output)
    this.#parts.states.save(checkId)
    await this.#parts.sync.pushed()
  }

  async setMaintenance(serviceId: string | undefined, enable: boolean, reason: string): Promise<boolean> {
    this.#assertRestored()
    return this.#afterPush(this.#parts.registrations.setMaintenance(serviceId, enable, reason))
  }

  reload(cause: 'signal' | 'api'): Promise<ReloadReport> {
    return this.#parts.reloader.reload(cause)
  }

  plan(): Promise<PlanReport> {
    return this.#parts.reloader.plan()
  }

  onSettings(run: (settings: Settings) => void): void {
    this.#settingsListeners.push(run)
  }

  onReload(run: (report: ReloadReport) => void): void {
    this.#reloadListeners.push(run)
  }

  /** A server has appeared that may not know of this node: compared with within seconds. */
  serversChanged(): void {
    this.#parts.sync.soon()
  }

  /** When the cluster does not let it go, the agent goes on as before and the promise rejects. */
  async leave(): Promise<void> {
    const before = this.#phase
    this.#phase = 'leaving'
    // A later sync would register the node again.
    await this.#parts.sync.stop()
    try {
      await this.#deps.membership.leave()
    } catch (error) {
      this.#phase = before
      this.#parts.sync.resume()
      throw error
    }
    this.#deps.stop()
  }

  /** Stops everything and writes what is to be kept. The node stays in the catalog. */
  async close(): Promise<void> {
    this.#phase = 'closed'
    await this.#watcher?.close()
    await this.#parts.reloader.close()
    // Close this while the checks still run, since it asks TTL checks for their deadline.
    this.#parts.states.close()
    await Promise.all([this.#parts.sync.stop(), this.#parts.runner.close()])
    this.#parts.aliases.close()
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
        this.#parts.reloader.reload('file', changed).catch((error: unknown) => {
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

  /** Waits for the write to disk and the sync together. */
  async #afterPush<Result>(work: Promise<Result>): Promise<Result> {
    const [result] = await Promise.all([work, this.#parts.sync.pushed()])
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

  #settingsChanged(settings: Settings): void {
    this.#parts.local.discardOutput(settings.discardCheckOutput)
    // The sync compares before it writes, so this costs nothing when the node's own data is unchanged.
    this.#parts.sync.nodeChanged()
    for (const run of this.#settingsListeners) run(settings)
  }
}
