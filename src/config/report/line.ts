import { printable } from '../../common/printable.js'
import type { Diagnostic } from '../types.js'

/**
 * A finding in one line: `conf/web3.json:4:7 error unknown-key: "htpp" is not a key of a check. Did you mean "http"?`
 */
export function diagnosticLine(diagnostic: Diagnostic): string {
  const { at, severity, code } = diagnostic
  const place = at === undefined ? '' : `${printable(at.file)}:${at.line}:${at.column} `
  return `${place}${severity} ${code}: ${diagnosticText(diagnostic)}`
}

/** The message of a finding and its hint, in one line. */
export function diagnosticText({ message, hint }: Diagnostic): string {
  const said = oneLine(message)
  if (hint === undefined) return said
  const advice = oneLine(hint)
  return `${said}${/[.!?]$/.test(said) ? '' : '.'} ${advice.charAt(0).toUpperCase()}${advice.slice(1)}`
}

/** Messages quote what files hold and are called, and end up in terminals. */
const oneLine = (text: string): string =>
  printable(
    text
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== '')
      .join(' '),
  )

/** How many errors and warnings there are, those that are only counted included. */
export function countFindings(diagnostics: readonly Diagnostic[]): {
  readonly errors: number
  readonly warnings: number
} {
  const counts = { errors: 0, warnings: 0 }
  for (const { severity, more } of diagnostics) {
    counts.errors += more?.errors ?? (severity === 'error' ? 1 : 0)
    counts.warnings += more?.warnings ?? (severity === 'warning' ? 1 : 0)
  }
  return counts
}

/** `3 errors, 1 warning in 12 files`. */
export function summary(diagnostics: readonly Diagnostic[], files: number): string {
  const { errors, warnings } = countFindings(diagnostics)
  return `${count(errors, 'error')}, ${count(warnings, 'warning')} in ${count(files, 'file')}`
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
