import type { Socket } from 'node:net'

// How long a refused client may take to read its answer before the connection is closed.
const lingering = 1000

/**
 * Counts connections by client address and refuses those above the limit with 429. Unix sockets have no address and are
 * not counted: their mode decides who may connect.
 */
export class ClientConnections {
  readonly #limit: () => number
  readonly #counts = new Map<string, number>()
  readonly #refused = new WeakSet<Socket>()
  #open = 0

  /** @param limit the most connections of one address; 0 or less: no limit */
  constructor(limit: () => number) {
    this.#limit = limit
  }

  /** Connections that are open now, refused ones left out. */
  get open(): number {
    return this.#open
  }

  /** Takes a new connection in; false when it was refused (its answer is already on its way). */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? ''
    const count = this.#counts.get(address) ?? 0
    const limit = this.#limit()
    if (address !== '' && limit > 0 && count >= limit) {
      this.#refuse(socket)
      return false
    }
    this.#open++
    if (address !== '') this.#counts.set(address, count + 1)
    socket.once('close', () => {
      this.#open--
      if (address === '') return
      const left = (this.#counts.get(address) ?? 1) - 1
      if (left > 0) this.#counts.set(address, left)
      else this.#counts.delete(address)
    })
    return true
  }

  /** Whether requests of this connection are to be left unanswered. */
  isRefused(socket: Socket): boolean {
    return this.#refused.has(socket)
  }

  #refuse(socket: Socket): void {
    this.#refused.add(socket)
    socket.on('error', () => {
      socket.destroy()
    })
    socket.end(refusal)
    setTimeout(() => {
      socket.destroy()
    }, lingering).unref()
  }
}

const message = 'Your IP is issuing too many concurrent connections, please rate limit your calls\n'
const refusal = `HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nContent-Length: ${message.length}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n${message}`
