import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { endToEnd, forwardedHeaders } from './forwarded-headers.js'
import type { Exchange, Pools, UnderWay } from './pools.js'
import type { ProxyOptions } from './types.js'

/**
 * Hands a request on and streams the answer back. Resolves false while another agent can still be asked: nothing was
 * written, and either nothing was sent or what was sent changes nothing (a GET without a body). Otherwise an answer has
 * been given, or the connection to the client was cut in the middle of one.
 */
export function proxy(
  pools: Pools,
  address: string,
  request: IncomingMessage,
  response: ServerResponse,
  options: ProxyOptions,
): Promise<boolean> {
  return new Promise(resolve => {
    const body = options.body === undefined && hasBody(request) ? new Body(request) : undefined
    let underWay: UnderWay | undefined
    let gone = false
    const leave = (): void => {
      gone = true
      underWay?.cut()
      resolve(true)
    }
    const settle = (value: boolean): void => {
      response.off('close', leave)
      resolve(value)
    }
    if (response.destroyed) {
      resolve(true)
      return
    }
    response.once('close', leave)
    const exchange = new Relay(response, options.answerHeaders ?? [], (outcome, error) => {
      if (outcome !== 'failed') {
        settle(true)
        return
      }
      const untouched = body === undefined ? request.method === 'GET' || error?.sent === false : !body.touched
      if (!response.headersSent && untouched) {
        settle(false)
        return
      }
      if (response.headersSent) response.destroy()
      else lost(response, address)
      settle(true)
    })
    void pools
      .send(
        address,
        'long',
        {
          path: options.target ?? request.url ?? '/',
          method: request.method ?? 'GET',
          headers: [...forwardedHeaders(request), ...(options.requestHeaders ?? [])],
          body: body?.read() ?? options.body ?? null,
        },
        exchange,
      )
      .then(sent => {
        underWay = sent
        if (gone) sent.cut()
      })
  })
}

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0

/** A request's body, taken only once there is a connection to send it over. */
class Body {
  readonly #request: IncomingMessage
  touched = false

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  async *read(): AsyncIterable<Buffer> {
    this.touched = true
    yield* this.#request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  }
}

/** Writes what comes back to the client, as fast as the client takes it. */
class Relay implements Exchange {
  readonly #response: ServerResponse
  readonly #before: readonly string[]
  readonly #done: (outcome: 'ended' | 'failed', failure?: { readonly sent: boolean }) => void

  constructor(
    response: ServerResponse,
    before: readonly string[],
    done: (outcome: 'ended' | 'failed', failure?: { readonly sent: boolean }) => void,
  ) {
    this.#response = response
    this.#before = before
    this.#done = done
  }

  head(status: number, rawHeaders: readonly string[]): void {
    const headers = [...this.#before, ...endToEnd(rawHeaders)]
    this.#response.writeHead(status, headers)
    // Without a length it is a stream, whose first bytes may take long.
    if (!headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length'))
      this.#response.flushHeaders()
  }

  data(chunk: Buffer, control: Dispatcher.DispatchController): void {
    if (this.#response.write(chunk)) return
    control.pause()
    this.#response.once('drain', () => {
      control.resume()
    })
  }

  end(): void {
    this.#response.end()
    this.#done('ended')
  }

  failed(_error: Error, sent: boolean): void {
    this.#done('failed', { sent })
  }
}

function lost(response: ServerResponse, address: string): void {
  const text = `the server ${address} went away before it answered\nwhether the request was done is not known: look before trying again`
  response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}
