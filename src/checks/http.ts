import { Agent, request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { formatDuration, milliseconds } from '../common/duration.js'
import { errorMessage } from '../common/errors.js'
import { portOf } from '../common/http-url.js'
import { afterRedirect, maxRedirects, shownUrl, type Hop } from '../common/redirect.js'
import { TailBuffer } from '../common/tail-buffer.js'
import { withDeadline } from '../common/with-deadline.js'
import { dialError, networkReason } from './dial-error.js'
import { expectedName } from './dial-target.js'
import { firstHop } from './http-hop.js'
import type { CheckResult, PolledKind } from './types.js'

type Options = Parameters<PolledKind<'http'>['run']>[0]

/** Bytes of headers that an answer may have, as many as Go's client takes. */
const maxHeaderSize = 10 << 20

// A new connection each time: a kept one would hide that the server takes no more. No TLS session either, so that each
// run sees the certificate.
const agent = new Agent({ keepAlive: false })
const secureAgent = new SecureAgent({ keepAlive: false, maxCachedSessions: 0 })

/** The first line of an answer. */
interface Answer {
  readonly code: number
  readonly phrase: string
}

/**
 * Asks a URL: 2xx is passing, 429 warning, any other status critical. The timeout is for redirects, headers and body
 * together. The status decides as soon as it is there: a body that breaks off, cannot be decoded or does not end in
 * time is shown as far as it was read.
 */
export const http: PolledKind<'http'> = {
  type: 'http',
  async run(options, { signal, outputMaxSize }) {
    const what = `HTTP ${options.method} ${shownUrl(options.url)}:`
    const exchange = new Exchange(options, new TailBuffer(outputMaxSize))
    const ended = await withDeadline<Ended>(signal, options.timeout, done => exchange.start(done))
    const { answer } = exchange
    if (answer !== undefined)
      return {
        status: statusOf(answer.code),
        output: `${what} ${answer.code} ${answer.phrase} Output: ${exchange.body()}`,
      }
    if (ended === 'timeout' || ended === 'aborted') {
      return {
        status: 'critical',
        output: `${what} timed out after ${formatDuration(milliseconds(options.timeout))} awaiting the answer`,
      }
    }
    return { status: 'critical', output: `${what} ${ended.message ?? 'no answer'}` }
  },
}

/** That nothing more comes; `message` says why where there was no answer. */
interface Ended {
  readonly message?: string
}

function statusOf(code: number): CheckResult['status'] {
  if (code >= 200 && code <= 299) return 'passing'
  return code === 429 ? 'warning' : 'critical'
}

/** One run: sends the request, follows redirects and collects the body of the last answer. */
class Exchange {
  readonly #options: Options
  readonly #tail: TailBuffer
  answer: Answer | undefined
  #current: ClientRequest | undefined

  constructor(options: Options, tail: TailBuffer) {
    this.#options = options
    this.#tail = tail
  }

  /** What was read of the answer's body, its last bytes. */
  body(): string {
    return this.#tail.text()
  }

  /** Calls `done` at the end of the body, or when there will be none; returns what cancels the run. */
  start(done: (ended: Ended) => void): () => void {
    // Bad URLs, header names and values are thrown by Node.
    const attempt = (run: () => void): void => {
      try {
        run()
      } catch (error) {
        done({ message: errorMessage(error) })
      }
    }
    const send = (hop: Hop, redirectsLeft: number): void => {
      const request = (this.#current = open(hop, this.#options))
      // A request that a redirect has replaced may still report that it was cut off.
      request.on('error', error => {
        if (request === this.#current) done(this.#broken(hop, error))
      })
      request.on('response', response => {
        attempt(() => {
          const next = this.#options.disableRedirects
            ? undefined
            : afterRedirect(hop, response.statusCode ?? 0, response.headers.location)
          if (next === undefined) {
            this.#collect(response, done)
            return
          }
          this.#current = undefined
          request.destroy()
          if (redirectsLeft === 0) done({ message: `stopped after ${maxRedirects} redirects` })
          else send(next, redirectsLeft - 1)
        })
      })
      request.end(hop.body === '' ? undefined : hop.body)
    }
    attempt(() => {
      send(firstHop(this.#options), maxRedirects)
    })
    return () => {
      this.#current?.destroy()
    }
  }

  #collect(response: IncomingMessage, done: (ended: Ended) => void): void {
    this.answer = { code: response.statusCode ?? 0, phrase: response.statusMessage ?? '' }
    response.on('data', (chunk: Buffer) => {
      this.#tail.push(chunk)
    })
    response.on('end', () => {
      done({})
    })
    response.on('error', () => {
      done({})
    })
  }

  /**
   * The end of a connection that broke, or whose answer Node's parser refuses even so: then the status line is all that
   * is read of it.
   */
  #broken(hop: Hop, error: Error): Ended {
    this.answer ??= statusLine(error)
    return { message: requestError(hop, error) }
  }
}

/** The answer whose headers cannot be read, as far as its first line goes. Node hands it over with the error. */
function statusLine(error: Error): Answer | undefined {
  if (!('rawPacket' in error) || !Buffer.isBuffer(error.rawPacket)) return undefined
  const [, code, phrase = ''] =
    /^HTTP\/1\.[01] ([1-5]\d\d)(?: ([^\r\n]*))?\r?\n/.exec(error.rawPacket.toString('latin1', 0, 1024)) ?? []
  return code === undefined ? undefined : { code: Number(code), phrase }
}

function open(hop: Hop, options: Options): ClientRequest {
  const { url, host } = hop.url
  const { path = '/', auth } = urlToHttpOptions(url)
  const common = {
    host,
    port: portOf(hop.url),
    path,
    method: hop.method,
    headers: { host: url.host, ...hop.headers },
    ...(auth !== undefined && auth !== null ? { auth } : {}),
    // A checker takes what servers send, as Go's client does: bare line feeds, a length beside chunks, control
    // characters.
    insecureHTTPParser: true,
    maxHeaderSize,
  }
  if (url.protocol === 'http:') return requestPlain({ ...common, agent })
  const servername = expectedName(options.tlsServerName, host)
  return requestSecure({ ...common, agent: secureAgent, servername, rejectUnauthorized: !options.tlsSkipVerify })
}

function requestError(hop: Hop, error: Error): string {
  const { syscall } =
    error instanceof AggregateError ? (error.errors.at(-1) as NodeJS.ErrnoException) : (error as NodeJS.ErrnoException)
  if (syscall !== 'connect' && syscall !== 'getaddrinfo') return networkReason(error)
  return dialError('tcp', `${hop.url.url.hostname}:${portOf(hop.url)}`, error)
}
