import type { ServerResponse } from 'node:http'
import { End, type EndSignal } from '../../common/end-signal.js'

/**
 * Signals to running requests that their client has disconnected or the server closes. One listener on the closing
 * signal serves all requests, since an AbortSignal scans all its listeners whenever one is added.
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
