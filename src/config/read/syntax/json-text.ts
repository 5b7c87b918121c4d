import { isSpace } from '../../../common/hcl/space.js'

// How to step over the pieces of JSON5 text. Each function takes an offset and returns the one behind the piece.

const backslash = 92
const slash = 47
const star = 42

/** Whether this opens a string. */
export const isQuote = (code: number): boolean => code === 34 || code === 39

/** Behind the string that opens at `at`; the end of the text when it never closes. */
export function skipString(text: string, at: number): number {
  const quote = text.charCodeAt(at)
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === quote) return i + 1
    if (code === backslash) i++
  }
  return text.length
}

/** Behind the comment that starts at `at`; `at` itself when none does, -1 when it never closes. */
export function skipComment(text: string, at: number): number {
  if (text.charCodeAt(at) !== slash) return at
  const next = text.charCodeAt(at + 1)
  if (next === star) {
    const end = text.indexOf('*/', at + 2)
    return end < 0 ? -1 : end + 2
  }
  if (next !== slash) return at
  for (let i = at + 2; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 10 || code === 13 || code === 0x2028 || code === 0x2029) return i
  }
  return text.length
}

/** Behind all white space and comments from `at` on; the end of the text when a comment never closes. */
export function skipTrivia(text: string, at: number): number {
  for (let i = at; ;) {
    while (i < text.length && isSpace(text.charCodeAt(i))) i++
    const end = skipComment(text, i)
    if (end === i) return i
    if (end < 0) return text.length
    i = end
  }
}

/** How many keys the objects of a valid JSON5 text have: one for each colon outside strings and comments. */
export function countKeys(text: string): number {
  let keys = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 58) keys++
    else if (isQuote(code)) i = skipString(text, i) - 1
    else if (code === slash) i = Math.max(skipComment(text, i) - 1, i)
  }
  return keys
}

/** Where objects and lists first nest deeper than `limit`; -1 when they don't. */
export function offsetBeyondDepth(text: string, limit: number): number {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 123 || code === 91) {
      if (++depth > limit) return i
    } else if (code === 125 || code === 93) depth--
    else if (isQuote(code)) i = skipString(text, i) - 1
    else if (code === slash) i = Math.max(skipComment(text, i) - 1, i)
  }
  return -1
}

const separators = /[\u2028\u2029]/

/**
 * The same text without the two line separators inside strings, where json5 reads them right but complains about them
 * on the console.
 */
export function withoutSeparators(text: string): string {
  if (!separators.test(text)) return text
  let result = ''
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isQuote(code)) {
      const end = skipString(text, i)
      result +=
        text.slice(from, i)
        + text
          .slice(i, end)
          .replace(/(?<!\\)\u2028/g, '\\u2028')
          .replace(/(?<!\\)\u2029/g, '\\u2029')
      from = end
      i = end - 1
    } else if (code === slash) i = Math.max(skipComment(text, i) - 1, i)
  }
  return result + text.slice(from)
}
