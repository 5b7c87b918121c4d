import type { Clock, Timer } from '../common/clock.js'

/** Milliseconds without another change after which a burst is over. A single dropped file waits this long. */
const quietMs = 4
/** Milliseconds after which a burst that does not end is handed over as far as it is. */
const maxBurstMs = 100
/** Milliseconds that a removed file may come back in: editors and deployment tools remove and write again. */
const removalGraceMs = 100

/** Makes one change of many: a burst of added, changed and removed files is handed over together. */
export class ChangeGatherer {
  readonly #clock: Clock
  readonly #exists: (path: string) => boolean
  readonly #hand: (changed: ReadonlySet<string>) => void
  #changed = new Set<string>()
  #removed = new Set<string>()
  #since = 0
  #quietTimer: Timer | undefined
  #removalTimer: Timer | undefined

  /** `exists` is asked about removed files when their grace is over. */
  constructor(clock: Clock, exists: (path: string) => boolean, hand: (changed: ReadonlySet<string>) => void) {
    this.#clock = clock
    this.#exists = exists
    this.#hand = hand
  }

  /** A file was added or changed. */
  add(path: string): void {
    if (this.#changed.size === 0) this.#since = this.#clock.monotonic()
    this.#changed.add(path)
    this.#quietTimer?.cancel()
    const left = this.#since + maxBurstMs - this.#clock.monotonic()
    this.#quietTimer = this.#clock.after(Math.max(0, Math.min(quietMs, left)), () => {
      this.#flush()
    })
  }

  /** A file was removed. Together with another change it counts at once: a rename is both. */
  remove(path: string): void {
    this.#removed.add(path)
    this.#removalTimer ??= this.#clock.after(removalGraceMs, () => {
      this.#flush()
    })
  }

  close(): void {
    this.#quietTimer?.cancel()
    this.#removalTimer?.cancel()
    this.#changed.clear()
    this.#removed.clear()
  }

  #flush(): void {
    this.#quietTimer?.cancel()
    this.#removalTimer?.cancel()
    this.#quietTimer = this.#removalTimer = undefined
    const changed = this.#changed
    for (const path of this.#removed) if (!this.#exists(path)) changed.add(path)
    this.#changed = new Set()
    this.#removed = new Set()
    if (changed.size > 0) this.#hand(changed)
  }
}
