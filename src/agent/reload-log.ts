import type { Diagnostic, LoadedFile, Origin } from '../config/index.js'
import type { Counter, Gauge, Logger, Metrics } from '../telemetry/index.js'
import type { ReloadReport } from './api.js'

/** What a load holds besides its report. */
export interface Loaded {
  readonly services: number
  readonly checks: number
  readonly files: readonly Pick<LoadedFile, 'path'>[]
}

/**
 * Tells of reloads: a summary and each finding in the log, and whether all is well in the metrics. A warning is told
 * when it appears and when it ends; an error also at each reload that somebody asked for, since it is the answer.
 */
export class ReloadLog {
  readonly #log: Logger
  readonly #failures: Counter
  readonly #older: Gauge
  /** Findings of the last load, by {@link identity}. */
  #known: ReadonlyMap<string, Diagnostic> = new Map()
  /** Settings that waited for a restart at the last load, with what is written, and files whose removals waited. */
  #waiting: ReadonlySet<string> = new Set()

  constructor(log: Logger, metrics: Metrics) {
    this.#log = log
    this.#failures = metrics.counter('reload.failures', 'reloads after which something of the files was not applied')
    this.#older = metrics.gauge(
      'reload.older_config',
      '1 while the agent runs on an older configuration than its files hold',
    )
    this.#older.set(0)
  }

  /** Call it once for each report. */
  tell(report: ReloadReport, loaded: Loaded): void {
    if (report.outcome !== 'applied') this.#failures.add()
    this.#older.set(report.outcome === 'applied' ? 0 : 1)
    this.#tellFindings(report, loaded)
    this.#tellWaiting(report)
    if (
      report.cause === 'file'
      && report.changes.length === 0
      && report.settings.length === 0
      && report.outcome === 'applied'
    )
      return
    const { number, cause, outcome, took, settings } = report
    if (cause === 'start')
      this.#log.info('configuration loaded', {
        outcome,
        took: seconds(took),
        services: loaded.services,
        checks: loaded.checks,
      })
    else
      this.#log.info('configuration reloaded', {
        number,
        cause,
        outcome,
        took: seconds(took),
        ...counts(report.changes),
        settings,
      })
  }

  #tellFindings({ diagnostics, cause }: ReloadReport, { files }: Loaded): void {
    const before = this.#known
    this.#known = new Map(diagnostics.map(diagnostic => [identity(diagnostic), diagnostic]))
    for (const [key, diagnostic] of this.#known) {
      if (!before.has(key) || (diagnostic.severity === 'error' && cause !== 'file')) this.#tellFinding(diagnostic)
    }
    const broken = filesWithErrors(this.#known.values())
    const present = new Set(files.map(({ path }) => path))
    for (const file of filesWithErrors(before.values())) {
      if (!broken.has(file))
        this.#log.info(present.has(file) ? 'configuration mended' : 'configuration error ended: the file is gone', {
          file,
        })
    }
    for (const [key, { severity, code, at, message }] of before) {
      if (severity === 'warning' && !this.#known.has(key))
        this.#log.info('configuration warning ended', { at: placeOf(at), code, found: message })
    }
  }

  #tellWaiting({ needsRestart, removalsWait }: ReloadReport): void {
    const before = this.#waiting
    const textOf = ({ key, written }: ReloadReport['needsRestart'][number]): string =>
      `${key} ${JSON.stringify(written)}`
    this.#waiting = new Set([...needsRestart.map(textOf), ...removalsWait])
    for (const setting of needsRestart) {
      const { key, running, written, at } = setting
      if (!before.has(textOf(setting)))
        this.#log.warn('a setting needs a restart', {
          key,
          running,
          written,
          ...(at === undefined ? {} : { at: placeOf(at) }),
        })
    }
    for (const file of removalsWait) {
      if (!before.has(file))
        this.#log.info('what a changed HCL file no longer declares is taken away in 2 s, unless it is added again', {
          file,
        })
    }
  }

  #tellFinding({ severity, code, at, message, hint, other }: Diagnostic): void {
    const fields = {
      at: placeOf(at),
      code,
      found: message,
      ...(hint === undefined ? {} : { hint }),
      ...(other === undefined ? {} : { other: placeOf(other) }),
    }
    if (severity === 'error') this.#log.error('configuration error', fields)
    else this.#log.warn('configuration warning', fields)
  }
}

/** What a finding is about, without its line: a line more above it makes no new finding of it. */
const identity = ({ at, code, key, message }: Diagnostic): string =>
  JSON.stringify([at?.file, code, key, message.replace(/:\d+:\d+/g, '')])

/** Files that hold an error; the command line is none. */
function filesWithErrors(diagnostics: Iterable<Diagnostic>): ReadonlySet<string> {
  const files = new Set<string>()
  for (const { severity, at } of diagnostics) if (severity === 'error' && at !== undefined) files.add(at.file)
  return files
}

/** Milliseconds as seconds, to the millisecond. */
const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000

const placeOf = (at: Origin | undefined): string =>
  at === undefined ? 'command line' : `${at.file}:${at.line}:${at.column}`

function counts(changes: ReloadReport['changes']): Readonly<Record<string, number>> {
  const count = { added: 0, changed: 0, removed: 0 }
  for (const { op } of changes) count[op === 'add' ? 'added' : op === 'change' ? 'changed' : 'removed']++
  return count
}
