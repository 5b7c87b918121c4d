import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RpcPort } from '../../rpc/index.js'
import type { HeaderList } from '../header-list.js'
import { acceptsGzip } from '../answer/prepared-body.js'
import type { ResponseCache } from '../reads/response-cache.js'
import { isTakenOn } from '../route.js'
import { writeWhole } from './send.js'
import { tenancyHeaders } from '../rules/tenancy.js'
import { AnswerOrder } from './answer-order.js'
import type { UnreadAnswers } from '../answer/unread-answers.js'

interface FrontParts {
  readonly cache: ResponseCache
  /** Whether the kept answers may be used: not while closing, not without a leader. */
  readonly fastPath: () => boolean
  /** `port`: the cluster port that a request came to, from another agent that hands it on. */
  readonly slowPath: (request: IncomingMessage, response: ServerResponse, port: RpcPort | undefined) => void
  readonly isRefused: (socket: Socket) => boolean
  /** How many items of a kept answer's headers, at their beginning, are those that every answer carries. */
  readonly commonHeaders: () => number
  readonly unread: UnreadAnswers
}

/**
 * First to see a request. A GET whose answer is kept and still right is answered from here: one lookup, one comparison,
 * one write. All else goes on to the endpoints.
 */
export class Front {
  readonly #parts: FrontParts
  readonly #order = new AnswerOrder()
  /** Requests answered here and all requests, since the start. */
  fast = 0
  all = 0

  constructor(parts: FrontParts) {
    this.#parts = parts
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#take(request, response, undefined)
  }

  /**
   * A request that another agent has handed on. That one adds the headers which every answer carries, so they are left
   * out here.
   */
  readonly serve = (request: IncomingMessage, response: ServerResponse, port: RpcPort): void => {
    this.#take(request, response, port)
  }

  #take(request: IncomingMessage, response: ServerResponse, port: RpcPort | undefined): void {
    this.all++
    if (this.#parts.isRefused(request.socket)) return
    this.#order.take(request.socket, response, () => {
      if (request.method === 'GET' && this.#answerKept(request, response, port)) this.fast++
      else this.#parts.slowPath(request, response, port)
    })
  }

  #answerKept(request: IncomingMessage, response: ServerResponse, port: RpcPort | undefined): boolean {
    const kept = this.#parts.cache.answer(request.url ?? '')
    if (kept === undefined || !this.#parts.fastPath()) return false
    if (port !== undefined && !isTakenOn(kept.reach, port)) return false
    const leftOut = port === undefined ? 0 : this.#parts.commonHeaders()
    const { gzip, special } = relevantHeaders(request.rawHeaders)
    if (special) return false
    const { built, gzipped } = kept.body
    const small = !gzip || kept.gzip === 'small'
    const headers = small ? kept.plain : kept.gzip
    const bytes = small ? built.bytes : gzipped
    if (headers === undefined || bytes === undefined) return false
    // Without room for the answer, let the ordinary path refuse it.
    if (!this.#parts.unread.admit(response, kept.body, built.bytes.length)) return false
    writeWhole(response, built.status, without(headers, leftOut), bytes)
    return true
  }
}

/** Headers but for the first `count` items. */
const without = (headers: HeaderList, count: number): HeaderList => (count === 0 ? headers : headers.slice(count))

/**
 * Whether the client takes gzip, and whether it sends a header that needs a closer look. Read from the raw list:
 * parsing all would cost more than the rest.
 */
function relevantHeaders(raw: HeaderList): { readonly gzip: boolean; readonly special: boolean } {
  let gzip = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    if (name.length === 15 && name.toLowerCase() === 'accept-encoding') gzip = acceptsGzip(raw[i + 1])
    else if (name.length === 13 && name.toLowerCase() === 'cache-control') return { gzip, special: true }
    else if (name.length === 18 && tenancyHeaders.has(name.toLowerCase())) return { gzip, special: true }
  }
  return { gzip, special: false }
}
