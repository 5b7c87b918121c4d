import type { Declared, DeclaredChange, Diagnostic, Origin } from '../config/index.js'
import type { Counter, Gauge, Logger, Metrics } from '../telemetry/index.js'
import type { ReloadReport } from './api.js'

/** Tells of reloads: a summary and each finding in the log, and whether all is well in the metrics. */
export class ReloadLog {
  readonly #log: Logger
  readonly #failures: Counter
  readonly #older: Gauge
  /** Findings of the last load, which are not repeated when another file changes. */
  #known = new Set<string>()

  constructor(log: Logger, metrics: Metrics) {
    this.#log = log
    this.#failures = metrics.counter('reload.failures', 'reloads after which something of the files was not applied')
    this.#older = metrics.gauge('reload.older_config', '1 while the agent runs on an older configuration than its files hold')
    this.#older.set(0)
  }

  /** Call it once for each report. */
  tell(report: ReloadReport, declared: Declared): void {
    if (report.outcome !== 'applied') this.#failures.add()
    this.#older.set(report.outcome === 'applied' ? 0 : 1)
    const known = new Set<string>()
    const isNews = (key: string): boolean => {
      known.add(key)
      return report.cause !== 'file' || !this.#known.has(key)
    }
    for (const diagnostic of report.diagnostics) {
      if (isNews(`${placeOf(diagnostic.at)} ${diagnostic.code} ${diagnostic.message}`)) this.#tellFinding(diagnostic)
    }
    for (const { key, running, written, at } of report.needsRestart) {
      if (isNews(`${key} ${JSON.stringify(written)}`)) this.#log.warn('a setting needs a restart', { key, running, written, ...at === undefined ? {} : { at: placeOf(at) } })
    }
    for (const file of report.removalsWait) {
      if (isNews(`${file} waits`)) this.#log.info('what a changed HCL file no longer declares is taken away in 2 s, unless it is added again', { file })
    }
    this.#known = known
    if (report.cause === 'file' && report.changes.length === 0 && report.settings.length === 0 && report.outcome === 'applied') return
    const { number, cause, outcome, took, settings } = report
    if (cause === 'start') this.#log.info('configuration loaded', { outcome, took: seconds(took), services: declared.services.size, checks: declared.checks.size })
    else this.#log.info('configuration reloaded', { number, cause, outcome, took: seconds(took), ...counts(report.changes), settings })
  }

  #tellFinding({ severity, code, at, message, hint, other }: Diagnostic): void {
    const fields = {
      at: placeOf(at), code, found: message, ...hint === undefined ? {} : { hint }, ...other === undefined ? {} : { other: placeOf(other) },
    }
    if (severity === 'error') this.#log.error('configuration error', fields)
    else this.#log.warn('configuration warning', fields)
  }
}

/** Milliseconds as seconds, to the millisecond. */
const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000

const placeOf = (at: Origin | undefined): string => at === undefined ? 'command line' : `${at.file}:${at.line}:${at.column}`

function counts(changes: readonly DeclaredChange[]): Readonly<Record<string, number>> {
  const count = { added: 0, changed: 0, removed: 0 }
  for (const { op } of changes) count[op === 'add' ? 'added' : op === 'change' ? 'changed' : 'removed']++
  return count
}
