import http from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../common/clock.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { listenRemedy } from '../common/listen-remedy.js'
import { networks } from '../common/networks.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import { hostPort } from '../common/host-port.js'
import { ConnectionLimit } from './connection-limit.js'
import { checkProtocol, encodeError, headers, methodPath, maxHops, pingPath, protocolRange } from './protocol.js'
import { readJson } from './read-json.js'
import type { ApiListener, RpcHandler, RpcPort, RpcServer, RpcStreamHandler } from './types.js'
import { writeLines } from './write-lines.js'

/** Where one of the two ports listens. Port 0: a free one; -1: not at all. `allowed` are CIDRs; empty: everyone. */
export interface RpcListen {
  readonly bind: string
  readonly port: number
  readonly allowed: readonly string[]
}

/** What the cluster port is built on. */
export interface RpcServerOptions {
  readonly lan: RpcListen
  readonly wan: RpcListen
  /** Most connections of one address to one port; 0: no limit. A blocked query takes one for as long as it waits. */
  readonly connectionsPerClient: number
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
}

/**
 * Streams that one of Consul's multiplexed connections carries: each takes a connection of its own here, so limits
 * counted in those mean this many.
 */
export const streamsPerConnection = 20

/**
 * Milliseconds. Idle connections outlive the callers' timingMs, so that callers end them and never meet one that is
 * being ended.
 */
const timingMs = { headers: 10_000, request: 120_000, idle: 90_000, check: 2_000, drain: 2_000 }
const maxHeaderBytes = 32 * 1024
const defaultBodyLimit = 1024 * 1024

/** Builds the cluster port and the WAN port; nothing listens before {@link RpcServer.start}. */
export const createRpcServer = (options: RpcServerOptions): RpcServer => new ClusterPort(options)

interface Method {
  readonly handler: RpcHandler | undefined
  readonly stream: RpcStreamHandler | undefined
  readonly wan: boolean
  readonly bodyLimit: number
}
type MethodOptions = Partial<Pick<Method, 'wan' | 'bodyLimit'>>

class ClusterPort implements RpcServer {
  readonly #options: RpcServerOptions
  readonly #methods = new Map<string, Method>()
  readonly #open = new Map<RpcPort, Server>()
  #ports = { lan: 0, wan: 0 }
  #api: ApiListener | undefined
  #calls = 0
  #perClient: number

  constructor(options: RpcServerOptions) {
    this.#options = options
    this.#perClient = options.connectionsPerClient
    options.metrics.gauge('cluster.calls', 'Calls that other agents made since the start', () => this.#calls)
  }

  /**
   * Kept, as asking the system for them takes longer than all else that is done to name the leader, which every answer
   * does.
   */
  get ports(): { readonly lan: number; readonly wan: number } {
    return this.#ports
  }

  handle(method: string, handler: RpcHandler, options: MethodOptions = {}): void {
    this.#register(method, handler, undefined, options)
  }

  handleStream(method: string, handler: RpcStreamHandler, options: MethodOptions = {}): void {
    this.#register(method, undefined, handler, options)
  }

  serveApi(listener: ApiListener): void {
    this.#api = listener
  }

  update(connectionsPerClient: number): void {
    this.#perClient = connectionsPerClient
  }

  async start(): Promise<void> {
    try {
      for (const which of ['lan', 'wan'] as const) {
        if (this.#options[which].port < 0) continue
        const server = await this.#listen(which)
        this.#open.set(which, server)
        this.#ports = { ...this.#ports, [which]: portOf(server) }
      }
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const servers = [...this.#open.values()]
    this.#open.clear()
    this.#ports = { lan: 0, wan: 0 }
    const cut = this.#options.clock.after(timingMs.drain, () => {
      for (const server of servers) server.closeAllConnections()
    })
    await Promise.all(
      servers.map(
        server =>
          new Promise<void>(resolve => {
            server.close(() => {
              resolve()
            })
            server.closeIdleConnections()
          }),
      ),
    )
    cut.cancel()
  }

  #register(
    name: string,
    handler: RpcHandler | undefined,
    stream: RpcStreamHandler | undefined,
    { wan = false, bodyLimit = defaultBodyLimit }: MethodOptions,
  ): void {
    if (this.#methods.has(name)) throw new MusterError('CLUSTER_INTERNAL', `the method ${name} is registered twice`)
    this.#methods.set(name, { handler, stream, wan, bodyLimit })
  }

  async #listen(which: RpcPort): Promise<Server> {
    const { bind, port, allowed } = this.#options[which]
    const server = http.createServer(
      {
        headersTimeout: timingMs.headers,
        requestTimeout: timingMs.request,
        keepAliveTimeout: timingMs.idle,
        connectionsCheckingInterval: timingMs.check,
        maxHeaderSize: maxHeaderBytes,
        noDelay: true,
        keepAlive: true,
      },
      (request, response) => {
        this.#receive(which, request, response)
      },
    )
    server.on('connection', new ConnectionLimit(networks(allowed), () => this.#perClient).admit)
    server.on('clientError', (_error, socket) => {
      socket.destroy()
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => {
        reject(cannotListen(which, bind, port, error))
      })
      server.listen(port, bind, () => {
        resolve()
      })
    })
    this.#options.log.info(which === 'lan' ? 'agents are served' : 'agents of other datacenters are served', {
      address: bind,
      port: portOf(server),
    })
    return server
  }

