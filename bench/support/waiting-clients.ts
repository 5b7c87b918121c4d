import net from 'node:net'

/** Clients that each hold one request open over a connection of their own. */
export class WaitingClients {
  readonly #sockets: net.Socket[] = []
  #answered: (() => void) | undefined

  /** Connects so many, a hundred at a time. */
  static async open(host: string, port: number, count: number): Promise<WaitingClients> {
    const clients = new WaitingClients()
    while (clients.#sockets.length < count) {
      await Promise.all(
        Array.from(
          { length: Math.min(100, count - clients.#sockets.length) },
          () =>
            new Promise<void>((resolve, reject) => {
              const socket = net.connect({ host, port, noDelay: true }, () => {
                resolve()
              })
              socket.once('error', reject)
              socket.on('data', () => {
                clients.#answered?.()
              })
              clients.#sockets.push(socket)
            }),
        ),
      )
    }
    return clients
  }

  /** Every client asks for `target`. */
  ask(target: string): void {
    for (const socket of this.#sockets) socket.write(`GET ${target} HTTP/1.1\r\nHost: bench\r\n\r\n`)
  }

  /** Does `wake`, and resolves with the milliseconds until each client had its answer, as they came. */
  async woken(wake: () => Promise<unknown>): Promise<readonly number[]> {
    const times: number[] = []
    const begun = performance.now()
    const all = new Promise<void>(resolve => {
      this.#answered = () => {
        times.push(performance.now() - begun)
        if (times.length === this.#sockets.length) resolve()
      }
    })
    await Promise.all([wake(), all])
    this.#answered = undefined
    return times
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
