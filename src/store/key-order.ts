/**
 * Compares two keys by the bytes of their UTF-8 form, the order every engine keeps. JavaScript's own order differs
 * where a character beyond U+FFFF (a surrogate pair) meets one of U+E000-U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

const rank = (unit: number): number => unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit

const loneSurrogate = /\p{Surrogate}/u

/** Whether a text may be a key: not empty, and encodable as UTF-8 without loss (half a surrogate pair is not). */
export const isKey = (text: string): boolean => text !== '' && !loneSurrogate.test(text)
