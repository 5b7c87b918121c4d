import type { Clock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'

/** Milliseconds between two questions. */
const interval = 1000

/** What {@link Quorum} asks and measures with. */
export interface QuorumParts {
  /** Resolves when a majority has answered; may wait for one, or reject. */
  readonly ask: () => Promise<unknown>
  readonly clock: Clock
}

/**
 * When a majority of the servers answered last, asked once a second in the background, so that nobody's request has to
 * ask.
 */
export class Quorum {
  readonly #parts: QuorumParts
  readonly #closed = new AbortController()
  #heard: number | undefined

  constructor(parts: QuorumParts) {
    this.#parts = parts
  }

  /** Milliseconds since then; undefined: never in this run. */
  get silence(): number | undefined {
    return this.#heard === undefined ? undefined : this.#parts.clock.monotonic() - this.#heard
  }

  start(): void {
    void this.#run()
  }
  close(): void {
    this.#closed.abort()
  }

  async #run(): Promise<void> {
    const { ask, clock } = this.#parts
    const { signal } = this.#closed
    while (!signal.aborted) {
      await ask().then(
        () => {
          this.#heard = clock.monotonic()
        },
        () => undefined,
      )
      await pause(clock, interval, signal)
    }
  }
}
