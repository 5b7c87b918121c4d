import { filterInvalid } from './filter-errors.js'

/** What a comparison asks of a value; each may be `negated`. */
export type Test = 'equal' | 'in' | 'empty' | 'matches'

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | Comparison

export interface Comparison {
  readonly kind: 'comparison'
  /** Path into the item: `Node.Meta["a-b"]` is Node, Meta, a-b. */
  readonly selector: readonly string[]
  readonly test: Test
  readonly negated: boolean
  /** The operand as written; '' for operators without one. */
  readonly value: string
  /** The operator as go-bexpr names it in messages. */
  readonly operator: string
}

/** Bytes of an expression: more than any person writes, little enough to read at once. */
const maxExpressionLength = 8192
/** Brackets and nots within each other; each costs stack. */
const deepest = 100

interface Operator {
  readonly pattern: RegExp
  readonly test: Test
  readonly negated: boolean
  readonly name: string
  readonly valueFirst?: true
}

const operators: readonly Operator[] = [
  { pattern: /\s*==\s*/y, test: 'equal', negated: false, name: 'Equal' },
  { pattern: /\s*!=\s*/y, test: 'equal', negated: true, name: 'Not Equal' },
  { pattern: /\s+is\s+empty(?![A-Za-z0-9_/])/y, test: 'empty', negated: false, name: 'Is Empty' },
  { pattern: /\s+is\s+not\s+empty(?![A-Za-z0-9_/])/y, test: 'empty', negated: true, name: 'Is Not Empty' },
  { pattern: /\s+in\s+/y, test: 'in', negated: false, name: 'In', valueFirst: true },
  { pattern: /\s+not\s+in\s+/y, test: 'in', negated: true, name: 'Not In', valueFirst: true },
  { pattern: /\s+contains\s+/y, test: 'in', negated: false, name: 'In' },
  { pattern: /\s+not\s+contains\s+/y, test: 'in', negated: true, name: 'Not In' },
  { pattern: /\s+matches\s+/y, test: 'matches', negated: false, name: 'Matches' },
  { pattern: /\s+not\s+matches\s+/y, test: 'matches', negated: true, name: 'Not Matches' },
]

/**
 * A name, number or text of an expression. A name may be a selector or a bare value; so may a text that looks like a
 * JSON pointer.
 */
interface Operand {
  readonly at: number
  readonly raw: string
  readonly selector: readonly string[] | undefined
}

/**
 * Reads a filter expression of go-bexpr's grammar: comparisons joined by `not`, `and`, `or` (binding in that order) and
 * brackets.
 * @throws MusterError FILTER_INVALID naming the place, what was found there and what was expected.
 */
