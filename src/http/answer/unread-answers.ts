import type { ServerResponse } from 'node:http'

/** Limits of what answers that clients have not read yet may take up. */
export interface UnreadLimits {
  /** Limit of the bytes of all large answers together. Further requests get 503 with Retry-After. */
  readonly bytes: number
  /** An answer of at most so many bytes is always given: what the connections there may be hold of such is little. */
  readonly small: number
  /** Milliseconds after which a client that takes nothing of a large answer loses its connection. */
  readonly timeoutMs: number
}

const defaultUnreadLimits: UnreadLimits = { bytes: 256 * 1024 * 1024, small: 64 * 1024, timeoutMs: 60_000 }

interface Held {
  readonly size: number
  readers: number
}

/**
 * Counts the bytes of large answers on their way to clients. Content that goes to several at the same time counts once.
 */
export class UnreadAnswers {
  readonly #limits: UnreadLimits
  readonly #held = new Map<object, Held>()
  #bytes = 0

  constructor(limits: UnreadLimits = defaultUnreadLimits) {
    this.#limits = limits
  }

  /** Bytes held for clients now, answers of small size left out. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Counts an answer before it is written, until its response ends. A single answer is admitted whatever its size, or
   * it could never be read.
   * @param content what is shared by those who are sent the same
   * @returns false when there is no room for it now
   */
  admit(response: ServerResponse, content: object, size: number): boolean {
    if (size <= this.#limits.small || response.destroyed) return true
    const held = this.#held.get(content) ?? { size, readers: 0 }
    if (held.readers === 0 && this.#bytes > 0 && this.#bytes + size > this.#limits.bytes) return false
    if (held.readers++ === 0) {
      this.#held.set(content, held)
      this.#bytes += size
    }
    response.once('close', () => {
      this.#leave(content, held)
    })
    // Node closes the connection after the timeout. Bytes of a long write that the kernel accepts count as activity.
    response.setTimeout(this.#limits.timeoutMs)
    // Runs before node's own listener, which sets the keep-alive timeout.
    response.prependOnceListener('finish', () => {
      response.socket?.setTimeout(0)
    })
    return true
  }

  #leave(content: object, held: Held): void {
    if (--held.readers > 0) return
    this.#held.delete(content)
    this.#bytes -= held.size
  }
}
