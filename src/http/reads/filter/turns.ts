/** A piece of work that is done in slices. */
export interface SlicedWork {
  /** Works for about `limit` microseconds, and gives how many it were. Whatever it throws ends the work. */
  advance(limit: number): number
  readonly done: boolean
}

/** Microseconds of work that are done before everything else has its turn. */
const perTurn = 5_000

interface Waiting {
  readonly work: SlicedWork
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * Shares the event loop among pieces of work of any length: in each of its turns no more is done than a few
 * milliseconds hold, so that sockets are served in between, and no piece waits for the end of another. Short ones are
 * over at once.
 */
export class Turns {
  readonly #nextTurn: (run: () => void) => void
  readonly #fresh: Waiting[] = []
  readonly #begun: Waiting[] = []
  #freshIsNext = true
  #left = perTurn
  #isBooked = false

  /** @param nextTurn runs something once the event loop has served what is ready */
  constructor(nextTurn: (run: () => void) => void = setImmediate) {
    this.#nextTurn = nextTurn
  }

  /** Resolves when a piece of work is done. Rejects with what it throws. */
  run(work: SlicedWork): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fresh.push({ work, resolve, reject })
      this.#continue()
    })
  }

  #continue(): void {
    while (this.#left > 0) {
      const next = this.#next()
      if (next === undefined) break
      this.#slice(next)
    }
    if (this.#isBooked || this.#left === perTurn) return
    this.#isBooked = true
    this.#nextTurn(() => {
      this.#isBooked = false
      this.#left = perTurn
      this.#continue()
    })
  }

  /** Alternates between new and continued work, so that neither starves the other. */
  #next(): Waiting | undefined {
    const [first, second] = this.#freshIsNext ? [this.#fresh, this.#begun] : [this.#begun, this.#fresh]
    this.#freshIsNext = !this.#freshIsNext
    return first.shift() ?? second.shift()
  }

  #slice(next: Waiting): void {
    try {
      this.#left -= Math.max(1, next.work.advance(this.#left))
    } catch (error) {
      this.#left--
      next.reject(error)
      return
    }
    if (next.work.done) next.resolve()
    else this.#begun.push(next)
  }
}
