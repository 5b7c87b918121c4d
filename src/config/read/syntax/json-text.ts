import { isQuote, skipComment, skipString } from '../../../common/json/skip.js'

const slash = 47

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
