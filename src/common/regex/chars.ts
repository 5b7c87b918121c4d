/** Whether a code point belongs to a set. */
export type CharSet = (codePoint: number) => boolean

export const isOneOf = (wanted: number): CharSet => codePoint => codePoint === wanted

export const isBetween = (low: number, high: number): CharSet => codePoint => codePoint >= low && codePoint <= high

export const anyOf = (sets: readonly CharSet[]): CharSet => codePoint => sets.some(set => set(codePoint))

export const noneOf = (set: CharSet): CharSet => codePoint => !set(codePoint)

/** A set that also holds the other case of what it holds. */
export const ignoringCase = (set: CharSet): CharSet => codePoint =>
  set(codePoint) || otherCase(codePoint, text => text.toLowerCase(), set) || otherCase(codePoint, text => text.toUpperCase(), set)

function otherCase(codePoint: number, change: (text: string) => string, set: CharSet): boolean {
  const changed = change(String.fromCodePoint(codePoint))
  const first = changed.codePointAt(0) ?? codePoint
  // Characters such as the sharp s become two; those have no other case of their own.
  return changed.length === String.fromCodePoint(first).length && set(first)
}

const digit = isBetween(0x30, 0x39)
const lower = isBetween(0x61, 0x7a)
const upper = isBetween(0x41, 0x5a)
const letter = anyOf([lower, upper])
const charsOf = (text: string): CharSet => anyOf([...text].map(char => isOneOf(char.codePointAt(0) ?? 0)))

/** Letters, digits and the underscore of ASCII: what word boundaries go by. */
export const isWord: CharSet = anyOf([letter, digit, isOneOf(0x5f)])

/** Sets written as a backslash and a letter; the capital letter stands for the opposite. */
export const perlSets: Readonly<Record<string, CharSet>> = { d: digit, s: charsOf('\t\n\f\r '), w: isWord }

/** Sets written as `[:name:]` within brackets. All are of ASCII only. */
export const posixSets: Readonly<Record<string, CharSet>> = {
  alnum: anyOf([letter, digit]), alpha: letter, ascii: isBetween(0, 0x7f), blank: charsOf('\t '),
  cntrl: anyOf([isBetween(0, 0x1f), isOneOf(0x7f)]), digit, graph: isBetween(0x21, 0x7e), lower, print: isBetween(0x20, 0x7e),
  punct: anyOf([isBetween(0x21, 0x2f), isBetween(0x3a, 0x40), isBetween(0x5b, 0x60), isBetween(0x7b, 0x7e)]),
  space: charsOf('\t\n\v\f\r '), upper, word: isWord, xdigit: anyOf([digit, isBetween(0x61, 0x66), isBetween(0x41, 0x46)]),
}

/** A Unicode general category (`L`, `Lu`) or script (`Greek`); undefined for any other name. */
export function unicodeSet(name: string): CharSet | undefined {
  if (name === 'Any') return () => true
  if (!/^[A-Za-z_]+$/.test(name)) return undefined
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, 'u')
      return codePoint => pattern.test(String.fromCodePoint(codePoint))
    } catch {
      continue
    }
  }
  return undefined
}
