import { hostPort } from '../../common/host-port.js'
import http from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { MusterError, errorMessage } from '../../common/errors.js'
import { listenRemedy } from '../../common/listen-remedy.js'
import type { Settings } from '../../config/index.js'
import { clearSocketFile, ownSocketFile } from './unix-socket.js'

/** Where a listener can be reached. For a unix socket `host` is its path and `port` 0. */
export interface BoundAddress {
  readonly kind: 'tcp' | 'unix'
  readonly host: string
  readonly port: number
  /** `http://127.0.0.1:8500`, `unix:///run/muster.sock` */
  readonly url: string
}

/** What answers on a listener. */
export interface ListenerHandlers {
  readonly request: RequestListener
  readonly connection: (socket: Socket) => void
}

/** One server that listens, and where. */
export interface Listener {
  readonly server: Server
  readonly address: BoundAddress
}

/**
 * A header must be here within this time, a whole request within the next; an idle connection is kept for the third.
 * Milliseconds.
 */
const timingMs = { headers: 10_000, request: 60_000, idle: 120_000, check: 2_000 }

/**
 * Listens on every address of `addresses.http`. All or nothing: when one cannot be had, those already open are closed
 * again.
 * @throws MusterError HTTP_LISTEN naming the address and why
 */
export async function openListeners(settings: Settings, handlers: ListenerHandlers): Promise<readonly Listener[]> {
  if (settings.ports.http < 0) return []
  const open: Listener[] = []
  try {
    for (const address of settings.addresses.http) open.push(await openListener(address, settings, handlers))
    return open
  } catch (error) {
    for (const { server } of open) server.close()
    throw error
  }
}

async function openListener(address: string, settings: Settings, handlers: ListenerHandlers): Promise<Listener> {
  const server = http.createServer(
    {
      headersTimeout: timingMs.headers,
      requestTimeout: timingMs.request,
      keepAliveTimeout: timingMs.idle,
      connectionsCheckingInterval: timingMs.check,
      maxHeaderSize: settings.http.maxHeaderBytes,
      noDelay: true,
    },
    handlers.request,
  )
  server.on('connection', handlers.connection)
  server.on('clientError', refuseMalformed)
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined
  if (path !== undefined) await clearSocketFile(path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      const place = path === undefined ? hostPort(address, settings.ports.http) : address
      reject(
        new MusterError('HTTP_LISTEN', `cannot listen for HTTP on ${place}: ${errorMessage(error)}`, {
          cause: error,
          hint: remedy(error, address, path),
        }),
      )
    })
    const ready = (): void => {
      resolve()
    }
    if (path === undefined) server.listen(settings.ports.http, address, ready)
    else server.listen(path, ready)
  })
  if (path !== undefined) {
    await ownSocketFile(path, settings.unixSockets)
    return { server, address: { kind: 'unix', host: path, port: 0, url: `unix://${path}` } }
  }
  const { address: host, port } = server.address() as AddressInfo
  return { server, address: { kind: 'tcp', host, port, url: `http://${hostPort(host, port)}` } }
}

function remedy(error: unknown, address: string, path: string | undefined): string {
  if (path !== undefined) return 'set addresses.http to a socket in an existing folder that the agent may write to'
  return listenRemedy(error, {
    host: address,
    addressKeys: 'addresses.http or client_addr (-client)',
    portKey: 'ports.http (-http-port)',
  })
}

const malformed: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** Answers what is no HTTP; when an answer has already begun, all that can be done is to hang up. */
function refuseMalformed(
  error: NodeJS.ErrnoException,
  socket: Socket & { _httpMessage?: { headersSent?: boolean } | null },
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent === true) {
    socket.destroy()
    return
  }
  const status = malformed[error.code ?? ''] ?? '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  )
}
