import type { EndSignal } from '../common/end-signal.js'

/** Readers that wait for one service to change or to go, by service id. */
export class ServiceWaits {
  readonly #waiting = new Map<string, Set<(changed: boolean) => void>>()

  /** Resolves true at the next {@link wake} of that id, false after `ms` or when `signal` is aborted. */
  wait(id: string, ms: number, signal: EndSignal | undefined): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false)
    return new Promise(resolve => {
      const waiters = this.#waiting.get(id) ?? new Set()
      this.#waiting.set(id, waiters)
      const finish = (changed: boolean): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
        waiters.delete(finish)
        if (waiters.size === 0 && this.#waiting.get(id) === waiters) this.#waiting.delete(id)
        resolve(changed)
      }
      const aborted = (): void => {
        finish(false)
      }
      const timer = setTimeout(finish, Math.min(Math.max(ms, 0), 0x7fffffff), false)
      signal?.addEventListener('abort', aborted, { once: true })
      waiters.add(finish)
    })
  }

  /** Ends all waits for that service. */
  wake(id: string): void {
    for (const finish of [...(this.#waiting.get(id) ?? [])]) finish(true)
  }
}
