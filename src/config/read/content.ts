import type { WrittenConfig } from '../../generated/types.js'
import { isBlankText } from './blank-text.js'
import { firstOf, hiddenFindings } from './capped.js'
import type { Finding } from './finding.js'
import { keyNotes } from './key-notes.js'
import { declaringKeys, dotted, listKeys, partOf } from './keys.js'
import type { Path } from './keys.js'
import { listedEntries } from './listed-entries.js'
import { normalise } from './normalise.js'
import { RecentDocuments } from './recent-documents.js'
import { schemaFindings } from './schema-findings.js'
import { parseDocument } from './syntax/index.js'
import type { ConfigFormat, Document } from './syntax/index.js'
import type { Diagnostic, Origin } from '../types.js'

/** One file as read: its content in the schemas' spelling, and what is wrong with it on its own. */
export interface Content {
  readonly file: string
  readonly text: string
  /** Whether it may be used: no finding so far is an error. */
  readonly ok: boolean
  /** The declarations and settings, as `partOf` names them, that the schemas have something against. */
  readonly faulty: ReadonlySet<string>
  /** It says nothing at all, see {@link isBlankText}. */
  readonly blank: boolean
  /** Of the text alone: syntax, keys, types. Declarations are judged by `entriesOf`. */
  readonly diagnostics: readonly Diagnostic[]
  /** Everything in it; `{}` when the text could not be parsed. Only as the schemas say where `ok`. */
  readonly written: WrittenConfig
  /**
   * The agent's settings in it, without those that the schemas have something against; undefined when there are none.
   */
  readonly settings: Readonly<Record<string, unknown>> | undefined
  /** Files that it names. */
  readonly named: readonly { readonly path: Path; readonly file: string }[]
  /** Where its services, checks and watches stand, in the order of {@link listedEntries}. */
  readonly origins: readonly Origin[]
  /** Where the key or value at a normalised path stands. */
  place(path: Path, what?: 'key' | 'value'): Origin
  /** A normalised path as the file itself spells it, dotted. */
  name(path: Path): string
}

const nothing: readonly never[] = Object.freeze([])
const noneFaulty: ReadonlySet<string> = new Set()
const orNothing = <Item>(list: readonly Item[]): readonly Item[] => (list.length === 0 ? nothing : list)

/** Reads the text of one file: parses it, levels the spelling of keys, and validates it. Never throws. */
export function readContent(file: string, text: string, format: ConfigFormat): Content {
  const parsed = parseDocument(file, text, format, listKeys)
  if (!parsed.ok) return unreadable(file, text, parsed.diagnostics)
  const { document } = parsed
  const { value, findings: spelling, made, written: spelled } = normalise(document.value)
  const notes = keyNotes(value, made)
  const schema = schemaFindings(value)
  const { shown: findings, hidden } = firstOf([...schema.findings, ...spelling, ...notes.findings])
  const faulty = new Set([
    ...schema.faulty,
    ...spelling.filter(({ severity }) => severity === 'error').map(({ path }) => partOf(path)),
  ])
  const places: Places = {
    place: (path, what) => originIn(file, document, spelled(path), what),
    name: path => dotted(spelled(path)),
  }
  const blank = isBlankText(text, format)
  const diagnostics = [
    ...parsed.diagnostics,
    ...findings.map(finding => diagnosticIn(places, finding)),
    ...(blank ? [emptyAt(file, text)] : []),
    ...hiddenFindings(file, { errors: hidden.errors + schema.hidden, warnings: hidden.warnings }),
  ]
  return new ParsedContent({
    file,
    blank,
    text,
    format,
    spelled,
    faulty: faulty.size === 0 ? noneFaulty : faulty,
    diagnostics: orNothing(diagnostics),
    named: orNothing(notes.files),
    written: value,
    settings: settingsOf(value, faulty),
    origins: listedEntries(value).map(({ path }) => places.place(path)),
  })
}

/**
 * A file that says nothing declares nothing when it is new, and takes nothing away when it is not: its writer may not
 * be done.
 */
