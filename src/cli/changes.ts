import { styled } from './style.js'

/** A difference between files and what runs, as the agent's `plan` and `reload` answers give it. */
export interface ChangeRow {
  readonly op: 'add' | 'change' | 'remove'
  readonly kind: 'service' | 'check'
  readonly id: string
  /** `conf/web3.json:4` */
  readonly origin: string
}

/** A setting that waits for a restart. */
export interface RestartRow {
  readonly key: string
  readonly running: unknown
  readonly written: unknown
  readonly origin: string
}

/** A diagnostic as the agent gives it. */
export interface DiagnosticRow {
  readonly severity: 'error' | 'warning'
  readonly text: string
}

/** What `GET /v1/agent/plan` and `PUT /v1/agent/reload?format=json` answer with. */
export interface ChangeReport {
  readonly outcome: 'applied' | 'partly' | 'refused' | 'planned'
  readonly changes: readonly ChangeRow[]
  readonly settings: readonly string[]
  readonly needsRestart: readonly RestartRow[]
  readonly diagnostics: readonly DiagnosticRow[]
  /** Milliseconds; for reloads. */
  readonly took?: number
}

const marks = { add: '+', change: '~', remove: '-' } as const
const styles = { add: 'green', change: 'yellow', remove: 'red' } as const

/** One line per change, setting and pending restart: `+ service web3  conf/web3.json:4`. */
export function changeLines(report: ChangeReport, color: boolean): string {
  const width = Math.max(0, ...report.changes.map(({ kind, id }) => kind.length + id.length + 1))
  const lines = report.changes.map(({ op, kind, id, origin }) => {
    const line = `${marks[op]} ${`${kind} ${id}`.padEnd(width)}  ${origin}`
    return color ? styled(styles[op], line) : line
  })
  for (const key of report.settings) lines.push(`~ setting ${key}`)
  for (const { key, running, written, origin } of report.needsRestart) {
    lines.push(`${origin} ${key} needs a restart: running ${shown(running)}, file ${shown(written)}`)
  }
  return lines.map(line => `${line}\n`).join('')
}

/** `2 added, 1 changed, 0 removed` */
export function changeSummary({ changes }: ChangeReport): string {
  const count = (op: ChangeRow['op']): number => changes.filter(change => change.op === op).length
  return `${count('add')} added, ${count('change')} changed, ${count('remove')} removed`
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
