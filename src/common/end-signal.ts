/** Tells once that something has ended. An AbortSignal is one. */
export interface EndSignal {
  readonly aborted: boolean
  /** `on` is called when it ends, not when it has ended before. */
  addEventListener(type: 'abort', on: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', on: () => void): void
}

/**
 * An {@link EndSignal} for the thousands of which there is one each: an AbortController costs some microseconds, and as
 * much again to clear away.
 */
export class End implements EndSignal {
  aborted = false
  #listeners: (() => void)[] = []

  addEventListener(_type: 'abort', on: () => void): void {
    if (!this.aborted) this.#listeners.push(on)
  }

  removeEventListener(_type: 'abort', on: () => void): void {
    const at = this.#listeners.indexOf(on)
    if (at >= 0) this.#listeners.splice(at, 1)
  }

  /** Marks the end, and calls the listeners once. */
  abort(): void {
    if (this.aborted) return
    this.aborted = true
    for (const on of this.#listeners.splice(0)) on()
  }
}
