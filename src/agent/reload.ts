import { statSync } from 'node:fs'
import type { Clock, Timer } from '../common/clock.js'
import { deferred, type Deferred } from '../common/deferred.js'
import { errorMessage } from '../common/errors.js'
import type { ConfigLoad, DeclaredChange, LoadedFile, Settings } from '../config/index.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import type { PlanReport, ReloadReport } from './api.js'
import { applyChanges } from './apply-declared.js'
import { compareDeclared } from './compare-declared.js'
import { stepSettings, type SettingsStep } from './live-settings.js'
import type { LocalState } from './local-state.js'
import type { Registrations } from './registrations.js'
import { ReloadLog } from './reload-log.js'
import type { Loaded } from './reload-log.js'

/** Where configuration is read from: config's `ConfigSource`, or a twin of it. */
export interface ConfigReader {
  /**
   * `now`, monotonic milliseconds: what changed HCL files no longer say waits for a while, see {@link
   * ConfigLoad.waiting}.
   */
  load(changed?: ReadonlySet<string>, now?: number): ConfigLoad
  /** What `load` would give; what broken files fall back to stays as it is. */
  preview(): ConfigLoad
}

/**
 * What the agent was started with: when reading it began (wall-clock milliseconds), and how long it took
 * (milliseconds).
 */
export interface InitialLoad {
  readonly load: ConfigLoad
  readonly at: number
  readonly took: number
}

/** What a {@link Reloader} works with. */
export interface ReloaderDependencies {
  readonly source: ConfigReader
  readonly initial: InitialLoad
  readonly local: LocalState
  readonly registrations: Registrations
  /** The settings of the first load; daemons may have completed them, e.g. with ports that the system chose. */
  readonly settings: Settings
  /** Called with new settings that are in effect from now on. */
  readonly onSettings: (settings: Settings) => void
  /** Called with the report of each reload, before its promise resolves. */
  readonly onReload?: (report: ReloadReport) => void
  /** Resolves when what changed has been pushed to the catalog. */
  readonly pushed: () => Promise<void>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

type Cause = ReloadReport['cause']

/** A reload that has been asked for: of these files, or of everything. */
interface Request {
  cause: Cause
  changed: Set<string> | 'everything'
  readonly done: Deferred<ReloadReport>
}

/** Milliseconds for which a broken file may be one that is still being written. */
const writingMs = 100
/** How often a file that is being written on and on is waited for before it is reported as it is. */
const maxLooks = 10

/**
 * Brings what runs to what the files say: reads what changed, compares, and applies the difference, so equal in is
 * nothing out. What is running never shrinks because a file is broken: the source keeps that file's last good content.
 */
export class Reloader {
  readonly #deps: ReloaderDependencies
  readonly #log: ReloadLog
  #load: ConfigLoad
  #settings: Settings
  /** The loaded settings that the running ones came from: the same object again means that no file changed them. */
  #compared: Settings | undefined
  #last: ReloadReport
  #waiting: Request | undefined
  #working: Promise<unknown> = Promise.resolve()
  #busy = false
  #closed = false
  /** Runs until what files no longer say is taken away. */
  #settling: Timer | undefined

  constructor(deps: ReloaderDependencies) {
    this.#deps = deps
    this.#log = new ReloadLog(deps.log, deps.metrics)
    this.#load = deps.initial.load
    this.#settings = deps.settings
    this.#compared = deps.initial.load.settings
    this.#last = this.#report(1, 'start', deps.initial.at, deps.initial.took, this.#load, [], unchanged(this.#settings))
  }

  get settings(): Settings {
    return this.#settings
  }
  get load(): ConfigLoad {
    return this.#load
  }
  get files(): readonly LoadedFile[] {
    return this.#load.files
  }
  get last(): ReloadReport {
    return this.#last
  }

