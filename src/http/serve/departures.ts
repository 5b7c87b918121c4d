import type { ServerResponse } from 'node:http'
import { End, type EndSignal } from '../../common/end-signal.js'

/**
 * Tells those who work on an answer that nobody waits for it any more: the client has gone, or the server closes. It
 * listens for the close once for all of them, as an AbortSignal looks through all its listeners whenever one is added.
 */
export class Departures {
  readonly #closing: AbortSignal
  readonly #present = new Set<End>()

  /** @param closing aborted when the server closes */
  constructor(closing: AbortSignal) {
    this.#closing = closing
    closing.addEventListener(
      'abort',
      () => {
        for (const end of this.#present) end.abort()
      },
      { once: true },
    )
  }

  /** The signal of one response, made when it is first asked for. It stays silent once the answer is complete. */
  of(response: ServerResponse): () => EndSignal {
    let signal: EndSignal | undefined
    return () => (signal ??= this.#signal(response))
  }

  #signal(response: ServerResponse): EndSignal {
    const end = new End()
    if (this.#closing.aborted || response.destroyed) end.abort()
    this.#present.add(end)
    response.once('close', () => {
      this.#present.delete(end)
      if (!response.writableEnded) end.abort()
    })
    return end
  }
}
