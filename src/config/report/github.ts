import { diagnosticText } from './line.js'
import type { ReportInput } from './types.js'

/** Findings as workflow commands, which GitHub shows beside the lines of a change. */
export function githubReport({ diagnostics }: ReportInput): string {
  return diagnostics
    .map(diagnostic => {
      const { severity, code, at } = diagnostic
      const place = at === undefined ? '' : `file=${property(at.file)},line=${at.line},col=${at.column},`
      return `::${severity} ${place}title=${property(code)}::${data(diagnosticText(diagnostic))}\n`
    })
    .join('')
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
