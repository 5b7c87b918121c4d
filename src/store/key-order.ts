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

const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)

const loneSurrogate = /\p{Surrogate}/u

/** Whether a text has a UTF-8 form that reads back the same (half a surrogate pair has not). */
export const isEncodable = (text: string): boolean => !loneSurrogate.test(text)

/**
 * Whether a text may be a key: not empty, encodable, and without a leading NUL, which is kept for what engines note for
 * themselves.
 */
export const isKey = (text: string): boolean => text !== '' && !text.startsWith('\0') && isEncodable(text)

/** Whether a key is in [from, to); an empty `to` is no end. */
export const isWithin = (key: string, from: string, to: string): boolean =>
  compareKeys(key, from) >= 0 && (to === '' || compareKeys(key, to) < 0)
