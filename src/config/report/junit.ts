import { diagnosticLine } from './line.js'
import type { Diagnostic } from '../types.js'
import type { ReportInput } from './types.js'

/** Findings as JUnit XML: a test case for each file that fails when it has an error; warnings go to its output. */
export function junitReport({ diagnostics, files }: ReportInput): string {
  const names = [...new Set([...files, ...diagnostics.map(({ at }) => at?.file ?? commandLine)])]
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const failed = new Set(errors.map(({ at }) => at?.file ?? commandLine)).size
  const byFile = new Map<string, Diagnostic[]>(names.map(name => [name, []]))
  for (const diagnostic of diagnostics) byFile.get(diagnostic.at?.file ?? commandLine)?.push(diagnostic)
  const cases = [...byFile].map(([name, found]) => testCase(name, found))
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="${names.length}" failures="${failed}">
  <testsuite name="muster validate" tests="${names.length}" failures="${failed}" errors="0">
${cases.join('')}  </testsuite>
</testsuites>
`
}

const commandLine = 'command line'

function testCase(name: string, diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return `    <testcase classname="muster" name="${escape(name)}"/>\n`
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning')
  const [first] = errors
  const failure =
    first === undefined
      ? ''
      : `      <failure message="${escape(diagnosticLine(first))}">${escape(errors.map(diagnosticLine).join('\n'))}</failure>\n`
  const output =
    warnings.length === 0 ? '' : `      <system-out>${escape(warnings.map(diagnosticLine).join('\n'))}</system-out>\n`
  return `    <testcase classname="muster" name="${escape(name)}">\n${failure}${output}    </testcase>\n`
}

/** XML 1.0 has no place at all for most control characters. */
const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
