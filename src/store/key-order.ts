import { compareText } from '../common/text-order.js'

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
  compareText(key, from) >= 0 && (to === '' || compareText(key, to) < 0)
