import { countFindings, summary } from './line.js'
import type { ReportInput } from './types.js'

/**
 * Findings for programs: `{valid, errors, warnings, files, summary, diagnostics}`, the diagnostics as everywhere else.
 */
export function jsonReport({ diagnostics, files }: ReportInput): string {
  const { errors, warnings } = countFindings(diagnostics)
  return `${JSON.stringify(
    {
      valid: errors === 0,
      errors,
      warnings,
      files: files.length,
      summary: summary(diagnostics, files.length),
      diagnostics,
    },
    null,
    2,
  )}\n`
}
