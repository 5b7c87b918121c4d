import type { LogLine } from './types.js'

/** Lines that may wait for one listener; enough for the burst of a reload of thousands of files. */
const backlog = 1024

/**
 * Hands lines to one listener, in order, after the code that logged them is done: so a listener can neither hold up nor
 * break whoever logs, nor call itself. Beyond 1024 waiting lines the rest is counted, and the listener told how many.
 */
export class LogListener {
  readonly #on: (line: LogLine) => void
  readonly #lost: (count: number) => LogLine
  #waiting: LogLine[] = []
  #dropped = 0
  #scheduled: NodeJS.Immediate | undefined

  /** `lost` makes the line that tells how many were left out. */
  constructor(on: (line: LogLine) => void, lost: (count: number) => LogLine) {
    this.#on = on
    this.#lost = lost
  }

  push(line: LogLine): void {
    if (this.#waiting.length >= backlog) this.#dropped++
    else this.#waiting.push(line)
    this.#scheduled ??= setImmediate(() => {
      this.#deliver()
    })
  }

  close(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#waiting = []
    this.#dropped = 0
  }

  #deliver(): void {
    this.#scheduled = undefined
    const lines = this.#waiting
    if (this.#dropped > 0) lines.push(this.#lost(this.#dropped))
    this.#waiting = []
    this.#dropped = 0
    for (const line of lines) this.#on(line)
  }
}
