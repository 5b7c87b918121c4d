import { anyOf, ignoringCase, isBetween, isOneOf, isWord, noneOf, perlSets, posixSets, unicodeSet } from './chars.js'
import type { CharSet } from './chars.js'

/** What stands beside a position in the text: nothing, the end of a line, a character of a word, or another one. */
export type Beside = 'edge' | 'newline' | 'word' | 'other'

/** What a code point is to the position beside it. */
export const beside = (codePoint: number): Beside => codePoint === 0x0a ? 'newline' : isWord(codePoint) ? 'word' : 'other'

/** A regular expression, taken apart. Groups are numbered from 1 by their opening parenthesis; those that capture nothing leave no trace. */
export type RegexNode =
  | { readonly kind: 'char'; readonly matches: CharSet }
  | { readonly kind: 'assert'; readonly holds: (before: Beside, after: Beside) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly of: RegexNode; readonly least: number; readonly most: number; readonly lazy: boolean }
  | { readonly kind: 'group'; readonly number: number; readonly of: RegexNode }

interface Flags { readonly i: boolean; readonly m: boolean; readonly s: boolean; readonly U: boolean }

/** As many repetitions as RE2 allows in `{n,m}`. */
const mostRepetitions = 1000
/** Groups within groups; RE2 allows 1000, but nobody writes more than a few and each costs stack. */
const deepestGroup = 100

const textStart: RegexNode = { kind: 'assert', holds: before => before === 'edge' }
const textEnd: RegexNode = { kind: 'assert', holds: (_before, after) => after === 'edge' }
const lineStart: RegexNode = { kind: 'assert', holds: before => before === 'edge' || before === 'newline' }
const lineEnd: RegexNode = { kind: 'assert', holds: (_before, after) => after === 'edge' || after === 'newline' }
const boundary: RegexNode = { kind: 'assert', holds: (before, after) => (before === 'word') !== (after === 'word') }
const noBoundary: RegexNode = { kind: 'assert', holds: (before, after) => (before === 'word') === (after === 'word') }