const emptyAt = (file: string, text: string): Diagnostic => ({
  severity: 'warning',
  code: 'empty-file',
  at: { file, line: 1, column: 1 },
  message: `the file ${text === '' ? 'is empty' : 'holds nothing but blanks and comments'}: it declares nothing, and what it declared before stays`,
  hint: 'write {} into a JSON file, or remove the file, to take away what it declared',
})

type Places = Pick<Content, 'place' | 'name'>
type Parts = Pick<
  Content,
  'file' | 'blank' | 'text' | 'faulty' | 'diagnostics' | 'named' | 'written' | 'settings' | 'origins'
> & { readonly format: ConfigFormat; readonly spelled: (path: Path) => Path }

const recent = new RecentDocuments<Content>()

/**
 * A file that could be parsed. Thousands of them stay in memory, so it keeps no map of the text: the place of anything
 * but an entry is asked for only when there is something to say about it, and the text is read once more then.
 */
class ParsedContent implements Content {
  readonly file: string
  readonly text: string
  readonly ok: boolean
  readonly faulty: Content['faulty']
  readonly blank: boolean
  readonly diagnostics: Content['diagnostics']
  readonly written: WrittenConfig
  readonly settings: Content['settings']
  readonly named: Content['named']
  readonly origins: readonly Origin[]
  readonly #format: ConfigFormat
  readonly #spelled: (path: Path) => Path

  constructor(parts: Parts) {
    this.file = parts.file
    this.text = parts.text
    this.blank = parts.blank
    this.ok = !parts.diagnostics.some(diagnostic => diagnostic.severity === 'error')
    this.faulty = parts.faulty
    this.diagnostics = parts.diagnostics
    this.written = parts.written
    this.settings = parts.settings
    this.named = parts.named
    this.origins = parts.origins
    this.#format = parts.format
    this.#spelled = parts.spelled
  }

  place(path: Path, what?: 'key' | 'value'): Origin {
    const document = recent.get(this, () => {
      const parsed = parseDocument(this.file, this.text, this.#format, listKeys)
      return parsed.ok ? parsed.document : undefined
    })
    return originIn(this.file, document, this.#spelled(path), what)
  }

  name(path: Path): string {
    return dotted(this.#spelled(path))
  }
}

function originIn(file: string, document: Document | undefined, path: Path, what: 'key' | 'value' = 'value'): Origin {
  const { line, column } = document?.locate(path, what) ?? { line: 1, column: 1 }
  return { file, line, column }
}

/** A file whose text could not be had or parsed at all. */
export function unreadable(file: string, text: string, diagnostics: readonly Diagnostic[]): Content {
  return new UnreadableContent(file, text, diagnostics)
}

const nothingWritten: WrittenConfig = Object.freeze({})

/** Each file begins with one, so it has nothing of its own that could be shared. */
class UnreadableContent implements Content {
  readonly ok = false
  readonly faulty = noneFaulty
  readonly blank = false
  readonly written = nothingWritten
  readonly settings = undefined
  readonly named = nothing
  readonly origins = nothing

  constructor(
    readonly file: string,
    readonly text: string,
    readonly diagnostics: readonly Diagnostic[],
  ) {}

  place(): Origin {
    return { file: this.file, line: 1, column: 1 }
  }
  name(path: Path): string {
    return dotted(path)
  }
}

/** A finding with its place in the file and the key as it is spelled there. */
export function diagnosticIn(places: Places, { path, what, severity, code, message, hint }: Finding): Diagnostic {
  return {
    severity,
    code,
    at: places.place(path, what),
    key: places.name(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  }
}

function settingsOf(
  value: Readonly<Record<string, unknown>>,
  faulty: ReadonlySet<string>,
): Readonly<Record<string, unknown>> | undefined {
  let settings: Record<string, unknown> | undefined
  for (const key in value) {
    if (declaringKeys.has(key) || faulty.has(key)) continue
    ;(settings ??= {})[key] = value[key]
  }
  return settings
}
