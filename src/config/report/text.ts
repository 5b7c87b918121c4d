import { diagnosticLine, summary } from './line.js'
import type { ReportInput } from './types.js'

const tabWidth = 8

/** Findings for people: one line each, below it the line of the file with a mark, and at the end a sum. */
export function textReport({ diagnostics, files, sourceOf }: ReportInput): string {
  const lines = diagnostics.flatMap(diagnostic => {
    const { at } = diagnostic
    const source = at === undefined || ['unreadable', 'missing', 'skipped-file'].includes(diagnostic.code) ? undefined : sourceOf?.(at.file)?.split(/\r\n|[\n\r]/)[at.line - 1]
    if (at === undefined || source === undefined || source.trim() === '') return [diagnosticLine(diagnostic)]
    return [diagnosticLine(diagnostic), ...excerpt(source, at.line, at.column)]
  })
  return `${[...lines, summary(diagnostics, files.length)].join('\n')}\n`
}

/** How much of a long line is shown, with the mark in the middle. */
const widest = 100

function excerpt(source: string, line: number, column: number): readonly string[] {
  const before = source.slice(0, column - 1).replaceAll('\t', ' '.repeat(tabWidth))
  const whole = source.replaceAll('\t', ' '.repeat(tabWidth))
  const start = whole.length <= widest ? 0 : Math.max(0, Math.min(before.length - widest / 2, whole.length - widest))
  const gutter = ' '.repeat(String(line).length)
  return [`  ${line} | ${printed(whole.slice(start, start + widest))}`, `  ${gutter} | ${' '.repeat(Math.max(before.length - start, 0))}^`]
}

/** Terminals obey control characters, so each is shown as one mark: the caret below stays in its place. */
const printed = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\ufffd')
