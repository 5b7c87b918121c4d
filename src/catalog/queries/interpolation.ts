/** What `${...}` can stand for while one name is looked up. */
export interface Scope {
  /** `${name.full}`, `${name.prefix}`, `${name.suffix}`, `${agent.segment}`. */
  readonly variables: Readonly<Record<Variable, string>>
  /** `${match(N)}`: group N of the template's expression, 0 the whole match, '' when there is none. */
  readonly match: (group: number) => string
}

const variables = ['name.full', 'name.prefix', 'name.suffix', 'agent.segment'] as const

/** Names that may stand in `${...}`. */
export type Variable = (typeof variables)[number]

type Expression = (scope: Scope) => string

/** A text taken apart: what stands between `${...}`, and what to put in their places. */
export interface Interpolation {
  /** How many `${...}` there are. */
  readonly places: number
  fill(scope: Scope): string
}

/**
 * Reads a text with `${...}` in it, each holding a variable, `match(N)`, a number or a text in quotes. `$${` stands for
 * `${` itself.
 * @throws Error with the reason and the place when something else stands there.
 */
export function parseInterpolation(source: string): Interpolation {
  const parts: (string | Expression)[] = []
  let at = 0
  for (;;) {
    const start = source.indexOf('${', at)
    if (start < 0) break
    if (source[start - 1] === '$' && start > at) {
      parts.push(source.slice(at, start - 1), '${')
      at = start + 2
      continue
    }
    const reader = new Reader(source, start + 2)
    parts.push(source.slice(at, start), reader.expression())
    at = reader.close()
  }
  parts.push(source.slice(at))
  return {
    places: parts.filter(part => typeof part !== 'string').length,
    fill: scope => parts.map(part => (typeof part === 'string' ? part : part(scope))).join(''),
  }
}

const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t' }

const space = /\s*/y
const number = /-?\d{1,9}(?![\w.])/y
const quoted = /"(?:[^"\\]|\\["\\nt])*"/y
const name = /[A-Za-z_][\w.-]*/y

class Reader {
  readonly #source: string
  #at: number

  constructor(source: string, at: number) {
    this.#source = source
    this.#at = at
  }

  expression(): Expression {
    const count = this.#take(number)
    if (count !== undefined) return () => String(Number(count))
    const literal = this.#take(quoted)
    if (literal !== undefined) {
      const value = literal.slice(1, -1).replace(/\\(.)/g, (_escape, char: string) => controls[char] ?? char)
      return () => value
    }
    const start = this.#at
    const word = this.#take(name)
    if (word === undefined) throw this.#unexpected('a variable, match(N), a number or a text in quotes')
    if (word === 'match') return this.#match()
    const variable = variables.find(known => known === word)
    if (variable === undefined) {
      const what = this.#peek() === '(' ? 'unknown function called' : 'unknown variable accessed'
      this.#at = start
      throw this.#fault(`${what}: ${word}`)
    }
    return scope => scope.variables[variable]
  }

  /** Takes the closing brace; gives the place behind it. */
  close(): number {
    this.#take(space)
    if (this.#peek() !== '}') throw this.#unexpected('"}"')
    return this.#at + 1
  }

  #match(): Expression {
    this.#expect('(')
    const group = this.#take(number)
    if (group === undefined) throw this.#unexpected('the number of a group')
    this.#expect(')')
    return scope => scope.match(Number(group))
  }

  #expect(char: string): void {
    this.#take(space)
    if (this.#peek() !== char) throw this.#unexpected(`"${char}"`)
    this.#at++
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  /** Skips white space and takes what matches there. */
  #take(pattern: RegExp): string | undefined {
    space.lastIndex = this.#at
    space.test(this.#source)
    this.#at = space.lastIndex
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#source) ?? []
    if (found !== undefined) this.#at += found.length
    return found
  }

  #unexpected(wanted: string): Error {
    const found = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0)
    return this.#fault(
      `expected ${wanted}, ${this.#at >= this.#source.length ? 'but the text ends' : `found ${JSON.stringify(found)}`}`,
    )
  }

  #fault(what: string): Error {
    return new Error(`character ${this.#at + 1}: ${what}`)
  }
}
