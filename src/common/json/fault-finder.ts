import { endOf, quoted, tooDeep, type Fault } from '../hcl/fault.js'
import { LineMap } from '../hcl/line-map.js'
import type { JsonDialect } from './dialects.js'
import { skipComment } from './skip.js'

/**
 * What may stand next: `key` and `element` also allow the container's end, `member` is a key behind a comma that needs
 * one, `next` is behind a value, `done` behind the last one.
 */
type State = 'root' | 'key' | 'member' | 'colon' | 'value' | 'element' | 'next' | 'done'

const word = /[^\s,:;{}[\]"'/=#]+/y

/**
 * Why a text is not written in a dialect of JSON: the first place where it goes wrong, what stands there, what may
 * stand there, and what to do. `empty` for a text of nothing but white space and comments, undefined when there is
 * nothing wrong with it. Takes no recursion, so no depth is too much for it.
 */
export function findJsonFault(text: string, dialect: JsonDialect): Fault | 'empty' | undefined {
  const fault = new FaultFinder(text, dialect).find()
  return typeof fault !== 'object' || dialect.explains ? fault : { at: fault.at, message: fault.message }
}

class FaultFinder {
  readonly #text: string
  readonly #dialect: JsonDialect
  readonly #lines: LineMap
  readonly #open: number[] = []
  #at = 0
  /** The last key or value, as the text has it. */
  #last = ''

  constructor(text: string, dialect: JsonDialect) {
    this.#text = text
    this.#dialect = dialect
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
      case 'member':
        return state === 'key' && found === '}' ? this.#close() : this.#key(state)
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
        return this.#afterComma()
      case 'done':
        return this.#trailing(found)
    }
  }

  #afterComma(): State {
    const inObject = this.#closer() === '}'
    if (this.#dialect.hasTrailingCommas) return inObject ? 'key' : 'element'
    return inObject ? 'member' : 'value'
  }

  #trivia(): Fault | undefined {
    const { isSpace, hasComments } = this.#dialect
    for (;;) {
      while (this.#at < this.#text.length && isSpace(this.#text.charCodeAt(this.#at))) this.#at++
      if (!hasComments) return undefined
      const end = skipComment(this.#text, this.#at)
      if (end === this.#at) return undefined
      if (end < 0) return this.#unclosed('the comment', this.#at, 'close it with */')
      this.#at = end
    }
  }

  #key(state: 'key' | 'member'): State | Fault {
    const { isQuote, bareKey } = this.#dialect
    if (isQuote(this.#text.charCodeAt(this.#at))) return this.#string() ?? 'colon'
    const key = bareKey === undefined ? '' : this.#match(bareKey)
    if (key === '') {
      const found = this.#text[this.#at] ?? ''
      const expected = state === 'key' ? 'a key or "}"' : 'a key'
      return { at: this.#at, message: `expected ${expected}, found ${this.#found()}`, hint: keyHint(found) }
    }
    this.#last = key
    this.#at += key.length
    return 'colon'
  }

  #value(state: State, found: string): State | Fault {
    if (found === '{' || found === '[') {
      if (this.#open.length >= this.#dialect.maxDepth) return tooDeep(this.#at)
      this.#open.push(this.#at++)
      return found === '{' ? 'key' : 'element'
    }
    if (this.#dialect.isQuote(found.charCodeAt(0))) {
      const fault = this.#string()
      if (fault !== undefined) return fault
    } else {
      const value = this.#match(word)
      if (!this.#dialect.number.test(value) && value !== 'true' && value !== 'false' && value !== 'null')
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
        const escape = this.#match(this.#dialect.escape, at)
        if (escape === '' && at + 1 < this.#text.length) {
          return {
            at,
            message: `${quoted(this.#text.slice(at, at + 2))} begins no escape that JSON knows`,
            hint: 'write \\\\ for a backslash',
          }
        }
        at += (escape.length || 2) - 1
      } else if (!this.#dialect.hasControls && this.#text.charCodeAt(at) < 0x20)
        return { at, message: 'control characters must be escaped in a text' }
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
      message: `${what} that opens at ${this.#lines.label(start)} is never closed: the ${this.#dialect.holder} ends here`,
      hint,
    }
  }

  #atEnd(state: State): Fault | 'empty' | undefined {
    if (state === 'done') return undefined
    const open = this.#open.at(-1)
    if (open === undefined) return 'empty'
    const brace = this.#text[open] ?? ''
    const missing =
      state === 'colon'
        ? '":" and a value'
        : state === 'value'
          ? 'a value'
          : state === 'member'
            ? 'a key'
            : `"${this.#closer()}"`
    return {
      at: endOf(this.#text),
      other: open,
      message: `expected ${missing}, found the end of the ${this.#dialect.holder}`,
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
    const key = this.#dialect.explains ? ` after the key ${quoted(this.#last)}` : ''
    return { at: this.#at, message: `expected ":"${key}, found ${this.#found()}`, hint }
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
      message: `expected ${state === 'root' ? this.#dialect.root : state === 'element' ? 'a value or "]"' : 'a value'}, found ${this.#found()}`,
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
    return { at: this.#at, message: `expected the end of the ${this.#dialect.holder}, found ${this.#found()}`, hint }
  }

  /** What stands here, quoted for a message. */
  #found(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0)
    if (!this.#dialect.explains) return JSON.stringify(character)
    if (this.#dialect.isQuote(this.#text.charCodeAt(this.#at))) {
      const end = this.#text.indexOf(this.#text[this.#at] ?? '', this.#at + 1)
      return quoted(this.#text.slice(this.#at, end < 0 ? undefined : end + 1))
    }
    return quoted(this.#match(word) || character)
  }

  #match(pattern: RegExp, at = this.#at): string {
    pattern.lastIndex = at
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
