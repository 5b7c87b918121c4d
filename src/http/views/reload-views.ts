import type { PlanReport, ReloadReport } from '../../agent/index.js'
import type { DeclaredChange, Diagnostic, LoadedFile, NeedsRestart, Origin } from '../../config/index.js'

const place = ({ file, line, column }: Origin): string => `${file}:${line}:${column}`

/**
 * One line for people: `conf/web.json:4:7 error unknown-key: "htpp" is not a key of a check (did you mean "http"?)`.
 */
export function diagnosticText({ at, severity, code, message, hint, other }: Diagnostic): string {
  const where = at === undefined ? '' : `${place(at)} `
  const second = other === undefined ? '' : ` [other place: ${place(other)}]`
  return `${where}${severity} ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}${second}`
}

const diagnosticView = (diagnostic: Diagnostic) => ({
  severity: diagnostic.severity,
  code: diagnostic.code,
  ...(diagnostic.at !== undefined && {
    file: diagnostic.at.file,
    line: diagnostic.at.line,
    column: diagnostic.at.column,
  }),
  ...(diagnostic.key !== undefined && { key: diagnostic.key }),
  message: diagnostic.message,
  ...(diagnostic.hint !== undefined && { hint: diagnostic.hint }),
  ...(diagnostic.other !== undefined && { other: place(diagnostic.other) }),
  text: diagnosticText(diagnostic),
})

/** What changed, by name and place; the definitions themselves are `/v1/agent/services` and hold tokens. */
const changeView = (change: DeclaredChange) => {
  const { origin } = change.op === 'remove' ? change.before : change.declared
  return { op: change.op, kind: change.kind, id: change.id, origin: `${origin.file}:${origin.line}` }
}

const restartView = ({ key, running, written, at }: NeedsRestart) => ({
  key,
  running,
  written,
  origin: at === undefined ? '' : place(at),
})

/** The answer of `/v1/agent/plan`. */
export const planView = (report: PlanReport) => ({
  outcome: 'planned' as const,
  changes: report.changes.map(changeView),
  settings: report.settings,
  needsRestart: report.needsRestart.map(restartView),
  diagnostics: report.diagnostics.map(diagnosticView),
})

/** The answer of `/v1/agent/reload?format=json`. */
export const reloadView = (report: ReloadReport) => ({
  ...planView(report),
  outcome: report.outcome,
  number: report.number,
  cause: report.cause,
  at: new Date(report.at).toISOString(),
  took: report.took,
  removalsWait: report.removalsWait,
})

/** A configuration file of `/v1/agent/config`. */
export const fileView = (file: LoadedFile) => ({
  path: file.path,
  state: file.state,
  services: file.services,
  checks: file.checks,
  hash: file.hash,
  diagnostics: file.diagnostics.map(diagnosticView),
})

/** Settings waiting for a restart, for `/v1/agent/self`. */
export const restartsView = (waiting: readonly NeedsRestart[]) => waiting.map(restartView)
