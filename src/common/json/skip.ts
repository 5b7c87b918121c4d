import { isSpace } from '../hcl/space.js'

// How to step over the pieces of JSON5 text. Each function takes an offset and returns the one behind the piece.

const slash = 47
const star = 42

/** Whether this opens a string. */
export const isQuote = (code: number): boolean => code === 34 || code === 39

/** Behind the string that opens with the quote at `at`; the end of the text when it never closes. */
export function skipString(text: string, at: number): number {
  const quote = text[at] ?? ''
  for (let end = text.indexOf(quote, at + 1); end >= 0; end = text.indexOf(quote, end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end + 1
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
