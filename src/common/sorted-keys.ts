import { compareText } from './text-order.js'

/**
 * The length of a run of keys kept in one array: long enough that there are few of them, short enough that moving its
 * elements costs little.
 */
const maxRunLength = 512

/**
 * A set of texts in the byte order of their UTF-8. Adding and taking away cost a search and the move of half a run,
 * whatever the size, and what begins with a prefix stands together.
 */
export class SortedKeys {
  /** Runs in order, none of them empty. */
  readonly #runs: string[][] = []
  #size = 0

  constructor(keys: Iterable<string> = []) {
    const sorted = [...new Set(keys)].sort(compareText)
    for (let at = 0; at < sorted.length; at += maxRunLength / 2)
      this.#runs.push(sorted.slice(at, at + maxRunLength / 2))
    this.#size = sorted.length
  }

  get size(): number {
    return this.#size
  }

  /** Adds a key; one that is there already is not added again. */
  add(key: string): void {
    const at = Math.max(0, this.#runOf(key))
    const run = this.#runs[at]
    if (run === undefined) {
      this.#runs.push([key])
      this.#size++
      return
    }
    const place = lowerBound(run, key)
    if (run[place] === key) return
    run.splice(place, 0, key)
    this.#size++
    if (run.length > maxRunLength) this.#runs.splice(at + 1, 0, run.splice(run.length >>> 1))
  }

  delete(key: string): void {
    const at = this.#runOf(key)
    const run = this.#runs[at]
    if (run === undefined) return
    const place = lowerBound(run, key)
    if (run[place] !== key) return
    run.splice(place, 1)
    this.#size--
    if (run.length === 0) this.#runs.splice(at, 1)
  }

  /** The greatest key that is not behind `text`. */
  atMost(text: string): string | undefined {
    const run = this.#runs[this.#runOf(text)]
    if (run === undefined) return undefined
    const place = lowerBound(run, text)
    return run[place] === text ? text : run[place - 1]
  }

  /** The keys that begin with `prefix`, in order. The set must not change while they are read. */
  below(prefix: string): Generator<string> {
    return this.#read(prefix, key => key.startsWith(prefix))
  }

  /** The keys in [from, to) in order; an empty `to` is no end. The set must not change while they are read. */
  between(from: string, to: string): Generator<string> {
    return this.#read(from, key => to === '' || compareText(key, to) < 0)
  }

  *#read(from: string, isWanted: (key: string) => boolean): Generator<string> {
    const first = Math.max(0, this.#runOf(from))
    for (let at = first; at < this.#runs.length; at++) {
      const run = this.#runs[at] ?? []
      for (let place = at === first ? lowerBound(run, from) : 0; place < run.length; place++) {
        const key = run[place] ?? ''
        if (!isWanted(key)) return
        yield key
      }
    }
  }

  /** The last run that begins at or before `key`; -1 when all begin behind it. */
  #runOf(key: string): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareText(this.#runs[middle]?.[0] ?? '', key) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** Where `key` is in the run, or would be. */
function lowerBound(run: readonly string[], key: string): number {
  let low = 0
  let high = run.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareText(run[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
