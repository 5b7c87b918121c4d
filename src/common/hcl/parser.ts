import { depthLimit, FaultError, quoted, tooDeep } from './fault.js'
import { HclLexer } from './lexer.js'
import type { HclComment, Token } from './lexer.js'
import type { LineMap } from './line-map.js'

/** A key or label and its offset. */
export interface HclKey {
  readonly text: string
  readonly at: number
}

/**
 * `key = value`, `key { ... }` or `key "label" { ... }`; `assigned` is true for the first form (and for JSON's `"key":
 * value`).
 */
export interface HclItem {
  readonly key: HclKey
  readonly labels: readonly HclKey[]
  readonly assigned: boolean
  readonly value: HclValue
  /** The offset behind it. */
  readonly end: number
}

/** A value and its offset. `null` comes from JSON input only. */
export type HclValue = { readonly at: number } & (
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null'; readonly value: null }
  | { readonly type: 'list'; readonly elements: readonly HclValue[] }
  | { readonly type: 'object'; readonly items: readonly HclItem[] }
)

/**
 * Reads HCL version 1 (also the JSON that it allows: a text whose first letter is a brace) into items as they are
 * written: in order, blocks with their labels, nothing merged. Stricter than the usual parser in one thing: a comma
 * that is missing in JSON input, or a second one anywhere, is an error there and loses no setting.
 * @param comments takes in the comments, in order
 * @throws FaultError at the first thing that is wrong
 */
export const parseHclItems = (text: string, lines: LineMap, comments?: HclComment[]): readonly HclItem[] =>
  new HclParser(text, lines, comments).file()

class HclParser {
  readonly #lexer: HclLexer
  readonly #lines: LineMap
  /** JSON's rules: `:` between key and value, commas between members. */
  #json = false
  #depth = 0

  constructor(text: string, lines: LineMap, comments: HclComment[] | undefined) {
    this.#lexer = new HclLexer(text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text, lines, comments)
    this.#lines = lines
  }

  file(): HclItem[] {
    const first = this.#lexer.peek()
    if (!is(first, '{')) return this.#items(undefined)
    this.#json = true
    this.#lexer.next()
    const items = this.#items(first)
    const rest = this.#lexer.peek()
    if (rest.type === 'end') return items
    throw fault(
      rest,
      'expected the end of the file',
      is(rest, '}') ? 'there is a "}" too many' : 'remove what follows the closing "}"',
    )
  }

