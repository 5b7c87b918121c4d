import { errorMessage } from '../common/errors.js'
import type { Logger } from '../telemetry/index.js'

/** Closes what was opened, in reverse order. A failure to close one part does not keep the others open. */
export class Closers {
  readonly #log: Logger
  readonly #open: { readonly name: string; readonly close: () => unknown }[] = []
  #closing: Promise<void> | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  add(name: string, close: () => unknown): void {
    this.#open.push({ name, close })
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    for (const { name, close } of this.#open.reverse()) {
      try {
        await close()
      } catch (error) {
        this.#log.error('a part could not be stopped cleanly', { part: name, error: errorMessage(error) })
      }
    }
  }
}
