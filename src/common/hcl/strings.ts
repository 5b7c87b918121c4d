import { endOf, FaultError, quoted } from './fault.js'
import type { LineMap } from './line-map.js'

/** A string's value and the offset behind it. */
interface Read {
  readonly value: string
  readonly end: number
}

const simpleEscapes: Readonly<Record<string, string>> = {
  'n': '\n',
  't': '\t',
  'r': '\r',
  '"': '"',
  '\\': '\\',
  'a': '\x07',
  'b': '\b',
  'f': '\f',
  'v': '\v',
}
const codeEscape = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{3}))/y

/**
 * Reads the quoted string that opens at `at`. What stands in `${...}` is kept as it is, quotes and backslashes
 * included.
 */
export function readHclString(text: string, at: number, lines: LineMap): Read {
  let value = ''
  let plain = at + 1
  for (let i = at + 1; i < text.length;) {
    const found = text[i]
    if (found === '"') return { value: value + text.slice(plain, i), end: i + 1 }
    if (found === '\n') {
      const message = `the text that opens at ${lines.label(at)} is not closed on its line`
      throw new FaultError({
        at: i,
        other: at,
        message,
        hint: 'a closing " is missing; for text of several lines write <<EOF',
      })
    }
    if (found === '\\') {
      const escape = readEscape(text, i)
      value += text.slice(plain, i) + escape.value
      plain = i = escape.end
    } else if (found === '$' && text[i + 1] === '{') {
      i = behindInterpolation(text, i, lines)
    } else i++
  }
  const message = `the text that opens at ${lines.label(at)} is never closed: the file ends here`
  throw new FaultError({ at: endOf(text), other: at, message, hint: 'a closing " is missing' })
}

function readEscape(text: string, at: number): Read {
  const simple = simpleEscapes[text[at + 1] ?? '']
  if (simple !== undefined) return { value: simple, end: at + 2 }
  codeEscape.lastIndex = at
  const match = codeEscape.exec(text)
  if (match !== null) {
    const [all, short, long, byte, octal] = match
    const code = octal === undefined ? parseInt(short ?? long ?? byte ?? '', 16) : parseInt(octal, 8)
    if (code <= 0x10ffff) return { value: String.fromCodePoint(code), end: at + all.length }
  }
  throw new FaultError({
    at,
    message: `${quoted(text.slice(at, at + 2))} begins no escape that HCL knows`,
    hint: 'write \\\\ for a backslash',
  })
}

function behindInterpolation(text: string, at: number, lines: LineMap): number {
  let depth = 0
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i + 1
  }
  const message = `the "\${" at ${lines.label(at)} is never closed: the file ends here`
  throw new FaultError({ at: endOf(text), other: at, message, hint: 'a "}" is missing' })
}

const opening = /<<(-?)([\p{L}_][\p{L}\p{Nd}_.-]*)[ \t]*(\r?\n)/uy

/**
 * Reads the text of several lines that `<<EOF` opens at `at`: the lines up to the one that holds only the mark, each
 * with its line break. After `<<-` the mark's own indentation is taken off every line, if every line has it.
 */
export function readHeredoc(text: string, at: number, lines: LineMap): Read {
  opening.lastIndex = at
  const match = opening.exec(text)
  if (match === null) {
    throw new FaultError({
      at,
      message: `expected <<EOF and a line break, found ${quoted(text.slice(at))}`,
      hint: 'text needs quotes: "…"',
    })
  }
  const [start, dash, mark] = match
  const body: string[] = []
  for (let from = at + start.length; from <= text.length;) {
    const lineEnd = text.indexOf('\n', from)
    const end = lineEnd < 0 ? text.length : lineEnd
    const line = withoutReturn(text.slice(from, end))
    if (line.trim() === mark)
      return {
        value: joined(body, dash === '-' ? line.slice(0, line.indexOf(mark)) : ''),
        end: from + line.trimEnd().length,
      }
    body.push(line)
    from = end + 1
  }
  const message = `the text that opens at ${lines.label(at)} is never closed: the file ends here`
  throw new FaultError({
    at: endOf(text),
    other: at,
    message,
    hint: `write ${mark ?? ''} on a line of its own behind the text`,
  })
}

/** Line breaks of Windows count as others do: a text is the same wherever its file was written. */
const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)

function joined(body: readonly string[], indent: string): string {
  const indented = indent !== '' && body.every(line => line.startsWith(indent) || line.trim() === '')
  return body.map(line => `${indented && line.startsWith(indent) ? line.slice(indent.length) : line}\n`).join('')
}
