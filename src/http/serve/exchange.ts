import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { RequestRoute, RpcPort } from '../../rpc/index.js'
import type { Clock } from '../../common/clock.js'
import { text, type Answer } from '../answer/answer.js'
import { agentHeader, type HandOver } from '../rules/forwarding.js'
import { arrivedBody, readBody, readPieces } from '../request/read-body.js'

/** Where a request comes from: a socket, or this process itself. */
export interface Exchange {
  readonly method: string
  /** The cluster port it came to, from another agent that hands it on; undefined: from a client. */
  readonly served: RpcPort | undefined
  readonly client: string | undefined
  readonly header: (name: string) => string | undefined
  readonly body: (limit: number) => Promise<Buffer>
  /** The same in pieces as they come. */
  readonly upload: (limit: number) => AsyncIterable<Buffer>
  /** Lets another agent answer. Undefined when its answer has been written already. */
  readonly handOn: (upstreams: RequestRoute, options: HandOver) => Promise<Answer | 'unreachable' | undefined>
}

/** What blocked queries that wait at another agent may take to end when this one closes, in milliseconds. */
const lastWait = 500

/** A request that came over a socket. */
export function exchangeOf(
  request: IncomingMessage,
  response: ServerResponse,
  served: RpcPort | undefined,
  { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
): Exchange {
  return {
    method: request.method ?? 'GET',
    served,
    client: request.socket.remoteAddress,
    // Accept the agent header from other agents only.
    header: name => (name === agentHeader && served === undefined ? undefined : headerOf(request, name)),
    body: limit => readBody(request, limit),
    upload: limit => readPieces(request, limit),
    handOn: async (upstreams, options) => {
      const end = (): void => {
        clock.after(lastWait, () => {
          response.destroy()
        })
      }
      closing.addEventListener('abort', end, { once: true })
      try {
        // A small body has arrived by the next microtask.
        await Promise.resolve()
        const body = options.body ?? arrivedBody(request)
        return (await upstreams.proxy(request, response, { ...options, ...(body && { body }) }))
          ? undefined
          : 'unreachable'
      } finally {
        closing.removeEventListener('abort', end)
      }
    },
  }
}

/** A request that comes from this process itself. */
export interface OwnRequest {
  readonly method: 'GET' | 'PUT'
  readonly body: Buffer
}

/** A request from within this process, given up when `gone` is aborted. */
export const inProcess = ({ method, body }: OwnRequest, gone: AbortSignal): Exchange => ({
  method,
  served: undefined,
  client: undefined,
  header: () => undefined,
  body: () => Promise.resolve(body),
  upload: () => Readable.from([body]),
  handOn: async (upstreams, { target }) => {
    const answer = await upstreams.ask({ method, target, ...(method === 'PUT' && { body }) }, gone)
    return answer === undefined
      ? 'unreachable'
      : text(
          answer.body,
          answer.status,
          answer.index === '' ? [] : ['X-Consul-Index', answer.index],
          'application/json',
        )
  },
})

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