  /**
   * Registers everything that the first load declared. Restored entries of clients should be there already, their
   * checks not yet.
   */
  applyInitial(): void {
    const { registrations } = this.#deps
    for (const service of this.#load.declared.services.values()) registrations.declareService(service)
    for (const check of this.#load.declared.checks.values()) registrations.declareCheck(check)
    this.#log.tell(this.#last, loadedBy(this.#load))
  }

  /**
   * Reloads, once what is under way is done; requests that wait together share one reload and its report. `changed`
   * limits it to these files. Rejects only for faults of this program: whatever is wrong with files is in the report.
   */
  reload(cause: Exclude<Cause, 'start'>, changed?: ReadonlySet<string>): Promise<ReloadReport> {
    if (this.#waiting === undefined) this.#waiting = request(cause)
    const waiting = this.#waiting
    if (waiting.cause === 'file') waiting.cause = cause
    if (changed === undefined) waiting.changed = 'everything'
    else if (waiting.changed !== 'everything') for (const path of changed) waiting.changed.add(path)
    if (!this.#busy) this.#next()
    return waiting.done.promise
  }

  /** What a reload would do now. */
  async plan(): Promise<PlanReport> {
    await this.#working
    const load = this.#deps.source.preview()
    const { live, needsRestart } = this.#step(load)
    const { changes, missing } = compareDeclared(this.#load.declared, load.declared, this.#deps.local, () => true)
    return { changes: [...changes, ...missing], settings: live, needsRestart, diagnostics: load.diagnostics }
  }

  /** Starts no more reloads, and resolves when the running one has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#settling?.cancel()
    this.#waiting?.done.resolve(Promise.resolve(this.#last))
    this.#waiting = undefined
    await this.#working
  }

  #next(): void {
    const next = this.#waiting
    this.#waiting = undefined
    if (next === undefined || this.#closed) return
    this.#busy = true
    const work = this.#perform(next)
    next.done.resolve(work)
    this.#working = work
      .catch(() => undefined)
      .then(() => {
        this.#busy = false
        this.#next()
      })
  }

  async #perform({ cause, changed }: Request): Promise<ReloadReport> {
    const { clock, local, pushed } = this.#deps
    const at = clock.now()
    const started = clock.monotonic()
    const paths = changed === 'everything' ? undefined : changed
    const load = paths === undefined ? this.#deps.source.load() : await this.#loadWritten(paths)
    const step = this.#step(load)
    const compared = compareDeclared(this.#load.declared, load.declared, local, file => paths?.has(file) ?? true)
    const changes = [...compared.changes, ...compared.missing]
    this.#load = load
    this.#settleLater(load)
    applyChanges(changes, load.declared, this.#deps.registrations)
    for (const { kind, id, at } of compared.moved) local.moveOrigin(kind, id, { by: 'file', at })
    if (step.settings !== this.#settings) {
      this.#settings = step.settings
      this.#deps.onSettings(step.settings)
    }
    const report = this.#report(this.#last.number + 1, cause, at, clock.monotonic() - started, load, changes, step)
    this.#last = report
    this.#log.tell(report, loadedBy(load))
    this.#deps.onReload?.(report)
    // Only a requested reload waits for the sync. After a file change the next one may come before a slow catalog has
    // answered.
    if (cause !== 'file') await pushed()
    return report
  }

  /**
   * Reads changed files. One that is broken and very young may be half written: it is read again before its error is
   * reported.
   */
  async #loadWritten(paths: ReadonlySet<string>): Promise<ConfigLoad> {
    for (let looks = 1; ; looks++) {
      const load = this.#deps.source.load(paths, this.#deps.clock.monotonic())
      const young = Math.max(
        ...load.diagnostics.flatMap(({ severity, at }) =>
          severity === 'error' && at !== undefined && paths.has(at.file) ? writingMs - this.#age(at.file) : [],
        ),
        0,
      )
      if (young <= 0 || looks >= maxLooks || this.#closed) return load
      await new Promise<void>(resolve => {
        this.#deps.clock.after(young, resolve)
      })
    }
  }

  /** Looks at files again when it is time to take away what they no longer say. */
  #settleLater({ waiting }: ConfigLoad): void {
    const { clock, log } = this.#deps
    this.#settling?.cancel()
    this.#settling = undefined
    if (waiting.length === 0 || this.#closed) return
    const due = Math.min(...waiting.map(({ at }) => at))
    this.#settling = clock.after(Math.max(due - clock.monotonic(), 1), () => {
      this.reload('file', new Set(waiting.map(({ path }) => path))).catch((error: unknown) => {
        log.error('a reload failed', { error: errorMessage(error) })
      })
    })
  }

  #age(file: string): number {
    const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs
    // A modification time in the future comes from a wrong clock, not from a file being written.
    const age = written === undefined ? writingMs : this.#deps.clock.now() - written
    return age < 0 ? writingMs : age
  }

  #step(load: ConfigLoad): SettingsStep {
    if (load.settings === undefined || load.settings === this.#compared) return unchanged(this.#settings)
    return stepSettings(this.#settings, load.settings, key => load.settingOrigin(key))
  }

  #report(
    number: number,
    cause: Cause,
    at: number,
    took: number,
    load: ConfigLoad,
    changes: readonly DeclaredChange[],
    step: SettingsStep,
  ): ReloadReport {
    const failed = load.diagnostics.some(({ severity }) => severity === 'error')
    return {
      number,
      cause,
      at,
      took,
      outcome: load.settingsRefused ? 'refused' : failed ? 'partly' : 'applied',
      changes,
      settings: step.live,
      needsRestart: step.needsRestart,
      diagnostics: load.diagnostics,
      removalsWait: load.waiting.map(({ path }) => path),
    }
  }
}

const loadedBy = ({ files }: ConfigLoad): Loaded => ({
  files,
  services: files.reduce((sum, { services }) => sum + services, 0),
  checks: files.reduce((sum, { checks }) => sum + checks, 0),
})

const unchanged = (settings: Settings): SettingsStep => ({ settings, live: [], needsRestart: [] })

const request = (cause: Cause): Request => ({ cause, changed: new Set(), done: deferred() })
