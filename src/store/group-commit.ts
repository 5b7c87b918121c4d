import { storeClosed } from './errors.js'

/** How many requests travel in one group at most: bounds the time that a group keeps the event loop and the next one waiting. */
const largestGroup = 4096

interface Waiting<Request, Result> {
  readonly request: Request
  readonly resolve: (result: Result) => void
  readonly reject: (reason: Error) => void
}

/**
 * Gathers requests into groups: those of one turn of the event loop, or those that came while the group before was on its
 * way, travel together. Groups run one after the other, so `run` never overlaps with itself or with a {@link between} call.
 *
 * `run` answers each request in order with a result or an Error; when it rejects, every request of the group does.
 */
export class GroupCommit<Request, Result> {
  readonly #run: (requests: readonly Request[]) => Promise<readonly (Result | Error)[]>
  #waiting: Waiting<Request, Result>[] = []
  #readers: (() => void)[] = []
  #active = false
  #closing = false
  #whenIdle: (() => void)[] = []

  constructor(run: (requests: readonly Request[]) => Promise<readonly (Result | Error)[]>) {
    this.#run = run
  }

  /** Rejects with STORE_CLOSED once {@link close} was called. */
  submit(request: Request): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closing) {
        reject(storeClosed())
        return
      }
      this.#waiting.push({ request, resolve, reject })
      this.#wake()
    })
  }

  /** Runs `read` while no group is under way, before the next one starts. */
  between<Value>(read: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#closing) {
        reject(storeClosed())
        return
      }
      this.#readers.push(() => {
        try {
          resolve(read())
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)))
        }
      })
      this.#wake()
    })
  }

  /** Takes no more requests and waits until those already taken are answered. */
  close(): Promise<void> {
    this.#closing = true
    return new Promise(resolve => {
      if (this.#active) this.#whenIdle.push(resolve)
      else resolve()
    })
  }

  #wake(): void {
    if (this.#active) return
    this.#active = true
    setImmediate(() => { void this.#round() })
  }

  async #round(): Promise<void> {
    for (const read of this.#readers.splice(0)) read()
    const group = this.#waiting.length > largestGroup ? this.#waiting.splice(0, largestGroup) : this.#waiting
    if (group === this.#waiting) this.#waiting = []
    if (group.length > 0) await this.#answer(group)
    if (this.#waiting.length > 0 || this.#readers.length > 0) {
      // Not at once: whoever was just answered may have its next request ready within this turn.
      setImmediate(() => { void this.#round() })
      return
    }
    this.#active = false
    for (const idle of this.#whenIdle.splice(0)) idle()
  }

  async #answer(group: readonly Waiting<Request, Result>[]): Promise<void> {
    try {
      const results = await this.#run(group.map(({ request }) => request))
      group.forEach(({ resolve, reject }, i) => {
        const result = results[i] ?? new Error('a request of the group was left unanswered')
        if (result instanceof Error) reject(result)
        else resolve(result)
      })
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown : new Error(String(thrown))
      for (const { reject } of group) reject(reason)
    }
  }
}
