import { endOf, FaultError, quoted } from './fault.js'
import type { LineMap } from './line-map.js'
import { isSpace } from './space.js'
import { readHclString, readHeredoc } from './strings.js'

/** A token of HCL version 1. `text` is what stands in the file, `value` what it means. */
export type Token = { readonly at: number; readonly end: number } & (
  | { readonly type: 'punctuation'; readonly text: '{' | '}' | '[' | ']' | '=' | ',' | ':' }
  | { readonly type: 'word'; readonly text: string }
  | { readonly type: 'string'; readonly text: string; readonly value: string }
  | { readonly type: 'number'; readonly text: string; readonly value: number }
  | { readonly type: 'end'; readonly text: 'the end of the file' }
)

const word = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy
const numeric = /-?(?:\d|\.\d)(?:[eE][+-]\d+|[\w.:-])*/y

/** A comment as it stands in the text, its sign included. */
export interface HclComment {
  readonly at: number
  readonly text: string
}

/** Splits HCL text into tokens, one at a time. Throws FaultError at what is none. */
export class HclLexer {
  readonly #text: string
  readonly #lines: LineMap
  readonly #comments: HclComment[] | undefined
  #at = 0
  #ahead: Token | undefined
  #taken = 0

  /** @param comments takes in the comments that are passed over */
  constructor(text: string, lines: LineMap, comments?: HclComment[]) {
    this.#text = text
    this.#lines = lines
    this.#comments = comments
  }

  /** The offset behind the token that was taken last. */
  get taken(): number {
    return this.#taken
  }

  /** The next token without taking it. */
  peek(): Token {
    return (this.#ahead ??= this.#read())
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek()
    this.#ahead = undefined
    this.#taken = token.end
    return token
  }

  #read(): Token {
    const at = behindTrivia(this.#text, this.#at, this.#comments)
    if (at >= this.#text.length)
      return { type: 'end', text: 'the end of the file', at: endOf(this.#text), end: this.#text.length }
    const token = this.#token(at)
    this.#at = token.end
    return token
  }

  #token(at: number): Token {
    this.#at = at
    const first = this.#text[at] ?? ''
    switch (first) {
      case '{':
      case '}':
      case '[':
      case ']':
      case '=':
      case ',':
      case ':':
        return { type: 'punctuation', text: first, at, end: at + 1 }
      case '"':
        return this.#string(at)
      case '<':
        return this.#heredoc(at)
      case '/':
      case "'":
        throw this.#stray(at, first)
    }
    const number = this.#match(numeric)
    if (number !== '')
      return { type: 'number', text: number, value: this.#number(number, at), at, end: at + number.length }
    const name = this.#match(word)
    if (name === '') throw this.#stray(at, first)
    return { type: 'word', text: name, at, end: at + name.length }
  }

  #string(at: number): Token {
    const { value, end } = readHclString(this.#text, at, this.#lines)
    return { type: 'string', text: this.#text.slice(at, end), value, at, end }
  }

  #heredoc(at: number): Token {
    const { value, end } = readHeredoc(this.#text, at, this.#lines)
    return { type: 'string', text: this.#text.slice(at, end), value, at, end }
  }

  #number(text: string, at: number): number {
    const sign = text.startsWith('-') ? -1 : 1
    const digits = sign < 0 ? text.slice(1) : text
    if (/^0[xX][0-9a-fA-F]+$/.test(digits)) return sign * Number(digits)
    // As in C and Go, a leading zero makes a whole number octal.
    if (/^0[0-7]+$/.test(digits)) return sign * parseInt(digits, 8)
    if (/^(?:0|[1-9]\d*|\d+\.\d*|\.\d+)$/.test(digits) || /^(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+$/.test(digits))
      return sign * Number(digits)
    throw new FaultError({
      at,
      message: `expected a value, found ${quoted(text)}, which is not a number`,
      hint: `text needs quotes: "${text}"`,
    })
  }

  #stray(at: number, first: string): FaultError {
    if (first === '/' && this.#text[at + 1] === '*') {
      const message = `the comment that opens at ${this.#lines.label(at)} is never closed: the file ends here`
      return new FaultError({ at: endOf(this.#text), other: at, message, hint: 'close it with */' })
    }
    const found = String.fromCodePoint(this.#text.codePointAt(at) ?? 0)
    const hint =
      first === "'" || /[“”„‘’]/.test(found)
        ? 'text stands in straight double quotes: "…"'
        : first === ';'
          ? 'attributes are separated by line breaks, not ";"'
          : undefined
    return new FaultError({ at, message: `found ${quoted(found)}, which begins nothing that HCL knows`, hint })
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#text)?.[0] ?? ''
  }
}

/** Behind white space and comments; at the comment itself when it never closes. */
function behindTrivia(text: string, from: number, comments: HclComment[] | undefined): number {
  for (let at = from; ;) {
    while (isSpace(text.charCodeAt(at))) at++
    const end = behindComment(text, at)
    if (end === at) return at
    comments?.push({ at, text: text.slice(at, end).trimEnd() })
    at = end
  }
}

/** Behind the comment that begins at `at`; `at` itself where none does, or it never closes. */
function behindComment(text: string, at: number): number {
  if (text[at] === '#' || text.startsWith('//', at)) {
    const end = text.indexOf('\n', at)
    return end < 0 ? text.length : end
  }
  if (!text.startsWith('/*', at)) return at
  const end = text.indexOf('*/', at + 2)
  return end < 0 ? at : end + 2
}