export function parseFilter(text: string): Expression {
  if (text.length > maxExpressionLength)
    throw filterInvalid(`the expression is ${text.length} characters long, ${maxExpressionLength} are allowed`)
  return new Parser(text).whole()
}

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): Expression {
    const expression = this.#joined('or')
    this.#space()
    if (this.#at < this.#text.length) throw this.#expected('"and", "or" or the end')
    return expression
  }

  #joined(word: 'or' | 'and'): Expression {
    const next = (): Expression => (word === 'or' ? this.#joined('and') : this.#term())
    const first = next()
    const operands = [first]
    const pattern = word === 'or' ? /\s*or(?![A-Za-z0-9_/.[])/y : /\s*and(?![A-Za-z0-9_/.[])/y
    while (this.#take(pattern) !== undefined) operands.push(next())
    return operands.length === 1 ? first : { kind: word, operands }
  }

  #term(): Expression {
    this.#space()
    if (this.#take(/not(?=[\s(])\s*/y) !== undefined)
      return this.#deeper(() => ({ kind: 'not', operand: this.#term() }))
    if (this.#take(/\(/y) === undefined) return this.#comparison()
    return this.#deeper(() => {
      const inner = this.#joined('or')
      if (this.#take(/\s*\)/y) === undefined) throw this.#expected('"and", "or" or ")"')
      return inner
    })
  }

  #deeper(read: () => Expression): Expression {
    if (++this.#depth > deepest) throw filterInvalid(`the expression is nested more than ${deepest} deep`)
    const expression = read()
    this.#depth--
    return expression
  }

  #comparison(): Expression {
    const left = this.#operand('a selector or a value')
    const operator = operators.find(({ pattern }) => this.#take(pattern) !== undefined)
    if (operator === undefined) {
      throw this.#expected(
        '"==", "!=", "in", "not in", "contains", "not contains", "matches", "not matches", "is empty" or "is not empty"',
      )
    }
    const { test, negated, name } = operator
    const comparison = (selector: Operand, value: string): Comparison => {
      if (selector.selector === undefined) throw this.#expected('a selector', selector.at)
      return { kind: 'comparison', selector: selector.selector, test, negated, value, operator: name }
    }
    if (test === 'empty') return comparison(left, '')
    const right = this.#operand(operator.valueFirst ? 'a selector' : 'a value')
    return operator.valueFirst ? comparison(right, left.raw) : comparison(left, right.raw)
  }

  #operand(what: string): Operand {
    const at = this.#at
    const text = this.#string()
    if (text !== undefined) return { at, raw: text, selector: pointerPath(text) }
    const number = this.#take(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?/y)
    if (number !== undefined) {
      if (!/^(?:[\s)]|$)/.test(this.#text.slice(this.#at, this.#at + 1)))
        throw filterInvalid(`at character ${at + 1}: invalid number; put it in quotes if it is a text`)
      return { at, raw: number, selector: undefined }
    }
    const selector = this.#selector()
    if (selector === undefined) throw this.#expected(what)
    return { at, raw: selector.join('.'), selector }
  }

  #selector(): readonly string[] | undefined {
    const first = this.#take(/[A-Za-z][A-Za-z0-9_/]*/y)
    if (first === undefined) return undefined
    const path = [first]
    for (;;) {
      const name = this.#take(/\.(?:[A-Za-z][A-Za-z0-9_/]*|[0-9]+)/y)
      if (name !== undefined) {
        path.push(name.slice(1))
      } else if (this.#take(/\[\s*/y) !== undefined) {
        const index = this.#string()
        if (index === undefined) throw this.#expected('a text in quotes')
        if (this.#take(/\s*\]/y) === undefined) throw this.#expected('"]"')
        path.push(index)
      } else {
        return path
      }
    }
  }

  /** A text in double quotes, with Go's escapes, or between backticks, as it is. */
  #string(): string | undefined {
    const at = this.#at
    const raw = this.#take(/`[^`]*`/y)
    if (raw !== undefined) return raw.slice(1, -1)
    const quoted = this.#take(/"(?:[^"\\]|\\[^])*"/y)
    if (quoted !== undefined) return unquote(quoted.slice(1, -1), at)
    if (this.#text[at] === '"' || this.#text[at] === '`')
      throw filterInvalid(`at character ${at + 1}: unterminated string literal`)
    return undefined
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const taken = pattern.exec(this.#text)?.[0]
    if (taken !== undefined) this.#at += taken.length
    return taken
  }

  #space(): void {
    this.#take(/\s*/y)
  }

  #expected(what: string, at?: number): ReturnType<typeof filterInvalid> {
    if (at === undefined) this.#space()
    const place = at ?? this.#at
    const found = place >= this.#text.length ? 'the end' : JSON.stringify(this.#text.slice(place, place + 20))
    return filterInvalid(`at character ${place + 1}: expected ${what}, found ${found}`)
  }
}

/** The path of a JSON pointer, the other way to write a selector; undefined for any other text. */
const pointerPath = (text: string): readonly string[] | undefined =>
  /^(?:\/[\p{L}\p{N}\-_.~|]+)+$/u.test(text)
    ? text
        .slice(1)
        .split('/')
        .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : undefined

const escapes: Readonly<Record<string, string>> = {
  'a': '\u0007',
  'b': '\b',
  'f': '\f',
  'n': '\n',
  'r': '\r',
  't': '\t',
  'v': '\v',
  '\\': '\\',
  '"': '"',
}

function unquote(body: string, at: number): string {
  return body.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/g,
    (whole: string, hex?: string, short?: string, long?: string, octal?: string, letter?: string) => {
      const digits = hex ?? short ?? long
      const codePoint =
        digits !== undefined ? parseInt(digits, 16) : octal !== undefined ? parseInt(octal, 8) : undefined
      const char =
        codePoint === undefined
          ? escapes[letter ?? '']
          : codePoint <= 0x10ffff
            ? String.fromCodePoint(codePoint)
            : undefined
      if (char === undefined) {
        throw filterInvalid(
          `at character ${at + 1}: invalid escape ${whole} in a text`,
          'write \\\\ for a backslash, or the text between backticks',
        )
      }
      return char
    },
  )
}