const assertions: Readonly<Record<string, RegexNode>> = { A: textStart, z: textEnd, b: boundary, B: noBoundary }
const controls: Readonly<Record<string, string>> = { a: '\u0007', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/**
 * Reads a regular expression of RE2's syntax (the one that Go, and so Consul, uses): no backreferences and no look-around.
 * @throws Error with the reason, in RE2's words.
 */
export function parseRegex(text: string): RegexNode {
  return new Parser(text).whole()
}

class Parser {
  readonly #text: string
  #at = 0
  #flags: Flags = { i: false, m: false, s: false, U: false }
  #depth = 0
  #groups = 0

  constructor(text: string) { this.#text = text }

  whole(): RegexNode {
    const node = this.#choice()
    if (this.#at < this.#text.length) throw new Error('unexpected )')
    return node
  }

  #peek(): string { return this.#text[this.#at] ?? '' }

  #take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false
    this.#at += expected.length
    return true
  }

  /** Takes what a sticky pattern matches here. */
  #takeMatch(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }

  #takeCodePoint(): number {
    const codePoint = this.#text.codePointAt(this.#at) ?? 0
    this.#at += codePoint > 0xffff ? 2 : 1
    return codePoint
  }

  #choice(): RegexNode {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { kind: 'choice', branches }
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = []
    while (this.#at < this.#text.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const quoted = this.#quoted()
      if (quoted !== undefined) parts.push(...quoted.slice(0, -1))
      const part = quoted === undefined ? this.#part() : quoted.at(-1)
      if (part !== undefined) parts.push(this.#repeated(part))
    }
    return { kind: 'sequence', parts }
  }

  /** One thing that can be repeated; undefined for flags, which stand for nothing. */
  #part(): RegexNode | undefined {
    const start = this.#at
    switch (this.#peek()) {
      case '(': return this.#group()
      case '[': this.#at++; return { kind: 'char', matches: this.#brackets() }
      case '.': this.#at++; return { kind: 'char', matches: this.#flags.s ? () => true : codePoint => codePoint !== 0x0a }
      case '^': this.#at++; return this.#flags.m ? lineStart : textStart
      case '$': this.#at++; return this.#flags.m ? lineEnd : textEnd
      case '\\': return this.#escape()
    }
    if (this.#takeMatch(/[*+?]|\{\d+(,\d*)?\}/y) !== null) {
      throw new Error(`missing argument to repetition operator: ${this.#text.slice(start, this.#at)}`)
    }
    return this.#char(isOneOf(this.#takeCodePoint()))
  }

  #char(matches: CharSet): RegexNode {
    return { kind: 'char', matches: this.#flags.i ? ignoringCase(matches) : matches }
  }

  #repeated(of: RegexNode): RegexNode {
    const start = this.#at
    const operator = this.#takeMatch(/(?:([*+?])|\{(\d+)(,(\d*))?\})(\??)/y)
    if (operator === null) return of
    if (this.#takeMatch(/[*+?]|\{\d+(,\d*)?\}/y) !== null) {
      throw new Error(`invalid nested repetition operator: ${this.#text.slice(start, this.#at)}`)
    }
    const [whole, sign, low, comma, high, question] = operator
    const lazy = (question === '?') !== this.#flags.U
    if (sign !== undefined) return { kind: 'repeat', of, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity, lazy }
    const least = Number(low)
    const most = comma === undefined ? least : high === '' ? Infinity : Number(high)
    if (least > mostRepetitions || (most !== Infinity && most > mostRepetitions) || most < least) throw new Error(`invalid repeat count: ${whole}`)
    return { kind: 'repeat', of, least, most, lazy }
  }

  #group(): RegexNode | undefined {
    const outer = this.#flags
    if (++this.#depth > deepestGroup) throw new Error(`groups are nested more than ${deepestGroup} deep`)
    this.#at++
    const captures = this.#peek() !== '?' || this.#takeMatch(/\?P?<\w+>/y) !== null
    const number = captures ? ++this.#groups : 0
    if (!captures) {
      const start = this.#at
      const flags = this.#takeMatch(/\?([imsU]*)(-[imsU]+)?([:)])/y)
      if (flags === null) throw new Error(`invalid or unsupported Perl syntax: (${this.#text.slice(start, start + 3)}`)
      const [, on = '', off = '', end] = flags
      const flag = (letter: string, present: boolean): boolean => off.includes(letter) ? false : on.includes(letter) || present
      this.#flags = { i: flag('i', outer.i), m: flag('m', outer.m), s: flag('s', outer.s), U: flag('U', outer.U) }
      if (end === ')') {
        this.#depth--
        return undefined
      }
    }
    const inner = this.#choice()
    if (!this.#take(')')) throw new Error('missing closing )')
    this.#flags = outer
    this.#depth--
    return captures ? { kind: 'group', number, of: inner } : inner
  }

  #escape(): RegexNode {
    const next = this.#text[this.#at + 1] ?? ''
    const assertion = Object.hasOwn(assertions, next) ? assertions[next] : undefined
    if (assertion !== undefined) {
      this.#at += 2
      return assertion
    }
    return this.#char(this.#escapedSet() ?? isOneOf(this.#escapedChar()))
  }

  /** The characters between \Q and \E, or the end; undefined where no \Q stands. A repetition after them is of the last one. */
  #quoted(): RegexNode[] | undefined {
    if (!this.#take('\\Q')) return undefined
    const end = this.#text.indexOf('\\E', this.#at)
    const literal = this.#text.slice(this.#at, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#text.length : end + 2
    return [...literal].map(char => this.#char(isOneOf(char.codePointAt(0) ?? 0)))
  }

  /** A set such as \d, \W or \p{Greek}; undefined, with nothing taken, when something else stands here. */
  #escapedSet(): CharSet | undefined {
    const perl = this.#takeMatch(/\\([dswDSW])/y)?.[1]
    if (perl !== undefined) {
      const set = perlSets[perl.toLowerCase()] ?? isWord
      return perl === perl.toLowerCase() ? set : noneOf(set)
    }
    const unicode = this.#takeMatch(/\\([pP])(?:\{(\^?)([^}]*)\}|(.))/y)
    if (unicode === null) return undefined
    const [whole, kind, caret, long, short] = unicode
    const set = unicodeSet(long ?? short ?? '')
    if (set === undefined) throw new Error(`invalid character class range: ${whole}`)
    return (kind === 'P') !== (caret === '^') ? noneOf(set) : set
  }

  #escapedChar(): number {
    const number = this.#takeMatch(/\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]+)\}|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/y)
    if (number !== null) {
      const [whole, short, long, octal] = number
      const codePoint = octal === undefined ? parseInt(short ?? long ?? '', 16) : parseInt(octal, 8)
      if (codePoint > 0x10ffff) throw new Error(`invalid escape sequence: ${whole}`)
      return codePoint
    }
    this.#at++
    if (this.#at >= this.#text.length) throw new Error('trailing backslash at end of expression')
    const codePoint = this.#takeCodePoint()
    const letter = String.fromCodePoint(codePoint)
    const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined
    if (control !== undefined) return control.codePointAt(0) ?? 0
    if (codePoint >= 0x80 || /[A-Za-z0-9]/.test(letter)) throw new Error(`invalid escape sequence: \\${letter}`)
    return codePoint
  }

  /** The set in brackets; the opening one is taken. */
  #brackets(): CharSet {
    const start = this.#at - 1
    const negated = this.#take('^')
    const sets: CharSet[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw new Error(`missing closing ]: ${this.#text.slice(start)}`)
      sets.push(this.#bracketItem())
    }
    this.#at++
    const inside = this.#flags.i ? ignoringCase(anyOf(sets)) : anyOf(sets)
    return negated ? noneOf(inside) : inside
  }

  #bracketItem(): CharSet {
    const posix = this.#takeMatch(/\[:(\^?)([a-z]*):\]/y)
    if (posix !== null) {
      const [whole, caret, name = ''] = posix
      const set = Object.hasOwn(posixSets, name) ? posixSets[name] : undefined
      if (set === undefined) throw new Error(`invalid character class range: ${whole}`)
      return caret === '^' ? noneOf(set) : set
    }
    if (this.#peek() === '\\') {
      const set = this.#escapedSet()
      if (set !== undefined) return set
    }
    const start = this.#at
    const low = this.#bracketChar()
    if (this.#peek() !== '-' || this.#text[this.#at + 1] === ']' || this.#at + 1 >= this.#text.length) return isOneOf(low)
    this.#at++
    const high = this.#bracketChar()
    if (high < low) throw new Error(`invalid character class range: ${this.#text.slice(start, this.#at)}`)
    return isBetween(low, high)
  }

  #bracketChar(): number { return this.#peek() === '\\' ? this.#escapedChar() : this.#takeCodePoint() }
}
