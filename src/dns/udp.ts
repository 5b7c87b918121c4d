import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { errorMessage } from '../common/errors.js'
import type { Logger } from '../telemetry/index.js'
import type { Responder } from './responder.js'

/** Room for a burst of queries while the process is busy with something else; the system may grant less. */
const receiveBuffer = 4 * 1024 * 1024

/** Answers queries that come in packets of their own. */
export class UdpListener {
  readonly #socket: Socket
  readonly address: string
  readonly port: number

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket
    this.address = address
    this.port = port
  }

  /** Rejects with the system's error when the address cannot be bound. */
  static open(address: string, port: number, responder: Responder, log: Logger): Promise<UdpListener> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({
        type: isIPv6(address) ? 'udp6' : 'udp4',
        ipv6Only: isIPv6(address),
        // Replace the default `lookup`, which takes a tick even for addresses.
        lookup: (host, _options, found) => {
          found(null, host, isIPv6(host) ? 6 : 4)
        },
      })
      socket.once('error', reject)
      socket.bind({ port, address, exclusive: true }, () => {
        socket.removeListener('error', reject)
        socket.on('error', error => {
          log.warn('DNS socket error', { address, port, reason: errorMessage(error) })
        })
        growReceiveBuffer(socket, log)
        serve(socket, responder)
        resolve(new UdpListener(socket, address, socket.address().port))
      })
    })
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#socket.close(resolve)
    })
  }
}

function growReceiveBuffer(socket: Socket, log: Logger): void {
  try {
    socket.setRecvBufferSize(receiveBuffer)
  } catch (thrown) {
    log.debug('the receive buffer of the DNS socket stays as it is', { reason: errorMessage(thrown) })
  }
}

function serve(socket: Socket, responder: Responder): void {
  let open = true
  socket.once('close', () => {
    open = false
  })
  const send = (answer: Buffer, client: RemoteInfo): void => {
    socket.send(answer, client.port, client.address)
  }
  socket.on('message', (packet, client) => {
    // Nobody listens on port 0, so the sender is forged.
    if (client.port === 0) return
    // The buffer of a kept answer is reused for the next query, so it must not change while a send is still queued.
    const busy = socket.getSendQueueCount() > 0
    const answer = responder.respond(packet, 'udp', client.address, busy)
    if (answer === undefined) return
    if (answer instanceof Promise)
      void answer.then(late => {
        if (open) send(late, client)
      })
    else send(answer, client)
  })
}
