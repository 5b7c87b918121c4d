import type { Socket } from 'node:net'
import type { Networks } from '../common/networks.js'

/**
 * Decides about each connection as it comes: who may connect, and how many one address may have. Refused connections
 * are reset.
 */
export class ConnectionLimit {
  readonly #allowed: Networks | undefined
  readonly #perClient: () => number
  readonly #counts = new Map<string, number>()
  /** Connections refused since the start. */
  refused = 0

  /** @param allowed undefined: all; @param perClient asked for each connection; 0 or less: no limit */
  constructor(allowed: Networks | undefined, perClient: () => number) {
    this.#allowed = allowed
    this.#perClient = perClient
  }

  readonly admit = (socket: Socket): void => {
    const address = socket.remoteAddress ?? ''
    const count = this.#counts.get(address) ?? 0
    const max = this.#perClient()
    if (this.#allowed?.has(address) === false || (max > 0 && count >= max)) {
      this.refused++
      socket.on('error', () => {
        socket.destroy()
      })
      socket.resetAndDestroy()
      return
    }
    this.#counts.set(address, count + 1)
    socket.once('close', () => {
      const left = (this.#counts.get(address) ?? 1) - 1
      if (left > 0) this.#counts.set(address, left)
      else this.#counts.delete(address)
    })
  }
}
