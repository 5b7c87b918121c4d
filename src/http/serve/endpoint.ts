import type { IncomingMessage, ServerResponse } from 'node:http'
import { MusterError, errorMessage } from '../../common/errors.js'
import type { RpcPort } from '../../rpc/index.js'
import type { Settings } from '../../config/index.js'
import { isAborted } from '../request/aborted.js'
import { empty, headerText, text, type Answer } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'
import { Departures } from './departures.js'
import type { Deps } from '../deps.js'
import { agentHeader, destination, onwardTarget, type Destination } from '../rules/forwarding.js'
import type { Guards } from '../rules/guards.js'
import { exchangeOf, inProcess, type Exchange, type OwnRequest } from './exchange.js'
import { Query } from '../request/query.js'
import { Readiness } from '../rules/readiness.js'
import { RefusalLog } from './refusal-log.js'
import { logRequest } from './request-log.js'
import { readRequestPath } from '../request/request-path.js'
import {
  defaultBodyLimit,
  endpointAt,
  isTakenOn,
  methods,
  type ApiRequest,
  type Endpoint,
  type Handler,
  type Route,
} from '../route.js'
import type { Router } from './router.js'
import { flatten, send } from './send.js'
import { refuseTenancy } from '../rules/tenancy.js'

/** What changes with the settings and is prepared once per change. */
export interface Prepared {
  readonly settings: Settings
  readonly guards: Guards
  readonly common: HeaderList
}

/** An answer given within this process. `index` is the X-Consul-Index, '' where there is none. */
export interface LocalAnswer {
  readonly status: number
  readonly index: string
  readonly body: string
}

type EndpointDeps = Pick<Deps, 'agent' | 'catalog' | 'clock' | 'log' | 'closing' | 'forwarding' | 'unread'>

/** Runs requests through the common rules, their endpoint, and out again. Never rejects. */
export class Endpoints {
  readonly #deps: EndpointDeps
  readonly #router: Router
  readonly #prepared: () => Prepared
  readonly #readiness: Readiness
  readonly #departures: Departures
  readonly #refusals: RefusalLog

  constructor(deps: EndpointDeps, router: Router, prepared: () => Prepared) {
    this.#deps = deps
    this.#router = router
    this.#prepared = prepared
    this.#readiness = new Readiness(deps)
    this.#departures = new Departures(deps.closing)
    this.#refusals = new RefusalLog(deps.log, deps.clock)
  }

