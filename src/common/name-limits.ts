import { isPrintable, printable } from './printable.js'

/**
 * Longest node name in bytes: what DNS could carry, and then some. With {@link maxIdBytes} a key fits into the smallest
 * store's limit.
 */
export const maxNodeBytes = 255
/** Longest id and name in the catalog, in bytes. */
export const maxIdBytes = 1024
/**
 * Longest id of an agent's service, in bytes: the ids of its checks begin with a word of ours (`_service_maintenance:`)
 * and must still fit.
 */
export const maxServiceIdBytes = 1000

/** What is wrong with a text of more than `limit` bytes; undefined when it is short enough. */
export function lengthFault(what: string, text: string, limit: number): string | undefined {
  // A UTF-16 unit is at most three bytes, so short texts need no counting.
  if (text.length * 3 <= limit) return undefined
  const length = Buffer.byteLength(text)
  return length <= limit
    ? undefined
    : `${what} "${text.slice(0, 40)}…" is ${length} bytes long, at most ${limit} are allowed`
}

/** What is wrong with a name of a node, wherever it comes from: a file, or another agent; undefined when nothing is. */
export function nodeNameFault(name: string): string | undefined {
  if (name === '') return 'the node has no name'
  if (!isPrintable(name)) return `the node name ${printable(JSON.stringify(name.slice(0, 100)))} has control characters`
  return lengthFault('the node name', name, maxNodeBytes)
}
