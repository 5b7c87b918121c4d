import { githubReport } from './github.js'
import { jsonReport } from './json.js'
import { junitReport } from './junit.js'
import { sarifReport } from './sarif.js'
import { textReport } from './text.js'
import type { ReportInput } from './types.js'

export { diagnosticLine, diagnosticText, summary } from './line.js'
export type { ReportInput } from './types.js'

/** The forms in which findings can be written, by name. */
export const reporters = {
  text: textReport,
  json: jsonReport,
  github: githubReport,
  sarif: sarifReport,
  junit: junitReport,
} as const

/** The name of a form. */
export type ReportFormat = keyof typeof reporters

/** Findings in one of the forms, ending in a line break (github: nothing when there are none). */
export const report = (format: ReportFormat, input: ReportInput): string => reporters[format](input)
