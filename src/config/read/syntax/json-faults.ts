import { depthLimit, endOf, quoted, tooDeep } from '../../../common/hcl/fault.js'
import type { Fault } from '../../../common/hcl/fault.js'
import { LineMap } from '../../../common/hcl/line-map.js'
import { isSpace } from '../../../common/hcl/space.js'
import { isQuote, skipComment } from './json-text.js'

/**
 * What may stand next: `key` and `element` also allow the container's end, `next` is behind a value, `done` behind the
 * last one.
 */
type State = 'root' | 'key' | 'colon' | 'value' | 'element' | 'next' | 'done'

const number = /^[+-]?(?:Infinity|NaN|0x[0-9a-f]+|(?:0|[1-9]\d*)(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i
const identifier = /(?:[$_\p{ID_Start}]|\\u[0-9a-f]{4})(?:[$\u200c\u200d\p{ID_Continue}]|\\u[0-9a-f]{4})*/iuy
const word = /[^\s,:;{}[\]"'/=#]+/y

/**
 * Why a text is not JSON5: the first place where it goes wrong, what stands there, what may stand there, and what to
 * do. `empty` for a text of nothing but white space and comments, undefined when there is nothing wrong with it.
 */
export function findJsonFault(text: string): Fault | 'empty' | undefined {
  return new FaultFinder(text).find()
}

class FaultFinder {
  readonly #text: string
  readonly #lines: LineMap
  readonly #open: number[] = []
  #at = 0
  /** The last key or value, as the text has it. */
  #last = ''

  constructor(text: string) {
    this.#text = text
    this.#lines = new LineMap(text)
  }

  find(): Fault | 'empty' | undefined {
    for (let state: State = 'root'; ;) {
      const unclosed = this.#trivia()
      if (unclosed !== undefined) return unclosed
      if (this.#at >= this.#text.length) return this.#atEnd(state)
      const next = this.#step(state)
      if (typeof next !== 'string') return next
      state = next
    }
  }

  #step(state: State): State | Fault {
    const found = this.#text[this.#at] ?? ''
    switch (state) {
      case 'key':
        return found === '}' ? this.#close() : this.#key()
      case 'colon':
        if (found !== ':') return this.#noColon(found)
        this.#at++
        return 'value'
      case 'root':
      case 'value':
      case 'element':
        return state === 'element' && found === ']' ? this.#close() : this.#value(state, found)
      case 'next':
        if (found === this.#closer()) return this.#close()
        if (found !== ',') return this.#noComma(found)
        this.#at++
        return this.#closer() === '}' ? 'key' : 'element'
      case 'done':
        return this.#trailing(found)
    }
  }

  #trivia(): Fault | undefined {
    for (;;) {
      while (this.#at < this.#text.length && isSpace(this.#text.charCodeAt(this.#at))) this.#at++
      const end = skipComment(this.#text, this.#at)
      if (end === this.#at) return undefined
      if (end < 0) return this.#unclosed('the comment', this.#at, 'close it with */')
      this.#at = end
    }
  }

  #key(): State | Fault {
    if (isQuote(this.#text.charCodeAt(this.#at))) return this.#string() ?? 'colon'
    const key = this.#match(identifier)
    if (key === '') {
      const found = this.#text[this.#at] ?? ''
      return { at: this.#at, message: `expected a key or "}", found ${this.#found()}`, hint: keyHint(found) }
    }
    this.#last = key
    this.#at += key.length
    return 'colon'
  }

  #value(state: State, found: string): State | Fault {
    if (found === '{' || found === '[') {
      if (this.#open.length >= depthLimit) return tooDeep(this.#at)
      this.#open.push(this.#at++)
      return found === '{' ? 'key' : 'element'
    }
    if (isQuote(found.charCodeAt(0))) {
      const fault = this.#string()
      if (fault !== undefined) return fault
    } else {
      const value = this.#match(word)
      if (!number.test(value) && value !== 'true' && value !== 'false' && value !== 'null')
        return this.#noValue(state, value)
      this.#last = value
      this.#at += value.length
    }
    return this.#open.length === 0 ? 'done' : 'next'
  }

  /** Steps over the string here, or says what is wrong in it. */
  #string(): Fault | undefined {
    const start = this.#at
    const quote = this.#text[start]
    for (let at = start + 1; at < this.#text.length; at++) {
      const found = this.#text[at]
      if (found === quote) {
        this.#last = this.#text.slice(start, at + 1)
        this.#at = at + 1
        return undefined
      }
      if (found === '\n' || found === '\r') {
        return {
          at,
          other: start,
          message: `the text that opens at ${this.#lines.label(start)} is not closed on its line`,
          hint: `a closing ${quote ?? ''} is missing`,
        }
      }
      if (found === '\\') {
        const escape = /^\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|0(?!\d)|\r\n|[^xu0-9])/i.exec(this.#text.slice(at, at + 6))?.[0]
        if (escape === undefined && at + 1 < this.#text.length) {
          return {
            at,
            message: `${quoted(this.#text.slice(at, at + 2))} begins no escape that JSON knows`,
            hint: 'write \\\\ for a backslash',
          }
        }
        at += (escape?.length ?? 2) - 1
      }
    }
    return this.#unclosed('the text', start, `a closing ${quote ?? ''} is missing`)
  }

  #close(): State {
    this.#last = this.#text[this.#at++] ?? ''
    this.#open.pop()
    return this.#open.length === 0 ? 'done' : 'next'
  }

  /** The brace that closes the innermost container. */
  #closer(): '}' | ']' {
    return this.#text[this.#open.at(-1) ?? 0] === '[' ? ']' : '}'
  }

  #unclosed(what: string, start: number, hint: string): Fault {
    const at = endOf(this.#text)
    return {
      at,
      other: start,
      message: `${what} that opens at ${this.#lines.label(start)} is never closed: the file ends here`,
      hint,
    }
  }

  #atEnd(state: State): Fault | 'empty' | undefined {
    if (state === 'done') return undefined
    const open = this.#open.at(-1)
    if (open === undefined) return 'empty'
    const brace = this.#text[open] ?? ''
    const missing = state === 'colon' ? '":" and a value' : state === 'value' ? 'a value' : `"${this.#closer()}"`
    return {
      at: endOf(this.#text),
      other: open,
      message: `expected ${missing}, found the end of the file`,
      hint: `the "${brace}" at ${this.#lines.label(open)} is never closed`,
    }
  }

  #noColon(found: string): Fault {
    const hint =
      found === '='
        ? 'write ":" between key and value, not "="'
        : found === '-' || found === '.'
          ? 'put the key in quotes'
          : found === '{'
            ? `write ":" before the "{"`
            : `the ":" after ${quoted(this.#last)} is missing`
    return { at: this.#at, message: `expected ":" after the key ${quoted(this.#last)}, found ${this.#found()}`, hint }
  }

  #noComma(found: string): Fault {
    const open = this.#open.at(-1) ?? 0
    const closer = this.#closer()
    const fault = { at: this.#at, message: `expected "," or "${closer}", found ${this.#found()}` }
    if (found === '}' || found === ']') {
      return {
        ...fault,
        other: open,
        hint: `close the "${this.#text[open] ?? ''}" at ${this.#lines.label(open)} with "${closer}" first`,
      }
    }
    if (found === ';') return { ...fault, hint: 'write "," between members, not ";"' }
    if (found === '#') return { ...fault, hint: 'comments begin with //' }
    if (found === ':' || found === '=')
      return { ...fault, hint: closer === ']' ? 'a list holds values; for keys write { }' : undefined }
    return { ...fault, hint: `a comma is missing after ${quoted(this.#last)}` }
  }

  #noValue(state: State, value: string): Fault {
    const found = this.#text[this.#at] ?? ''
    const fault = {
      at: this.#at,
      message: `expected ${state === 'root' ? '"{"' : state === 'element' ? 'a value or "]"' : 'a value'}, found ${this.#found()}`,
    }
    if (state === 'root') return { ...fault, hint: rootHint(found, value) }
    if (value === '')
      return {
        ...fault,
        hint:
          found === ','
            ? 'there is a comma too many'
            : found === '#'
              ? 'comments begin with //'
              : `a value is missing after ${quoted(this.#last)}`,
      }
    const simple = value.toLowerCase()
    if (simple === 'true' || simple === 'false' || simple === 'null')
      return { ...fault, hint: `write ${simple}, in small letters` }
    if (/^0\d+$/.test(value)) return { ...fault, hint: 'a number does not begin with 0' }
    return { ...fault, hint: `text needs quotes: "${value.replace(/[“”„]/g, '')}"` }
  }

  #trailing(found: string): Fault {
    const hint =
      found === '}' || found === ']'
        ? `there is a "${found}" too many`
        : found === '{' || found === ','
          ? 'a file holds one object: put all members into it, or use a file for each'
          : 'remove what follows the closing "}"'
    return { at: this.#at, message: `expected the end of the file, found ${this.#found()}`, hint }
  }

  /** What stands here, quoted for a message. */
  #found(): string {
    if (isQuote(this.#text.charCodeAt(this.#at))) {
      const end = this.#text.indexOf(this.#text[this.#at] ?? '', this.#at + 1)
      return quoted(this.#text.slice(this.#at, end < 0 ? undefined : end + 1))
    }
    return quoted(this.#match(word) || String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0))
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0] ?? ''
  }
}

function keyHint(found: string): string | undefined {
  if (found === ',') return 'there is a comma too many'
  if (found === ']') return 'an object closes with "}"'
  if (found === '#') return 'comments begin with //'
  return /\d/.test(found) ? 'put the key in quotes' : undefined
}

const rootHint = (found: string, value: string): string | undefined =>
  found === '#' || /^[a-z_]\w*$/i.test(value)
    ? 'it looks like HCL: let the file name end in .hcl, or write JSON'
    : 'a file holds one object: begin it with "{"'
