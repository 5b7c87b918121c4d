import { nextTurn } from '../common/next-turn.js'
import { storeClosed } from './errors.js'

/**
 * How many requests travel in one group at most: bounds the time that a group keeps the event loop and the next one
 * waiting.
 */
const maxGroupSize = 4096

/** Groups after which the event loop gets its turn in any case. */
const yieldEvery = 32

interface Waiting<Request, Result> {
  readonly request: Request
  readonly resolve: (result: Result) => void
  readonly reject: (reason: Error) => void
}

/**
 * Gathers requests into groups: those of one turn of the event loop, or those that came while the group before was on
 * its way, travel together. Groups run one after the other, so `run` never overlaps with itself or with a {@link
 * between} call. A group is answered when the next one is on its way already, where there is one: what its answers set
 * in motion then does not keep the disk waiting.
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
    setImmediate(() => {
      void this.#rounds()
    })
  }

  async #rounds(): Promise<void> {
    let answer: (() => void) | undefined
    for (let round = 1; ; round++) {
      // Yield to the event loop: groups that need no disk would otherwise starve everything else.
      if (round % yieldEvery === 0) await nextTurn()
      for (const read of this.#readers.splice(0)) read()
      const group = this.#take()
      const running = group.length > 0 ? this.#begin(group) : undefined
      answer?.()
      answer = await running
      if (answer !== undefined) continue
      // Callers that were just answered may commit again within this turn.
      await new Promise<void>(resolve => {
        process.nextTick(resolve)
      })
      if (this.#waiting.length === 0 && this.#readers.length === 0) break
    }
    this.#active = false
    for (const idle of this.#whenIdle.splice(0)) idle()
  }

  #take(): readonly Waiting<Request, Result>[] {
    if (this.#waiting.length > maxGroupSize) return this.#waiting.splice(0, maxGroupSize)
    const group = this.#waiting
    this.#waiting = []
    return group
  }

  /** Runs a group and resolves with what answers it. */
  async #begin(group: readonly Waiting<Request, Result>[]): Promise<() => void> {
    try {
      const results = await this.#run(group.map(({ request }) => request))
      return () => {
        group.forEach(({ resolve, reject }, i) => {
          const result = results[i] ?? new Error('a request of the group was left unanswered')
          if (result instanceof Error) reject(result)
          else resolve(result)
        })
      }
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown : new Error(String(thrown))
      return () => {
        for (const { reject } of group) reject(reason)
      }
    }
  }
}