  #receive(which: RpcPort, request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    response.setHeader(headers.protocol, protocolRange)
    try {
      checkProtocol(
        request.headers[headers.protocol]?.toString(),
        `the caller at ${request.socket.remoteAddress ?? ''}`,
      )
      if (path === pingPath) answer(response, 204)
      else if (path.startsWith('/v1/')) this.#serveApi(request, response, which)
      else void this.#call(which, path, request, response)
    } catch (error) {
      if (path.startsWith('/v1/')) refuseText(response, error)
      else refuse(response, error)
    }
  }

  #serveApi(request: IncomingMessage, response: ServerResponse, which: RpcPort): void {
    if (this.#api === undefined) throw new MusterError('NOT_READY', 'the agent is starting', { status: 503 })
    if (Number(request.headers[headers.hops] ?? 0) > maxHops) {
      throw new MusterError('CLUSTER_LOOP', `the request came through more than ${maxHops} agents`, {
        status: 508,
        hint: 'two agents take each other for a server',
      })
    }
    this.#api(request, response, which)
  }

  async #call(which: RpcPort, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = path.startsWith(methodPath) ? path.slice(methodPath.length) : ''
    try {
      const method = this.#methods.get(name)
      if (method === undefined || (which === 'wan' && !method.wan)) {
        throw new MusterError('CLUSTER_UNKNOWN_METHOD', `there is no method "${name.slice(0, 100)}"`, { status: 404 })
      }
      this.#calls++
      const aborted = new AbortController()
      response.once('close', () => {
        if (!response.writableFinished) aborted.abort()
      })
      const body = await readJson(request, method.bodyLimit)
      const caller = { address: request.socket.remoteAddress ?? '', aborted: aborted.signal }
      if (method.stream !== undefined) {
        await writeLines(response, method.stream, body, caller)
        return
      }
      const result = await method.handler?.(body, caller)
      if (result === undefined) answer(response, 204)
      else answer(response, 200, Buffer.from(JSON.stringify(result)))
    } catch (error) {
      if (!(error instanceof MusterError))
        this.#options.log.error('a call failed unexpectedly', {
          method: name,
          error: errorMessage(error),
          stack: error instanceof Error ? error.stack : undefined,
        })
      refuse(response, error)
    }
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0

function answer(response: ServerResponse, status: number, bytes?: Buffer): void {
  if (response.destroyed || response.headersSent) return
  if (bytes === undefined) response.writeHead(status)
  else response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return
  const { status, bytes } = encodeError(error)
  response.setHeader(headers.error, '1')
  // Do not read the rest of the request's body.
  if (!response.req.complete) response.setHeader('connection', 'close')
  answer(response, status, bytes)
}

/** A refusal in the HTTP API's format, since it reaches the client of the first agent. */
function refuseText(response: ServerResponse, error: unknown): void {
  const { status, hint } = error instanceof MusterError ? error : { status: 500, hint: undefined }
  const bytes = Buffer.from(hint === undefined ? errorMessage(error) : `${errorMessage(error)}\n${hint}`)
  if (!response.req.complete) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': bytes.length })
  response.end(bytes)
}

function cannotListen(which: RpcPort, bind: string, port: number, cause: unknown): MusterError {
  const [addressKeys, portKey, name] =
    which === 'lan'
      ? [
          'bind_addr (-bind) or serf_lan (-serf-lan-bind)',
          'ports.serf_lan (-serf-lan-port)',
          'agents (the cluster port)',
        ]
      : [
          'bind_addr (-bind) or serf_wan (-serf-wan-bind)',
          'ports.serf_wan (-serf-wan-port)',
          'other datacenters (the WAN port)',
        ]
  return new MusterError(
    'CLUSTER_LISTEN',
    `cannot listen for ${name} on ${hostPort(bind, port)}: ${errorMessage(cause)}`,
    {
      cause,
      hint: listenRemedy(cause, { host: bind, addressKeys, portKey }),
    },
  )
}
