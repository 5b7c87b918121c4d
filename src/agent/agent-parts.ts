import type { CatalogReads, SyncTarget } from '../catalog/index.js'
import type { CheckRunner, RunnerDependencies } from '../checks/index.js'
import { consulService, type Membership } from '../cluster/index.js'
import type { Clock } from '../common/clock.js'
import { errorMessage } from '../common/errors.js'
import type { Settings, WatchTargets } from '../config/index.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import { aliasSource } from './alias-source.js'
import type { ReloadReport } from './api.js'
import { nodeData } from './catalog-data.js'
import { CheckStates } from './check-states.js'
import { LocalState } from './local-state.js'
import type { Persistence, Restored } from './persistence.js'
import { Registrations } from './registrations.js'
import { Reloader, type ConfigReader, type InitialLoad } from './reload.js'
import { logStatusChanges } from './status-log.js'
import { Sync } from './sync.js'

/** What an agent needs from the process that runs it. */
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
 * Checks that may run at once: enough for 5,000 of them with slow targets, few enough for any limit on open
 * files.
 */
const checkConcurrency = 128
/** The parts of an agent, connected with each other. */
export interface AgentParts {
  readonly local: LocalState
  /** What an earlier process of this agent had saved. */
  readonly restored: Restored
  readonly aliases: ReturnType<typeof aliasSource>
  readonly runner: CheckRunner
  readonly states: CheckStates
  readonly registrations: Registrations
  readonly sync: Sync
  readonly reloader: Reloader
}

/** What a reload calls back. */
export interface ReloadEvents {
  readonly onSettings: (settings: Settings) => void
  readonly onReload: (report: ReloadReport) => void
}

/** Creates the parts of an agent and connects them. No check runs and nothing is synced until they are started. */
export function createAgentParts(deps: AgentDependencies, events: ReloadEvents): AgentParts {
  const { settings, persistence, clock } = deps
  const log = deps.log.child('agent')
  const local = new LocalState({ discardOutput: settings.discardCheckOutput, now: () => clock.now() })
  logStatusChanges(local, deps.log.child('checks'))
  const restored = persistence.restore()
  const aliases = aliasSource(settings.nodeName, local, deps.catalog)
  const runner = createRunner(deps, local, aliases, (serviceId, checkId) => {
    reapService({ local, registrations, log }, serviceId, checkId)
  })
  const states = new CheckStates(
    {
      local,
      clock,
      save: (id, status) => {
        persistence.setStatus(id, status)
      },
      ttlDeadline: id => runner.ttlDeadline(id),
    },
    restored.statuses,
  )
  const registrations = new Registrations({ local, runner, states, persistence, log })
  const sync = createSync(deps, local, () => reloader.settings)
  const reloader = createReloader(deps, { local, registrations, sync }, events)
  registerGauges(deps, local)
  return { local, restored, aliases, runner, states, registrations, sync, reloader }
}

function createRunner(
  deps: AgentDependencies,
  local: LocalState,
  aliases: AgentParts['aliases'],
  reap: (serviceId: string, checkId: string) => void,
): CheckRunner {
  return deps.createRunner({
    clock: deps.clock,
    random: deps.random,
    aliases,
    concurrency: checkConcurrency,
    reports: {
      report: (id, status, output) => {
        local.setStatus(id, status, output)
      },
      reap,
    },
  })
}

/** `current` gives the settings in force, which reloads replace. */
function createSync(deps: AgentDependencies, local: LocalState, current: () => Settings): Sync {
  const { settings, target, nodeId, membership, clock, random, metrics } = deps
  return new Sync({
    local,
    target,
    node: () => nodeData(current(), nodeId),
    own: consulService({ server: settings.server, ports: { raft: settings.ports.server } }),
    checkUpdateInterval: () => current().checkUpdateInterval,
    members: () => membership.members().length,
    clock,
    random,
    log: deps.log.child('sync'),
    metrics,
  })
}

function createReloader(
  deps: AgentDependencies,
  { local, registrations, sync }: Pick<AgentParts, 'local' | 'registrations' | 'sync'>,
  events: ReloadEvents,
): Reloader {
  const { source, initial, settings, clock, metrics } = deps
  return new Reloader({
    source,
    initial,
    settings,
    local,
    registrations,
    clock,
    metrics,
    log: deps.log.child('config'),
    pushed: () => sync.pushed(),
    ...events,
  })
}

function registerGauges({ metrics, persistence }: AgentDependencies, local: LocalState): void {
  metrics.gauge('agent.services', 'services of this node', () => local.services().size)
  metrics.gauge('agent.checks', 'checks of this node', () => local.checks().size)
  metrics.gauge(
    'agent.unsaved_entries',
    'registrations that could not be saved yet and would be lost at a restart',
    () => persistence.unsaved(),
  )
}

/** Deregisters a service that was critical for as long as its check allows. */
function reapService(
  {
    local,
    registrations,
    log,
  }: Pick<AgentParts, 'local' | 'registrations'> & {
    readonly log: Logger
  },
  serviceId: string,
  checkId: string,
): void {
  const service = local.services().get(serviceId)
  if (service === undefined) return
  log.warn('deregistered a service that was critical for too long', {
    service: serviceId,
    check: checkId,
    ...(service.origin.by === 'file'
      ? { returns: `with the next reload, it is declared at ${service.origin.at.file}:${service.origin.at.line}` }
      : {}),
  })
  registrations.removeService(serviceId).catch((error: unknown) => {
    log.error('could not forget a deregistered service on disk', {
      service: serviceId,
      error: errorMessage(error),
    })
  })
}
