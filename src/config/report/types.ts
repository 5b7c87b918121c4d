import type { Diagnostic } from '../types.js'

/** What a report is made of. */
export interface ReportInput {
  readonly diagnostics: readonly Diagnostic[]
  /** All files that were looked at. */
  readonly files: readonly string[]
  /** The text of a file, for the lines that a text report quotes. */
  readonly sourceOf?: (file: string) => string | undefined
}
