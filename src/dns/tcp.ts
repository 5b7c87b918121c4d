import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net'
import { errorMessage } from '../common/errors.js'
import type { Logger } from '../telemetry/index.js'
import type { Responder } from './responder.js'

/** Limits of what clients over TCP may take up. */
export interface TcpLimits {
  /**
   * Connections to one listener; for one more the oldest is closed, so that nobody can shut others out by holding many.
   */
  readonly connections: number
  /** Milliseconds that a connection may stay without a question or the taking of an answer. */
  readonly idle: number
  /** Answers that one connection may be waiting for; its next questions are read when they are done. */
  readonly pending: number
  /**
   * Questions of all connections that are answered before everything else the process does has its turn, questions over
   * UDP first of all.
   */
  readonly perTurn: number
}

const usualLimits: TcpLimits = { connections: 1024, idle: 10_000, pending: 64, perTurn: 32 }

/**
 * Answers queries that come over connections, several in a row or at once; answers come in the order in which they are
 * ready.
 */
export class TcpListener {
  readonly #server: Server
  readonly #sockets: Set<Socket>
  readonly address: string
  readonly port: number

  private constructor(server: Server, sockets: Set<Socket>, address: string, port: number) {
    this.#server = server
    this.#sockets = sockets
    this.address = address
    this.port = port
  }

  /** Rejects with the system's error when the address cannot be bound. */
  static open(
    address: string,
    port: number,
    responder: Responder,
    log: Logger,
    limits = usualLimits,
  ): Promise<TcpListener> {
    return new Promise((resolve, reject) => {
      const sockets = new Set<Socket>()
      const turns = new Turns(limits.perTurn)
      const server = createServer({ noDelay: true }, socket => {
        for (const oldest of sockets) {
          if (sockets.size < limits.connections) break
          sockets.delete(oldest)
          oldest.destroy()
        }
        sockets.add(socket)
        socket.once('close', () => {
          sockets.delete(socket)
        })
        new Connection(socket, responder, limits, turns).start()
      })
      server.once('error', reject)
      server.listen({ port, host: address, ipv6Only: isIPv6(address), exclusive: true }, () => {
        server.removeListener('error', reject)
        server.on('error', error => {
          log.warn('DNS socket error', { address, port, reason: errorMessage(error) })
        })
        resolve(new TcpListener(server, sockets, address, (server.address() as AddressInfo).port))
      })
    })
  }

  close(): Promise<void> {
    const closed = new Promise<void>(resolve => {
      this.#server.close(() => {
        resolve()
      })
    })
    for (const socket of this.#sockets) socket.destroy()
    return closed
  }
}

/** Lets connections answer one question each in turn, a few in each round of the event loop. */
class Turns {
  readonly #perTurn: number
  readonly #waiting = new Set<Connection>()
  #scheduled = false

  constructor(perTurn: number) {
    this.#perTurn = perTurn
  }

  add(connection: Connection): void {
    this.#waiting.add(connection)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#run()
    })
  }

  #run(): void {
    // A connection with more queries goes to the end of the queue, so that all get their turn.
    let left = this.#perTurn
    for (const connection of this.#waiting) {
      if (left-- === 0) {
        this.add(connection)
        return
      }
      this.#waiting.delete(connection)
      connection.turn()
    }
  }
}

/** One client: takes its stream apart into messages, and frames the answers. */
class Connection {
  readonly #socket: Socket
  readonly #responder: Responder
  readonly #limits: TcpLimits
  readonly #turns: Turns
  #received: Buffer = Buffer.alloc(0)
  #pending = 0
  readonly #client: string

  constructor(socket: Socket, responder: Responder, limits: TcpLimits, turns: Turns) {
    this.#socket = socket
    this.#responder = responder
    this.#limits = limits
    this.#turns = turns

    this.#client = socket.remoteAddress ?? ''
  }

  start(): void {
    const socket = this.#socket
    socket.setTimeout(this.#limits.idle, () => {
      socket.destroy()
    })
    // Ignore a client that disconnects; 'close' follows.
    socket.on('error', () => {
      socket.destroy()
    })
    socket.on('drain', () => {
      this.#work()
    })
    socket.on('data', data => {
      this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data])
      this.#work()
    })
  }

  /** Answers the complete queries received so far, and reads no more until then. */
  #work(): void {
    if (!this.#hasMessage()) {
      this.#socket.resume()
      return
    }
    this.#socket.pause()
    if (this.#mayAnswer()) this.#turns.add(this)
  }

  /** Answers one question, as far as the client keeps up with reading and nothing is in arrears. */
  turn(): void {
    const message = this.#mayAnswer() ? this.#nextMessage() : undefined
    if (message === undefined) return
    const answer = this.#responder.respond(message, 'tcp', this.#client)
    if (answer === undefined) {
      // Close the connection: a client that sends something else than queries does not speak DNS.
      this.#socket.destroy()
      return
    }
    if (answer instanceof Promise) this.#wait(answer)
    else this.#send(answer)
    this.#work()
  }

  #mayAnswer(): boolean {
    return !this.#socket.destroyed && !this.#socket.writableNeedDrain && this.#pending < this.#limits.pending
  }

  #wait(answer: Promise<Buffer>): void {
    this.#pending++
    void answer.then(late => {
      this.#pending--
      if (this.#socket.destroyed) return
      this.#send(late)
      this.#work()
    })
  }

  #hasMessage(): boolean {
    return this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0)
  }

  #nextMessage(): Buffer | undefined {
    if (!this.#hasMessage()) return undefined
    const end = 2 + this.#received.readUInt16BE(0)
    const message = this.#received.subarray(2, end)
    this.#received = this.#received.subarray(end)
    return message
  }

  #send(answer: Buffer): void {
    // A copy with the length before it, as the stream keeps what it is given and the answer's bytes are used again.
    const framed = Buffer.allocUnsafe(2 + answer.length)
    framed.writeUInt16BE(answer.length)
    answer.copy(framed, 2)
    this.#socket.write(framed)
  }
}