  /** Items up to the brace that closes `open`, or to the end of the file. */
  #items(open: Token | undefined): HclItem[] {
    const items: HclItem[] = []
    for (;;) {
      const token = this.#lexer.peek()
      if (open === undefined ? token.type === 'end' : is(token, '}')) {
        this.#lexer.next()
        return items
      }
      if (token.type === 'end' && open !== undefined) throw this.#unclosed(token, open, '}')
      items.push(this.#item(open))
      if (open !== undefined) this.#separator(open)
      else if (is(this.#lexer.peek(), ',')) this.#lexer.next()
    }
  }

  /** Between members of an object a comma is allowed, in JSON it must be there. */
  #separator(open: Token): void {
    const token = this.#lexer.peek()
    if (is(token, ',')) this.#lexer.next()
    else if (this.#json && !is(token, '}')) {
      if (token.type === 'end') throw this.#unclosed(token, open, '}')
      const wrong = is(token, ']')
        ? `close the "{" at ${this.#lines.label(open.at)} with "}" first`
        : 'a comma is missing before it'
      throw fault(token, 'expected "," or "}"', wrong, open.at)
    }
  }

  #item(open: Token | undefined): HclItem {
    const first = this.#lexer.next()
    if (first.type !== 'word' && first.type !== 'string')
      throw fault(first, open === undefined ? 'expected a key' : 'expected a key or "}"', keyHint(first, open))
    const key = asKey(first)
    const labels: HclKey[] = []
    for (;;) {
      const token = this.#lexer.peek()
      if (is(token, '{') && !this.#json) {
        this.#depth += labels.length
        const value = this.#value(key.text)
        this.#depth -= labels.length
        return { key, labels, assigned: false, value, end: this.#lexer.taken }
      }
      if (labels.length === 0 && is(token, this.#json ? ':' : '=')) {
        this.#lexer.next()
        const value = this.#value(key.text, token)
        return { key, labels, assigned: true, value, end: this.#lexer.taken }
      }
      if (this.#json || (token.type !== 'word' && token.type !== 'string') || this.#otherLine(first, token))
        throw this.#noValue(key, labels, token)
      if (labels.length >= depthLimit) throw new FaultError(tooDeep(token.at))
      labels.push(asKey(this.#lexer.next()))
    }
  }

  #value(key: string, separator?: Token): HclValue {
    const token = this.#lexer.next()
    const at = token.at
    switch (token.type) {
      case 'string':
        return { type: 'string', value: token.value, at }
      case 'number':
        return { type: 'number', value: token.value, at }
      case 'word':
        if (token.text === 'true' || token.text === 'false')
          return { type: 'boolean', value: token.text === 'true', at }
        if (this.#json && token.text === 'null') return { type: 'null', value: null, at }
        break
      case 'punctuation':
        if (token.text === '{') return { type: 'object', items: this.#nested(token, () => this.#items(token)), at }
        if (token.text === '[')
          return { type: 'list', elements: this.#nested(token, () => this.#elements(token, key)), at }
        break
      case 'end':
        break
    }
    const missing = token.type !== 'word' || (separator !== undefined && this.#otherLine(separator, token))
    throw fault(
      token,
      `expected a value for "${key}"`,
      missing ? `the value of "${key}" is missing` : wordHint(token.text),
    )
  }

  #elements(open: Token, key: string): HclValue[] {
    const elements: HclValue[] = []
    for (;;) {
      const token = this.#lexer.peek()
      if (is(token, ']')) break
      if (token.type === 'end') throw this.#unclosed(token, open, ']')
      if (token.type === 'punctuation' && token.text !== '{' && token.text !== '[') {
        const hint = is(token, ',') ? 'there is a comma too many' : listHint(token, this.#lines.label(open.at))
        throw fault(token, 'expected a value or "]"', hint, open.at)
      }
      elements.push(this.#value(key))
      const behind = this.#lexer.peek()
      if (is(behind, ',')) this.#lexer.next()
      else if (behind.type === 'end') throw this.#unclosed(behind, open, ']')
      else if (!is(behind, ']'))
        throw fault(behind, 'expected "," or "]"', listHint(behind, this.#lines.label(open.at)), open.at)
    }
    this.#lexer.next()
    return elements
  }

  #nested<T>(open: Token, read: () => T): T {
    if (++this.#depth > depthLimit) throw new FaultError(tooDeep(open.at))
    const value = read()
    this.#depth--
    return value
  }

  #otherLine(a: Token, b: Token): boolean {
    return this.#lines.place(a.at).line !== this.#lines.place(b.at).line
  }

  #unclosed(token: Token, open: Token, closer: string): FaultError {
    return fault(
      token,
      `expected "${closer}"`,
      `the "${open.text}" at ${this.#lines.label(open.at)} is never closed`,
      open.at,
    )
  }

  #noValue(key: HclKey, labels: readonly HclKey[], token: Token): FaultError {
    if (this.#json) {
      return fault(
        token,
        `expected ":" after the key ${quoted(key.text)}`,
        is(token, '=') ? 'write ":" between key and value, not "="' : `the ":" after ${quoted(key.text)} is missing`,
      )
    }
    if (labels.length > 0) {
      const hint = `write ${key.text} = "${labels[0]?.text ?? ''}" for a value, ${key.text} "${labels[0]?.text ?? ''}" { } for a block`
      return fault(token, `expected "{" after ${key.text} "${labels.map(label => label.text).join('" "')}"`, hint)
    }
    const hint = is(token, ':')
      ? 'write "=" between key and value, not ":"'
      : `write ${key.text} = value, or ${key.text} { }`
    return fault(token, `expected "=" or "{" after ${quoted(key.text)}`, hint)
  }
}

const is = (token: Token, text: string): boolean => token.type === 'punctuation' && token.text === text

const asKey = (token: Token): HclKey => ({ text: token.type === 'string' ? token.value : token.text, at: token.at })

function fault(token: Token, expected: string, hint?: string, other?: number): FaultError {
  return new FaultError({
    at: token.at,
    message: `${expected}, found ${token.type === 'end' ? token.text : quoted(token.text)}`,
    hint,
    other,
  })
}

function keyHint(token: Token, open: Token | undefined): string | undefined {
  if (is(token, ',')) return 'there is a comma too many'
  if (is(token, '}')) return 'there is a "}" too many'
  if (is(token, ']')) return open === undefined ? 'there is a "]" too many' : 'an object closes with "}"'
  return is(token, '=') || is(token, ':') ? 'a key is missing before it' : undefined
}

const listHint = (token: Token, open: string): string =>
  is(token, '}')
    ? `close the "[" at ${open} with "]" first`
    : is(token, '=') || is(token, ':')
      ? 'a list holds values; for keys write { }'
      : 'a comma is missing before it'

function wordHint(word: string): string {
  const simple = word.toLowerCase()
  return simple === 'true' || simple === 'false' ? `write ${simple}, in small letters` : `text needs quotes: "${word}"`
}
