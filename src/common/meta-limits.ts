/** What is wrong with a pair, or, without a key, with all of them together. */
export interface MetaFault {
  readonly key?: string
  readonly text: string
}

/** Most pairs that meta data holds. */
const pairLimit = 64
const keyLimit = 128
/** Bytes. */
const valueLimit = 512

/**
 * The first thing wrong with meta data, in Consul's words; undefined when it is as it should be. Keys that begin with
 * `consul-` are reserved, and allowed only where meta data is looked for (`reserved`).
 */
export function metaFault(meta: Readonly<Record<string, string>>, reserved = false): MetaFault | undefined {
  const pairs = Object.entries(meta)
  if (pairs.length > pairLimit) return { text: `Node metadata cannot contain more than ${pairLimit} key/value pairs` }
  for (const [key, value] of pairs) {
    const text = pairFault(key, value, reserved)
    if (text !== undefined)
      return { key, text: `Couldn't load metadata pair ('${short(key)}', '${short(value)}'): ${text}` }
  }
  return undefined
}

/** A text as a message quotes it; values of megabytes are refused, not repeated. */
const short = (text: string): string => (text.length > 600 ? `${text.slice(0, 40)}…` : text)

function pairFault(key: string, value: string, reserved: boolean): string | undefined {
  if (key === '') return 'Key cannot be blank'
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return 'Key contains invalid characters'
  if (key.length > keyLimit) return `Key is too long (limit: ${keyLimit} characters)`
  if (!reserved && key.startsWith('consul-')) return "Key prefix 'consul-' is reserved for internal use"
  // A UTF-16 unit is at most three bytes, so short values need no counting.
  return value.length * 3 > valueLimit && Buffer.byteLength(value) > valueLimit
    ? `Value is too long (limit: ${valueLimit} characters)`
    : undefined
}
