import { runWatch, type WatchDependencies } from './run-watch.js'
import type { WatchPlan } from './types.js'

interface Running {
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/**
 * The watches of an agent. Plans are told apart by content: one that stays across a reload keeps its query, its index
 * and what it last gave.
 */
export class Watches {
  readonly #dependencies: WatchDependencies
  readonly #running = new Map<string, Running>()

  constructor(dependencies: WatchDependencies) {
    this.#dependencies = dependencies
  }

  /** How many run. */
  get size(): number {
    return this.#running.size
  }

  /** Starts what is new, stops what is gone, leaves the rest alone. The same plan twice runs twice. */
  update(plans: readonly WatchPlan[]): void {
    const wanted = new Map<string, WatchPlan>()
    const seen = new Map<string, number>()
    for (const plan of plans) {
      const number = seen.get(plan.identity) ?? 0
      seen.set(plan.identity, number + 1)
      wanted.set(`${number} ${plan.identity}`, plan)
    }
    for (const [key, running] of this.#running) {
      if (wanted.has(key)) continue
      running.stop.abort()
      this.#running.delete(key)
    }
    for (const [key, plan] of wanted) {
      if (this.#running.has(key)) continue
      const stop = new AbortController()
      this.#running.set(key, { stop, ended: runWatch(plan, this.#dependencies, stop.signal) })
    }
  }

  /** Stops all of them, handlers included, and waits for their end. */
  async close(): Promise<void> {
    const ending = [...this.#running.values()]
    this.#running.clear()
    for (const { stop } of ending) stop.abort()
    await Promise.all(ending.map(({ ended }) => ended))
  }
}