  /** Answers one request. `served`: the cluster port it came to, from another agent that hands it on. */
  async run(request: IncomingMessage, response: ServerResponse, served: RpcPort | undefined): Promise<void> {
    const prepared = this.#prepared()
    const target = request.url ?? '/'
    const path = readRequestPath(target)
    const query = new Query(path.kind === 'ok' ? path.search : '')
    if (this.#deps.log.takesDebug) logRequest(request, response, this.#deps)
    const pretty = prepared.settings.dev || query.has('pretty')
    const gone = this.#departures.of(response)
    let answer: Answer | undefined
    try {
      if (path.kind === 'bad') answer = text(path.reason, 400)
      else if (path.kind === 'moved') answer = empty(301, ['Location', path.to])
      else
        answer = await this.#answer(
          exchangeOf(request, response, served, this.#deps),
          this.#router.find(path.raw),
          prepared,
          {
            path: path.decoded,
            query,
            pretty,
            gone,
            url: target,
          },
        )
    } catch (error) {
      if (isAborted(error)) {
        response.destroy()
        return
      }
      answer = this.#refusal(request.method ?? 'GET', path.kind === 'ok' ? path.decoded : '', error)
    }
    if (answer === undefined) return
    try {
      await send(request, response, answer, {
        common: served === undefined ? prepared.common : [],
        pretty,
        last: this.#deps.closing.aborted,
        gone,
        unread: this.#deps.unread,
      })
    } catch (error) {
      this.#deps.log.error('an answer could not be sent', {
        path: path.kind === 'ok' ? path.decoded : '',
        error: errorMessage(error),
      })
      response.destroy()
    }
  }

  /**
   * The answer to a request from within this process: the same rules and the same endpoints, without a socket.
   * @throws what aborted `signal`
   */
  async local(own: OwnRequest, target: string, signal: AbortSignal): Promise<LocalAnswer> {
    const path = readRequestPath(target)
    if (path.kind !== 'ok') throw new MusterError('HTTP_PATH', `"${target}" is no path of the API`, { status: 400 })
    const { gone, release } = eitherSignal(signal, this.#deps.closing)
    let answer: Answer | undefined
    try {
      answer = await this.#answer(inProcess(own, gone), this.#router.find(path.raw), this.#prepared(), {
        path: path.decoded,
        query: new Query(path.search),
        pretty: false,
        gone: () => gone,
        url: target,
      })
    } catch (error) {
      answer = this.#refusal(own.method, path.decoded, error)
    } finally {
      release()
    }
    signal.throwIfAborted()
    const { status, bytes, headers } = flatten(answer ?? empty(), false)
    const index = headers.findIndex(name => name === 'X-Consul-Index')
    return { status, index: index < 0 ? '' : (headers[index + 1] ?? ''), body: bytes.toString() }
  }

  /** Undefined: another agent has answered, and it is written. */
  async #answer(
    exchange: Exchange,
    route: Route | undefined,
    prepared: Prepared,
    parts: Parts,
  ): Promise<Answer | undefined> {
    const { guards, settings } = prepared
    const { method, served } = exchange
    guards.checkPath(parts.path)
    const { endpoint, rest } = route === undefined ? nowhere : endpointAt(route, parts.path)
    if (served !== undefined && (endpoint === undefined || !isTakenOn(endpoint.reach, served))) throw notTakenOn(served)
    if (endpoint === undefined) return empty(404)
    if (method === 'OPTIONS') return empty(200, allowed(endpoint))
    const handler = handlerOf(endpoint, method)
    if (handler === undefined) return text(`method ${method} not allowed`, 405, allowed(endpoint))
    if (method !== 'GET') guards.checkWriter(exchange.client)
    if (served === undefined) refuseTenancy(parts.path, parts.query, exchange.header)
    const journey = { endpoint, query: parts.query, served: served !== undefined, bodyDatacenter: '' }
    const elsewhere = destination(journey, this.#deps.forwarding, settings)
    if (elsewhere !== undefined) return handOn(exchange, elsewhere, prepared, parts.url)
    await this.#readiness.check(endpoint, settings)
    const bodyLimit = endpoint.bodyLimit?.(settings) ?? defaultBodyLimit
    const body = method === 'GET' || endpoint.uploads === true ? noBody : await exchange.body(bodyLimit)
    if (endpoint.datacenterOf !== undefined) {
      const named = destination(
        { ...journey, bodyDatacenter: endpoint.datacenterOf(body) },
        this.#deps.forwarding,
        settings,
      )
      if (named !== undefined) return handOn(exchange, named, prepared, parts.url, body)
    }
    // Copy the fields one by one: spreading `parts` takes 5% of the time of a small write.
    const { path, query, pretty, gone, url } = parts
    return handler({
      path,
      query,
      pretty,
      gone,
      url,
      method,
      rest,
      body,
      upload: () => exchange.upload(bodyLimit),
      reach: endpoint.reach,
      client: exchange.client,
      header: exchange.header,
    } satisfies ApiRequest)
  }

  /**
   * The answer for what was thrown. The body is the one line that Consul would send, since clients compare it; what to
   * do next travels in a header. From 500 on the log has the reason; the query stays out of it, it may hold a token.
   */
  #refusal(method: string, path: string, error: unknown): Answer {
    const fields = {
      method,
      path,
      error: errorMessage(error),
      ...(error instanceof MusterError && error.hint !== undefined && { hint: error.hint }),
    }
    if (!(error instanceof MusterError)) {
      this.#deps.log.error('a request failed unexpectedly', {
        ...fields,
        stack: error instanceof Error ? error.stack : undefined,
      })
      return text(`internal error: ${errorMessage(error)}`, 500)
    }
    if (error.status >= 500) this.#refusals.warn(error.code, { ...fields, status: error.status })
    return text(error.message, error.status, [
      ...(error.status === 503 ? ['Retry-After', '1'] : []),
      ...(error.hint === undefined ? [] : [hintHeader, headerText(error.hint)]),
    ])
  }
}

/** Names what would help after a refusal; muster's own. */
const hintHeader = 'X-Muster-Hint'

/** @throws MusterError when nobody at the destination can be reached */
async function handOn(
  exchange: Exchange,
  { upstreams, unreachable }: Destination,
  { settings, common }: Prepared,
  url: string,
  body?: Buffer,
): Promise<Answer | undefined> {
  const answer = await exchange.handOn(upstreams, {
    target: onwardTarget(url, settings, exchange.served !== undefined),
    requestHeaders: exchange.served === undefined ? [agentHeader, headerText(settings.nodeName)] : [],
    answerHeaders: exchange.served === undefined ? common : [],
    ...(body && { body }),
  })
  if (answer === 'unreachable') throw unreachable()
  return answer
}

const nowhere = { endpoint: undefined, rest: '' }

const notTakenOn = (port: RpcPort): MusterError =>
  new MusterError('HTTP_NOT_HANDED_ON', 'no agent hands this request on to others', {
    status: 403,
    hint: `the ${port === 'lan' ? 'cluster' : 'WAN'} port takes what agents ask on behalf of their clients: ask the HTTP port`,
  })

type Parts = Pick<ApiRequest, 'path' | 'query' | 'pretty' | 'gone' | 'url'>

const noBody = Buffer.alloc(0)

const allowed = (endpoint: Endpoint): HeaderList => [
  'Allow',
  ['OPTIONS', ...methods.filter(one => endpoint[one] !== undefined)].join(','),
]

const handlerOf = (endpoint: Endpoint, method: string): Handler | undefined =>
  methods.some(one => one === method) ? endpoint[method as (typeof methods)[number]] : undefined

/** Aborted with the first of two; `release` ends the listening when the work is done. */
function eitherSignal(
  first: AbortSignal,
  second: AbortSignal,
): { readonly gone: AbortSignal; readonly release: () => void } {
  const controller = new AbortController()
  const abort = (): void => {
    controller.abort()
  }
  if (first.aborted || second.aborted) abort()
  for (const signal of [first, second]) signal.addEventListener('abort', abort)
  return {
    gone: controller.signal,
    release: () => {
      for (const signal of [first, second]) signal.removeEventListener('abort', abort)
    },
  }
}
