import http from 'node:http'
import { MusterError, errorCode, errorMessage } from '../common/errors.js'
import type { ParsedFlags } from '../common/flags.js'
import { clientSettings, type ClientSettings } from './client-settings.js'
import type { Io } from './io.js'

/** An answer of the agent, whatever its status. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** Talks to one agent over HTTP. */
export class Client {
  readonly #settings: ClientSettings

  constructor(settings: ClientSettings) {
    this.#settings = settings
  }

  /** The client that the flags, the environment and the settings file describe. */
  static async connect(flags: ParsedFlags, io: Io): Promise<Client> {
    return new Client(await clientSettings(flags, io))
  }

  /** The datacenter that is asked; '' the agent's. */
  get datacenter(): string {
    return this.#settings.datacenter
  }

  /** GETs JSON. @throws MusterError CLI_ANSWER for any status but 200, CLI_UNREACHABLE without an answer. */
  async get<Body>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Body> {
    return JSON.parse((await this.#expect('GET', path, query, undefined, signal)).body) as Body
  }

  /** PUTs a body (JSON unless it is undefined). @throws as {@link Client.get}. */
  async put(path: string, query: Query = {}, body?: unknown): Promise<Answer> {
    return this.#expect('PUT', path, query, body === undefined ? undefined : JSON.stringify(body))
  }

  /** Any request with any answer. @throws MusterError CLI_UNREACHABLE */
  async request(
    method: string,
    path: string,
    query: Query = {},
    body?: string | Buffer,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const response = await this.#send(method, path, query, body, signal)
    let bytes: Buffer
    try {
      bytes = await whole(response)
    } catch (error) {
      // The connection was lost in the middle of the answer.
      throw this.#unreachable(error instanceof Error ? error : new Error(String(error)))
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString('utf8') }
  }

  /** GETs bytes, with the headers they came with. @throws as {@link Client.get}. */
  async download(
    path: string,
    query: Query = {},
  ): Promise<{ readonly headers: http.IncomingHttpHeaders; readonly bytes: Buffer }> {
    const response = await this.#send('GET', path, query)
    const bytes = await whole(response)
    if (response.statusCode !== 200)
      throw unexpected({ status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString('utf8') })
    return { headers: response.headers, bytes }
  }

  /** Streams a GET's body as text to `on` until it ends or `signal` aborts. @throws as {@link Client.get}. */
  async stream(path: string, query: Query, on: (text: string) => void, signal: AbortSignal): Promise<void> {
    const response = await this.#send('GET', path, query, undefined, signal)
    response.setEncoding('utf8')
    if (response.statusCode !== 200) {
      let text = ''
      for await (const chunk of response) text += chunk as string
      throw unexpected({ status: response.statusCode ?? 0, headers: response.headers, body: text })
    }
    try {
      for await (const chunk of response) on(chunk as string)
    } catch (error) {
      if (!signal.aborted)
        throw new MusterError('CLI_UNREACHABLE', `the agent went away: ${errorMessage(error)}`, { cause: error })
    }
  }

  async #expect(method: string, path: string, query: Query, body?: string, signal?: AbortSignal): Promise<Answer> {
    const answer = await this.request(method, path, query, body, signal)
    if (answer.status !== 200) throw unexpected(answer)
    return answer
  }

  async #send(
    method: string,
    path: string,
    query: Query,
    body?: string | Buffer,
    signal?: AbortSignal,
  ): Promise<http.IncomingMessage> {
    const { target, tls, auth, token } = this.#settings
    const options: http.RequestOptions = {
      method,
      path: path + this.#search(query),
      ...(auth !== '' && { auth }),
      ...(signal !== undefined && { signal }),
      ...(target.kind === 'unix'
        ? { socketPath: target.path, host: 'localhost' }
        : { host: target.host, port: target.port }),
      headers: {
        ...(token !== '' && { 'X-Consul-Token': token }),
        ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      },
    }
    const secure = target.kind === 'tcp' && target.tls
    const request = secure
      ? (await import('node:https')).request({
          ...options,
          ca: tls.ca as string[],
          cert: tls.cert,
          key: tls.key,
          servername: tls.serverName,
          rejectUnauthorized: tls.verify,
        })
      : http.request(options)
    return new Promise((resolve, reject) => {
      request.once('response', resolve)
      request.once('error', error => {
        reject(this.#unreachable(error))
      })
      request.end(body)
    })
  }

  #search(query: Query): string {
    const { datacenter, stale, namespace, partition } = this.#settings
    const parameters = new URLSearchParams()
    // `consistent` takes precedence over -stale.
    const mayBeStale = stale && query.consistent === undefined
    const common = {
      ...(datacenter !== '' && { dc: datacenter }),
      ...(mayBeStale && { stale: '' }),
      ...(namespace !== '' && { ns: namespace }),
      ...(partition !== '' && { partition }),
    }
    for (const [name, value] of Object.entries({ ...common, ...query })) {
      for (const one of value === undefined ? [] : [value].flat()) parameters.append(name, one)
    }
    const text = parameters.toString()
    return text === '' ? '' : `?${text}`
  }

  #unreachable(error: Error): MusterError {
    const { target } = this.#settings
    const where = target.kind === 'unix' ? target.path : `${target.host}:${target.port}`
    if (errorCode(error) === 'EPROTO') {
      return new MusterError('CLI_UNREACHABLE', `what answers at ${where} does not speak TLS`, {
        cause: error,
        hint: 'write http:// instead of https://, and leave CONSUL_HTTP_SSL out',
      })
    }
    const refused = ['ECONNREFUSED', 'ENOENT'].includes(errorCode(error) ?? '')
    return new MusterError(
      'CLI_UNREACHABLE',
      refused ? `no agent answers at ${where}` : `the agent at ${where} cannot be reached: ${error.message}`,
      {
        cause: error,
        hint: 'start one with "muster agent -dev", or name another with -http-addr or MUSTER_HTTP_ADDR',
      },
    )
  }
}

async function whole(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The error for an answer that no command knows what to do with, and what the agent says would help. */
export function unexpected({ status, headers, body }: Answer): MusterError {
  const hint = headers['x-muster-hint']
  return new MusterError('CLI_ANSWER', `Unexpected response code: ${status} (${body.trim()})`, {
    status,
    ...(typeof hint === 'string' && { hint }),
  })
}
