import type { KeptAnswer } from './kept-answer.js'

/** What a cache may hold in each of its two generations. */
export interface CacheLimits {
  readonly entries: number
  readonly bytes: number
}

/**
 * Names are a stranger's choice, so the cache must not grow with them; this many are more than a busy agent is asked
 * for.
 */
const usualLimits: CacheLimits = { entries: 4096, bytes: 32 * 1024 * 1024 }

/**
 * Kept answers by what was asked, in two generations: when the young one is full it becomes the old one, and the old
 * one is dropped. An answer that is asked for moves into the young one. So a flood of names asked once pushes out its
 * own kind and not what is in use, and neither finding nor dropping costs more than a look into a map.
 */
export class AnswerCache {
  readonly #limits: CacheLimits
  #young = new Map<string, KeptAnswer>()
  #old = new Map<string, KeptAnswer>()
  #youngBytes = 0

  constructor(limits: CacheLimits = usualLimits) {
    this.#limits = limits
  }

  get(key: string): KeptAnswer | undefined {
    const kept = this.#young.get(key)
    if (kept !== undefined) return kept
    const older = this.#old.get(key)
    if (older !== undefined) {
      this.#old.delete(key)
      this.put(key, older)
    }
    return older
  }

  put(key: string, answer: KeptAnswer): void {
    const bytes = answer.bytes + key.length
    if (bytes > this.#limits.bytes) return
    if (this.#young.size >= this.#limits.entries || this.#youngBytes + bytes > this.#limits.bytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, answer)
    this.#youngBytes += bytes
  }

  /** Forgets everything: after a change of settings nothing is right any more. */
  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngBytes = 0
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
