import type { CountedReads } from '../common/counted-map.js'
import type { EndSignal } from '../common/end-signal.js'
import type { CheckStatus } from '../common/health.js'
import type {
  CheckDefinition,
  Declared,
  DeclaredChange,
  Diagnostic,
  LoadedFile,
  NeedsRestart,
  Origin,
  ServiceDefinition,
  Settings,
} from '../config/index.js'

/** Who declared an entry: a file at a place, or a client of the HTTP API. */
export type EntryOrigin = { readonly by: 'file'; readonly at: Origin } | { readonly by: 'api' }

/**
 * A service of this node as the agent knows it. `revisionHash` is its content hash for `/v1/agent/service/:id?hash=`.
 */
export interface LocalService {
  readonly definition: ServiceDefinition
  readonly origin: EntryOrigin
  readonly contentHash: string
}

/** A check of this node. Maintenance marks are checks of type `maintenance` without a definition. */
export interface LocalCheck {
  readonly id: string
  readonly name: string
  readonly status: CheckStatus
  readonly notes: string
  readonly output: string
  readonly serviceId: string
  readonly serviceName: string
  readonly serviceTags: readonly string[]
  /** ttl, http, ..., `maintenance`. */
  readonly type: string
  readonly definition: CheckDefinition | undefined
  readonly origin: EntryOrigin
  /**
   * Wall-clock ms of the last change of `status`; undefined when the change was made by a version that did not keep it.
   */
  readonly since?: number
}

/** What this node runs: the authority for its own services and checks. Reads are of this moment. */
export interface LocalReads {
  services(): CountedReads<string, LocalService>
  checks(): CountedReads<string, LocalCheck>
  checksOfService(serviceId: string): readonly LocalCheck[]
  /**
   * Resolves true when the service's content hash differs from `hash` (also: it is gone), false after `ms` or on abort.
   */
  waitForService(id: string, hash: string, ms: number, signal?: EndSignal): Promise<boolean>
}

/** Outcome of the newest (re)load. */
export interface ReloadReport {
  /** 1 for the start, then counted up. */
  readonly number: number
  readonly cause: 'start' | 'file' | 'signal' | 'api'
  /** Wall-clock milliseconds, and how long it took. */
  readonly at: number
  readonly took: number
  /**
   * `applied`: everything; `partly`: some files kept their last good content; `refused`: the agent's own settings were
   * bad, nothing of them was taken.
   */
  readonly outcome: 'applied' | 'partly' | 'refused'
  readonly changes: readonly DeclaredChange[]
  /** Dotted keys of agent settings that took effect. */
  readonly settings: readonly string[]
  readonly needsRestart: readonly NeedsRestart[]
  readonly diagnostics: readonly Diagnostic[]
  /**
   * Changed HCL files that no longer declare something. It is taken away two seconds after their last change: half of
   * one is valid, too.
   */
  readonly removalsWait: readonly string[]
}

/** What a reload would do now, without doing it. */
export interface PlanReport {
  readonly changes: readonly DeclaredChange[]
  readonly settings: readonly string[]
  readonly needsRestart: readonly NeedsRestart[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Why the agent cannot answer yet, or that it can. */
export type Readiness =
  | { readonly ready: true }
  /**
   * `restored`: what the agent itself runs is known, and only the catalog lacks it still.
   * `ending`: it will not be ready any more, so waiting for it is of no use.
   */
  | { readonly ready: false; readonly reason: string; readonly restored?: true; readonly ending?: true }

/** A registration over HTTP, already parsed and completed by `config`. */
export interface ServiceRegistration {
  readonly definition: ServiceDefinition
  readonly replaceExistingChecks: boolean
}

/**
 * What http, dns and the daemon may ask of the agent. Writes resolve once the change has been pushed to the catalog (or
 * the push has failed and was logged).
 */
export interface AgentApi extends LocalReads {
  readonly settings: Settings
  readonly nodeId: string
  readonly declared: Declared
  readonly files: readonly LoadedFile[]
  readonly lastReload: ReloadReport
  readonly configPaths: readonly string[]
  readiness(): Readiness

  /** Refuses (MusterError) scripts from the API when they are not enabled for it. */
  registerService(registration: ServiceRegistration): Promise<void>
  /** False when there is none of that id. A file's service comes back with the next change of its file or reload. */
  deregisterService(id: string): Promise<boolean>
  /** Refuses a check whose service does not exist. */
  registerCheck(definition: CheckDefinition): Promise<void>
  deregisterCheck(id: string): Promise<boolean>
  /** Refuses ids that are not TTL checks. */
  reportTtl(checkId: string, status: CheckStatus, output: string): Promise<void>
  /** `serviceId` undefined: the whole node. False when there is no such service. */
  setMaintenance(serviceId: string | undefined, enable: boolean, reason: string): Promise<boolean>

  reload(cause: 'signal' | 'api'): Promise<ReloadReport>
  plan(): Promise<PlanReport>
  /**
   * A server has appeared, or the catalog is another one: what this node has there is compared within three seconds.
   */
  serversChanged(): void
  /** Called with the new settings after a reload changed any that take effect while running. */
  onSettings(run: (settings: Settings) => void): void
  /** Called after each reload, whatever its outcome, once `declared` is what runs. */
  onReload(run: (report: ReloadReport) => void): void
  /** Deregisters this node, then asks the daemon to stop. Resolves when the node is out of the catalog. */
  leave(): Promise<void>
}
