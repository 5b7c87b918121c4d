import net from 'node:net'

/** What a watcher was told. */
export interface Told {
  readonly index: string
  readonly body: string
}

/**
 * Clients that each ask for one thing over and over on a connection of their own, the next time as soon as they were
 * answered. They read of an answer no more than they need, so that the time measured is the servers' and not theirs.
 */
export class WatchingClients {
  readonly #sockets: net.Socket[] = []
  /** Answers that were no 200, and connections that broke. */
  errors = 0
  #closed = false

  /**
   * Connects one after the other to the hosts in turn. `target` makes the path of each question; `told` hears of each
   * answer.
   */
  static async open(
    hosts: readonly string[],
    count: number,
    target: (index: string) => string,
    told: (answer: Told) => void,
  ): Promise<WatchingClients> {
    const clients = new WatchingClients()
    while (clients.#sockets.length < count) {
      const batch = Math.min(100, count - clients.#sockets.length)
      await Promise.all(
        Array.from({ length: batch }, (_, at) =>
          clients.#connect(hosts[(clients.#sockets.length + at) % hosts.length] ?? '', target, told),
        ),
      )
    }
    return clients
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(host: string, target: (index: string) => string, told: (answer: Told) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host, port: 8500, noDelay: true }, resolve)
      const ask = (index: string): void => {
        socket.write(`GET ${target(index)} HTTP/1.1\r\nHost: bench\r\n\r\n`)
      }
      let text = ''
      socket.once('error', reject)
      socket.on('close', () => {
        if (!this.#closed) this.errors++
      })
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
        const answer = wholeAnswer(text)
        if (answer === undefined) return
        text = ''
        if (!answer.ok) this.errors++
        told(answer)
        ask(answer.index)
      })
      this.#sockets.push(socket)
      ask('0')
    })
  }
}

/**
 * The answer that a text is, once all of it has come. Clients send one question at a time, so there is never more than
 * one.
 */
function wholeAnswer(text: string): (Told & { readonly ok: boolean }) | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end)
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (text.length < end + 4 + length) return undefined
  return {
    ok: head.startsWith('HTTP/1.1 200'),
    index: /^x-consul-index: *(\d+)/im.exec(head)?.[1] ?? '0',
    body: text.slice(end + 4),
  }
}
