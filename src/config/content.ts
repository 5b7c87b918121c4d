import type { WrittenConfig } from '../generated/types.js'
import type { Finding } from './finding.js'
import { keyNotes } from './key-notes.js'
import { declaringKeys, dotted, listKeys } from './keys.js'
import type { Path } from './keys.js'
import { normalise } from './normalise.js'
import { schemaFindings } from './schema-findings.js'
import { parseDocument } from './syntax/index.js'
import type { ConfigFormat } from './syntax/index.js'
import type { Diagnostic, Origin } from './types.js'

/** One file as read: its content in the schemas' spelling, and what is wrong with it on its own. */
export interface Content {
  readonly file: string
  readonly text: string
  /** Whether it may be used: no finding so far is an error. */
  readonly ok: boolean
  /** Of the text alone: syntax, keys, types. Declarations are judged by `entriesOf`. */
  readonly findings: readonly Finding[]
  readonly diagnostics: readonly Diagnostic[]
  /** Everything in it; `{}` when the text could not be parsed. Only as the schemas say where `ok`. */
  readonly written: WrittenConfig
  /** The agent's settings in it, without those that the schemas have something against; undefined when there are none. */
  readonly settings: Readonly<Record<string, unknown>> | undefined
  /** Files that it names. */
  readonly named: readonly { readonly path: Path; readonly file: string }[]
  /** Where the key or value at a normalised path stands. */
  readonly place: (path: Path, what?: 'key' | 'value') => Origin
  /** A normalised path as the file itself spells it, dotted. */
  readonly name: (path: Path) => string
}

/** Reads the text of one file: parses it, levels the spelling of keys, and validates it. Never throws. */
export function readContent(file: string, text: string, format: ConfigFormat): Content {
  const parsed = parseDocument(file, text, format, listKeys)
  if (!parsed.ok) return unreadable(file, text, parsed.diagnostics)
  const { document } = parsed
  const { value, findings: spelling, written: spelled } = normalise(document.value)
  const notes = keyNotes(value)
  const findings = [...schemaFindings(value), ...spelling, ...notes.findings]
  const place = (path: Path, what: 'key' | 'value' = 'value'): Origin => ({ file, ...document.locate(spelled(path), what) })
  const name = (path: Path): string => dotted(spelled(path))
  const diagnostics = [...parsed.diagnostics, ...findings.map(finding => toDiagnostic(finding, place, name))]
  return {
    file, text, findings, diagnostics, named: notes.files, place, name, written: value,
    ok: !diagnostics.some(diagnostic => diagnostic.severity === 'error'), settings: settingsOf(value, findings),
  }
}

/** A file whose text could not be had or parsed at all. */
export function unreadable(file: string, text: string, diagnostics: readonly Diagnostic[]): Content {
  return {
    file, text, diagnostics, ok: false, findings: [], written: {}, settings: undefined, named: [],
    place: () => ({ file, line: 1, column: 1 }), name: dotted,
  }
}

/** A finding with its place in the file and the key as it is spelled there. */
export function diagnosticIn(content: Content, finding: Finding): Diagnostic {
  return toDiagnostic(finding, content.place, content.name)
}

function toDiagnostic({ path, what, severity, code, message, hint }: Finding, place: Content['place'], name: Content['name']): Diagnostic {
  return { severity, code, at: place(path, what), key: name(path), message, ...hint === undefined ? {} : { hint } }
}

function settingsOf(value: Readonly<Record<string, unknown>>, findings: readonly Finding[]): Readonly<Record<string, unknown>> | undefined {
  let settings: Record<string, unknown> | undefined
  for (const key in value) {
    if (declaringKeys.has(key) || findings.some(({ path, severity }) => path[0] === key && severity === 'error')) continue
    (settings ??= {})[key] = value[key]
  }
  return settings
}
