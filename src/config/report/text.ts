import { diagnosticLine, summary } from './line.js'
import type { ReportInput } from './types.js'

const tabWidth = 8

/** Findings for people: one line each, below it the line of the file with a mark, and at the end a sum. */
export function textReport({ diagnostics, files, sourceOf }: ReportInput): string {
  const linesOf = latest((file: string) => sourceOf?.(file)?.split(/\r\n|[\n\r]/))
  const lines = diagnostics.flatMap(diagnostic => {
    const { at } = diagnostic
    const source = at === undefined || aboutTheWhole.has(diagnostic.code) ? undefined : linesOf(at.file)?.[at.line - 1]
    if (at === undefined || source === undefined || source.trim() === '') return [diagnosticLine(diagnostic)]
    return [diagnosticLine(diagnostic), ...excerpt(source, at.line, at.column)]
  })
  return `${[...lines, summary(diagnostics, files.length)].join('\n')}\n`
}

/** Findings about a file and not about a line of it. */
const aboutTheWhole = new Set(['unreadable', 'missing', 'too-large', 'skipped-file', 'more-findings'])

/** A function that keeps its latest answer: findings come file by file, and a file may have many. */
function latest<Answer>(ask: (about: string) => Answer): (about: string) => Answer {
  let known: { readonly about: string; readonly answer: Answer } | undefined
  return about => {
    if (known?.about !== about) known = { about, answer: ask(about) }
    return known.answer
  }
}

/** How much of a long line is shown, with the mark in the middle. */
const widest = 100

function excerpt(all: string, line: number, at: number): readonly string[] {
  // A line may be as long as the file, so only this many characters around the mark are shown.
  const from = Math.max(0, at - 1 - widest)
  const source = all.slice(from, at + widest)
  const column = at - from
  const before = source.slice(0, column - 1).replaceAll('\t', ' '.repeat(tabWidth))
  const whole = source.replaceAll('\t', ' '.repeat(tabWidth))
  const start = whole.length <= widest ? 0 : Math.max(0, Math.min(before.length - widest / 2, whole.length - widest))
  const gutter = ' '.repeat(String(line).length)
  return [
    `  ${line} | ${printed(whole.slice(start, start + widest))}`,
    `  ${gutter} | ${' '.repeat(Math.max(before.length - start, 0))}^`,
  ]
}

/** Terminals obey control characters, so each is shown as one mark: the caret below stays in its place. */
const printed = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\ufffd')
