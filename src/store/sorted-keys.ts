import { compareKeys } from './key-order.js'

/** Keys of a part at most: small enough to insert into quickly, large enough that there are few parts. */
const largestPart = 512

/**
 * A set of keys in byte order that can be read by range. Adding and removing cost a binary search and a move within one
 * part.
 */
export class SortedKeys {
  readonly #parts: string[][] = []

  constructor(keys: Iterable<string>) {
    const sorted = [...keys].sort(compareKeys)
    for (let at = 0; at < sorted.length; at += largestPart / 2) this.#parts.push(sorted.slice(at, at + largestPart / 2))
  }

  /** Adds a key; one that is there already stays there once. */
  add(key: string): void {
    const at = Math.min(this.#partOf(key), this.#parts.length - 1)
    const part = this.#parts[at]
    if (part === undefined) {
      this.#parts.push([key])
      return
    }
    const place = lowerBound(part, key)
    if (part[place] === key) return
    part.splice(place, 0, key)
    if (part.length > largestPart) this.#parts.splice(at + 1, 0, part.splice(largestPart / 2))
  }

  delete(key: string): void {
    const at = this.#partOf(key)
    const part = this.#parts[at]
    if (part === undefined) return
    const place = lowerBound(part, key)
    if (part[place] !== key) return
    part.splice(place, 1)
    if (part.length === 0) this.#parts.splice(at, 1)
  }

  /** The keys in [from, to) in order; an empty `to` is no end. The set must not change meanwhile. */
  *between(from: string, to: string): Generator<string> {
    let place: number | undefined
    for (let at = this.#partOf(from); at < this.#parts.length; at++) {
      const part = this.#parts[at] ?? []
      for (let i = place ?? lowerBound(part, from); i < part.length; i++) {
        const key = part[i]
        if (key === undefined || (to !== '' && compareKeys(key, to) >= 0)) return
        yield key
      }
      place = 0
    }
  }

  /** The first part whose last key is not before `key`. */
  #partOf(key: string): number {
    return search(this.#parts.length, at => compareKeys(this.#parts[at]?.at(-1) ?? '', key) < 0)
  }
}

const lowerBound = (keys: readonly string[], key: string): number =>
  search(keys.length, at => compareKeys(keys[at] ?? '', key) < 0)

/** The first index below `length` that is not `before`; those that are come first. */
function search(length: number, before: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (before(middle)) low = middle + 1
    else high = middle
  }
  return low
}
