import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'

/** Milliseconds that connecting to a member may take. */
const dialTimeoutMs = 5000

/**
 * A proxy for etcd's calls to its peers while they have other addresses than etcd has stored: it takes a call to the
 * stored address to the present one. It listens on the loopback interface and reaches members only, so nobody gains a
 * way that was not open.
 */
export class PeerProxy {
  readonly #server: http.Server
  readonly #agent = new http.Agent({ keepAlive: true })
  /** From `host:port` as etcd knows it to where it is. */
  #routes: ReadonlyMap<string, string> = new Map()

  private constructor() {
    // Streams between members live for days, and etcd decides how long its connections do.
    this.#server = http.createServer(
      { requestTimeout: 0, headersTimeout: 10_000, keepAliveTimeout: 0, noDelay: true },
      (request, response) => {
        this.#forward(request, response)
      },
    )
    this.#server.timeout = 0
    this.#server.unref()
  }

  /** Listens on a certain port, or with 0 on any. Rejects with the system's error. */
  static open(port: number): Promise<PeerProxy> {
    const proxy = new PeerProxy()
    return new Promise((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(port, '127.0.0.1', () => {
        resolve(proxy)
      })
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Sets which addresses are reached, and where they are now. */
  route(routes: ReadonlyMap<string, string>): void {
    this.#routes = routes
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
    this.#agent.destroy()
  }

  #forward(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
    const target = url === undefined ? undefined : this.#routes.get(url.host)
    if (url === undefined || target === undefined) {
      request.resume()
      // Never answer 403 or 410: etcd would conclude that its cluster has removed it.
      response.writeHead(502).end('not a member of the cluster\n')
      return
    }
    const { hostname, port } = new URL(`http://${target}`)
    const { 'proxy-connection': _connection, 'proxy-authorization': _authorization, ...headers } = request.headers
    const onward = http.request({
      agent: this.#agent,
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
      method: request.method,
      path: url.pathname + url.search,
      headers,
      setHost: false,
    })
    onward.setNoDelay(true)
    const late = setTimeout(() => {
      onward.destroy(new Error('no connection in time'))
    }, dialTimeoutMs)
    onward.once('socket', socket => {
      if (socket.connecting)
        socket.once('connect', () => {
          clearTimeout(late)
        })
      else clearTimeout(late)
    })
    onward.once('close', () => {
      clearTimeout(late)
    })
    onward.once('response', answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      pipeline(answer, response, () => {
        onward.destroy()
      })
    })
    onward.once('error', () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end('the member cannot be reached\n')
    })
    response.once('close', () => {
      if (!response.writableFinished) onward.destroy()
    })
    pipeline(request, onward, () => undefined)
  }
}
