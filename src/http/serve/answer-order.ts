import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How many requests of one connection may be under way or wait: pipelining clients keep to far less. */
const maxInFlight = 64

interface Waiting {
  readonly response: ServerResponse
  readonly begin: () => void
}
interface Line {
  current: ServerResponse
  readonly waiting: Waiting[]
}

/**
 * Takes the requests of a connection one after the other, as HTTP/1.1 answers them anyway (RFC 9112, section 9.3.2):
 * work on the next begins once the answer before it has left for the client. Answers built ahead would pile up in
 * memory for a client that does not read.
 */
export class AnswerOrder {
  readonly #lines = new WeakMap<Socket, Line>()

  /**
   * Calls `begin` when it is the turn of the request that `response` belongs to; never when the connection ends first,
   * or holds too many.
   */
  take(socket: Socket, response: ServerResponse, begin: () => void): void {
    const line = this.#lines.get(socket)
    if (line === undefined) {
      this.#lines.set(socket, { current: response, waiting: [] })
      begin()
    } else if (line.waiting.length === 0 && line.current.writableFinished) {
      line.current = response
      begin()
    } else if (line.waiting.length + 1 >= maxInFlight) {
      socket.destroy()
    } else {
      line.waiting.push({ response, begin })
      if (line.waiting.length === 1) this.#afterCurrent(socket, line)
    }
  }

  #afterCurrent(socket: Socket, line: Line): void {
    line.current.once('close', () => {
      const next = line.waiting.shift()
      if (next === undefined) return
      // After an answer with "Connection: close" nobody would read another.
      if (socket.destroyed || !socket.writable) {
        line.waiting.length = 0
        return
      }
      line.current = next.response
      if (line.waiting.length > 0) this.#afterCurrent(socket, line)
      next.begin()
    })
  }
}
