/** A run of pages, `first` and those behind it. */
interface Run {
  readonly first: number
  readonly length: number
}

/**
 * The pages that LMDB says it may use again. A record of its tree of free pages is a list of signed numbers of 8 bytes:
 * how many follow, and then page numbers, or the negative length of a run and the page that it begins with; 0 is an
 * empty place.
 */
export class FreePages {
  readonly #lastPage: number
  readonly #runs: Run[] = []

  constructor(lastPage: number) {
    this.#lastPage = lastPage
  }

  /** Takes a record; gives what is wrong with it, when something is. */
  add(record: Buffer): string | undefined {
    const count = record.length < 8 ? -1 : signed(record, 0)
    if (count < 0 || 8 * (count + 1) > record.length) return 'a list of free pages has an impossible length'
    for (let index = 1; index <= count; index++) {
      const number = signed(record, index)
      if (number === 0) continue
      // A run length may be the last word of a record; without a following page number it is ignored.
      if (number < 0 && index === count) break
      const length = number < 0 ? -number : 1
      const first = number < 0 ? signed(record, ++index) : number
      if (first < 2 || first + length - 1 > this.#lastPage)
        return `a list of free pages names page ${first + length - 1}, which there is not`
      this.#runs.push({ first, length })
    }
    return undefined
  }

  /** The first page for which `is` holds. */
  firstOf(is: (page: number) => boolean): number | undefined {
    for (const { first, length } of this.#runs) {
      for (let page = first; page < first + length; page++) if (is(page)) return page
    }
    return undefined
  }

  /** How many there are from a page on. */
  countFrom(page: number): number {
    const found = new Set<number>()
    for (const { first, length } of this.#runs) {
      for (let one = Math.max(first, page); one < first + length; one++) found.add(one)
    }
    return found.size
  }
}

/** A place that holds more than 2^53 becomes an impossible number all the same. */
const signed = (record: Buffer, index: number): number => Number(record.readBigInt64LE(8 * index))
