import { version } from '../../common/version.js'
import { diagnosticText } from './line.js'
import type { Diagnostic, Origin } from '../types.js'
import type { ReportInput } from './types.js'

/** Findings as a SARIF 2.1.0 log, which code scanners and editors read. */
export function sarifReport({ diagnostics, files }: ReportInput): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort()
  return `${JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'muster',
              version,
              rules: codes.map(id => ({ id, name: ruleName(id), shortDescription: { text: id.replaceAll('-', ' ') } })),
            },
          },
          columnKind: 'utf16CodeUnits',
          artifacts: files.map(file => ({ location: { uri: uri(file) } })),
          results: diagnostics.map(diagnostic => result(diagnostic, codes.indexOf(diagnostic.code))),
        },
      ],
    },
    null,
    2,
  )}\n`
}

function result(diagnostic: Diagnostic, ruleIndex: number): Readonly<Record<string, unknown>> {
  const { code, severity, at, other } = diagnostic
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: diagnosticText(diagnostic) },
    ...(at === undefined ? {} : { locations: [location(at)] }),
    ...(other === undefined ? {} : { relatedLocations: [{ id: 0, ...location(other) }] }),
  }
}

const location = ({ file, line, column }: Origin): Readonly<Record<string, unknown>> => ({
  physicalLocation: { artifactLocation: { uri: uri(file) }, region: { startLine: line, startColumn: column } },
})

/** A path as a URI reference; relative ones stay relative, absolute ones become file URIs. */
function uri(file: string): string {
  const encoded = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/')
  return encoded.startsWith('/') ? `file://${encoded}` : encoded
}

const ruleName = (code: string): string =>
  code
    .split('-')
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
