import { storeClosed } from '../errors.js'

/** How far something has come, and who waits for it to come further. */
export class Reached {
  revision: number
  #waiting: { readonly revision: number; readonly resolve: () => void; readonly reject: (reason: Error) => void }[] = []

  constructor(revision: number) {
    this.revision = revision
  }

  advance(revision: number): void {
    if (revision <= this.revision) return
    this.revision = revision
    if (this.#waiting.length === 0) return
    const due = this.#waiting.filter(waiter => waiter.revision <= revision)
    if (due.length === 0) return
    this.#waiting = this.#waiting.filter(waiter => waiter.revision > revision)
    for (const { resolve } of due) resolve()
  }

  /** Rejects with STORE_CLOSED when it ends before. */
  when(revision: number): Promise<void> {
    if (revision <= this.revision) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ revision, resolve, reject })
    })
  }

  close(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(storeClosed())
  }
}
