import type { ServerResponse } from 'node:http'

/**
 * Tells those who work on an answer that nobody waits for it any more: the client has gone, or the server closes. It listens for the
 * close once for all of them, as a signal looks through all its listeners whenever one is added.
 */
export class Departures {
  readonly #closing: AbortSignal
  readonly #present = new Set<AbortController>()

  /** @param closing aborted when the server closes */
  constructor(closing: AbortSignal) {
    this.#closing = closing
    closing.addEventListener('abort', () => { for (const controller of this.#present) controller.abort() }, { once: true })
  }

  /** The signal of one response, made when it is first asked for. It stays silent once the answer is complete. */
  of(response: ServerResponse): () => AbortSignal {
    let signal: AbortSignal | undefined
    return () => signal ??= this.#signal(response)
  }

  #signal(response: ServerResponse): AbortSignal {
    const controller = new AbortController()
    if (this.#closing.aborted || response.destroyed) controller.abort()
    this.#present.add(controller)
    response.once('close', () => {
      this.#present.delete(controller)
      // An abort makes an exception with its stack: thousands of them whenever thousands are answered at once.
      if (!response.writableEnded) controller.abort()
    })
    return controller.signal
  }
}
