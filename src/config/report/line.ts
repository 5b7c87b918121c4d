import { printable } from '../../common/printable.js'
import type { Diagnostic } from '../types.js'

/** A finding in one line: `conf/web3.json:4:7 error unknown-key: "htpp" is not a key of a check. Did you mean "http"?` */
export function diagnosticLine(diagnostic: Diagnostic): string {
  const { at, severity, code } = diagnostic
  const place = at === undefined ? '' : `${printable(at.file)}:${at.line}:${at.column} `
  return `${place}${severity} ${code}: ${diagnosticText(diagnostic)}`
}

/** What a finding says and what to do about it, as sentences in one line. */
export function diagnosticText({ message, hint }: Diagnostic): string {
  const said = oneLine(message)
  if (hint === undefined) return said
  const advice = oneLine(hint)
  return `${said}${/[.!?]$/.test(said) ? '' : '.'} ${advice.charAt(0).toUpperCase()}${advice.slice(1)}`
}

/** Messages quote what files hold and are called, and end up in terminals. */
const oneLine = (text: string): string => printable(text.replaceAll(/\s*\n\s*/g, ' ').trim())

/** `3 errors, 1 warning in 12 files`. */
export function summary(diagnostics: readonly Diagnostic[], files: number): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  return `${count(errors, 'error')}, ${count(diagnostics.length - errors, 'warning')} in ${count(files, 'file')}`
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
