import { isSpace } from '../../../common/hcl/space.js'
import JSON5 from 'json5'
import { isQuote, skipComment, skipString, skipTrivia } from '../../../common/json/skip.js'
import type { Place } from './places.js'

/** Two keys of one object that are the same; the offsets are the keys'. */
export interface Duplicate {
  readonly path: readonly (string | number)[]
  readonly first: number
  readonly second: number
}

/** A text's keys and elements with their offsets, and what was met on the way. */
export interface JsonPlaces {
  readonly root: Place
  readonly duplicates: readonly Duplicate[]
}

const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93
const comma = 44

/**
 * Records where the keys and elements of a text stand, `levels` containers deep; what lies deeper is stepped over.
 * The text must be valid JSON5 (it was parsed before) and nest no deeper than the stack bears.
 */
export function jsonPlaces(text: string, levels: number): JsonPlaces {
  const scanner = new Scanner(text)
  const start = skipTrivia(text, 0)
  const root: Place = { key: start, value: start }
  scanner.value(root, levels)
  return { root, duplicates: scanner.duplicates }
}

class Scanner {
  readonly duplicates: Duplicate[] = []
  readonly #text: string
  readonly #path: (string | number)[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Steps over the value at `place`, filling in its members while levels are left. */
  value(place: Place, levels: number): void {
    this.#at = place.value
    const code = this.#text.charCodeAt(place.value)
    if (code === openBrace && levels > 0) this.#object(place, levels)
    else if (code === openBracket && levels > 0) this.#list(place, levels)
    else if (code === openBrace || code === openBracket) this.#skipContainer()
    else if (isQuote(code)) this.#at = skipString(this.#text, this.#at)
    else this.#skipWord()
  }

  #object(place: Place, levels: number): void {
    const members = (place.members = new Map<string | number, Place>())
    for (let code = this.#enter(); code !== closeBrace && this.#at < this.#text.length; code = this.#separator()) {
      const at = this.#at
      const key = this.#key()
      this.#at = skipTrivia(this.#text, this.#at)
      const value = skipTrivia(this.#text, this.#at + 1)
      const member: Place = { key: at, value }
      this.#path.push(key)
      const before = members.get(key)
      if (before !== undefined) this.duplicates.push({ path: [...this.#path], first: before.key, second: at })
      members.set(key, member)
      this.value(member, levels - 1)
      this.#path.pop()
    }
    this.#at++
  }

  #list(place: Place, levels: number): void {
    const members = (place.members = new Map<string | number, Place>())
    for (let code = this.#enter(); code !== closeBracket && this.#at < this.#text.length; code = this.#separator()) {
      const element: Place = { key: this.#at, value: this.#at }
      this.#path.push(members.size)
      members.set(members.size, element)
      this.value(element, levels - 1)
      this.#path.pop()
    }
    this.#at++
  }

  /** Behind the opening brace and to the first thing inside. */
  #enter(): number {
    this.#at = skipTrivia(this.#text, this.#at + 1)
    return this.#text.charCodeAt(this.#at)
  }

  /** Behind a value: over the comma, if there is one, to the next thing. */
  #separator(): number {
    this.#at = skipTrivia(this.#text, this.#at)
    return this.#text.charCodeAt(this.#at) === comma ? this.#enter() : this.#text.charCodeAt(this.#at)
  }

  #key(): string {
    const start = this.#at
    if (isQuote(this.#text.charCodeAt(start))) {
      this.#at = skipString(this.#text, start)
      const inner = this.#text.slice(start + 1, this.#at - 1)
      return inner.includes('\\') ? JSON5.parse<string>(this.#text.slice(start, this.#at)) : inner
    }
    this.#skipWord()
    const word = this.#text.slice(start, this.#at)
    return word.includes('\\')
      ? word.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      : word
  }

  #skipWord(): void {
    const start = this.#at
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === comma || code === 58 || code === 47 || code === closeBrace || code === closeBracket || isSpace(code))
        break
    }
    // Guards against an endless loop: a word is never empty in valid text.
    if (this.#at === start) this.#at++
  }

  #skipContainer(): void {
    let depth = 0
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === openBrace || code === openBracket) depth++
      else if (code === closeBrace || code === closeBracket) {
        if (--depth === 0) break
      } else if (isQuote(code)) this.#at = skipString(this.#text, this.#at) - 1
      else if (code === 47) this.#at = Math.max(skipComment(this.#text, this.#at) - 1, this.#at)
    }
    this.#at++
  }
}
