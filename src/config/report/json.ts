import { summary } from './line.js'
import type { ReportInput } from './types.js'

/** Findings for programs: `{valid, errors, warnings, files, summary, diagnostics}`, the diagnostics as everywhere else. */
export function jsonReport({ diagnostics, files }: ReportInput): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  return `${JSON.stringify({
    valid: errors === 0, errors, warnings: diagnostics.length - errors, files: files.length, summary: summary(diagnostics, files.length), diagnostics,
  }, null, 2)}\n`
}
