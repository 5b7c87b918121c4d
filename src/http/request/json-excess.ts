/**
 * Objects and lists within each other: more than any request of the API has, and each costs stack wherever it is walked
 * through.
 */
const maxDepth = 100
/**
 * Commas: a service with a thousand checks has some ten thousand. What is behind each takes microseconds to read, check
 * and keep.
 */
const maxCommas = 16_384

const [quote, backslash, comma, openList, closeList, openObject, closeObject] = Buffer.from('"\\,[]{}')

/**
 * What a body has too much of to be read in one go, undefined when it has not. It is looked at byte for byte before
 * anything is made of it, in time that is a small part of reading it. Whether it is JSON is not asked.
 */
export function jsonExcess(body: Buffer): string | undefined {
  let depth = 0
  let commas = 0
  let isInString = false
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (byte === quote) isInString = !isInString
    else if (isInString) {
      if (byte === backslash) at++
    } else if (byte === comma) {
      if (++commas > maxCommas) return `it holds more than ${maxCommas} values`
    } else if (byte === openList || byte === openObject) {
      if (++depth > maxDepth) return `it is nested more than ${maxDepth} deep`
    } else if (byte === closeList || byte === closeObject) depth--
  }
  return undefined
}
