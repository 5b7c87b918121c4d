import { Agent, request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { isIP } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import { formatDuration, milliseconds } from '../common/duration.js'
import { errorMessage } from '../common/errors.js'
import { dialError, networkReason } from './dial-error.js'
import { afterRedirect, firstHop, shownUrl, type Hop } from './http-hop.js'
import { TailBuffer } from '../common/tail-buffer.js'
import type { CheckResult, PolledKind } from './types.js'
import { withDeadline } from '../common/with-deadline.js'

type Options = Parameters<PolledKind<'http'>['run']>[0]

/** As in Go's client, and with it in Consul. */
const maxRedirects = 10

// A new connection each time: a kept one would hide that the server takes no more. No TLS session either, so that each run
// sees the certificate.
const agent = new Agent({ keepAlive: false })
const secureAgent = new SecureAgent({ keepAlive: false, maxCachedSessions: 0 })

type Answer =
  | { readonly type: 'answer'; readonly code: number; readonly phrase: string; readonly body: string }
  | { readonly type: 'error'; readonly message: string }

/** Asks a URL: 2xx is passing, 429 warning, any other status critical. The timeout is for redirects, headers and body together. */
export const http: PolledKind<'http'> = {
  type: 'http',
  async run(options, { signal, outputMaxSize }) {
    const what = `HTTP ${options.method} ${shownUrl(options.url)}:`
    const tail = new TailBuffer(outputMaxSize)
    const progress = { inBody: false }
    const ended = await withDeadline<Answer>(signal, options.timeout, done => exchange(options, tail, progress, done))
    if (ended === 'timeout' || ended === 'aborted') {
      const doing = progress.inBody ? 'reading the body' : 'awaiting the answer'
      return { status: 'critical', output: `${what} timed out after ${formatDuration(milliseconds(options.timeout))} ${doing}` }
    }
    if (ended.type === 'error') return { status: 'critical', output: `${what} ${ended.message}` }
    return { status: statusOf(ended.code), output: `${what} ${ended.code} ${ended.phrase} Output: ${ended.body}` }
  },
}

function statusOf(code: number): CheckResult['status'] {
  if (code >= 200 && code <= 299) return 'passing'
  return code === 429 ? 'warning' : 'critical'
}

/** Sends the request, follows redirects and collects the body; returns what cancels it. */
function exchange(options: Options, tail: TailBuffer, progress: { inBody: boolean }, done: (answer: Answer) => void): () => void {
  let current: ClientRequest | undefined
  const fail = (message: string): void => { done({ type: 'error', message }) }
  const send = (hop: Hop, redirectsLeft: number): void => {
    const request = current = open(hop, options)
    // A request that a redirect has replaced may still report that it was cut off.
    request.on('error', error => { if (request === current) fail(requestError(hop, error)) })
    request.on('response', response => {
      attempt(() => {
        const next = options.disableRedirects ? undefined : afterRedirect(hop, response.statusCode ?? 0, response.headers.location)
        if (next === undefined) { collect(response); return }
        current = undefined
        request.destroy()
        if (redirectsLeft === 0) fail(`stopped after ${maxRedirects} redirects`)
        else send(next, redirectsLeft - 1)
      })
    })
    request.end(hop.body === '' ? undefined : hop.body)
  }
  const collect = (response: IncomingMessage): void => {
    progress.inBody = true
    response.on('data', (chunk: Buffer) => { tail.push(chunk) })
    response.on('end', () => {
      done({ type: 'answer', code: response.statusCode ?? 0, phrase: response.statusMessage ?? '', body: tail.text() })
    })
    response.on('error', error => { fail(`reading the body: ${networkReason(error)}`) })
  }
  // Bad URLs, header names and values are thrown by Node.
  const attempt = (run: () => void): void => { try { run() } catch (error) { fail(errorMessage(error)) } }
  attempt(() => { send(firstHop(options), maxRedirects) })
  return () => { current?.destroy() }
}

function open(hop: Hop, options: Options): ClientRequest {
  const common = { ...urlToHttpOptions(hop.url), method: hop.method, headers: hop.headers }
  if (hop.url.protocol === 'http:') return requestPlain({ ...common, agent })
  const host = hop.url.hostname.replace(/^\[|\]$/g, '')
  const servername = options.tlsServerName !== '' ? options.tlsServerName : isIP(host) === 0 ? host : ''
  return requestSecure({ ...common, agent: secureAgent, servername, rejectUnauthorized: !options.tlsSkipVerify })
}

function requestError(hop: Hop, error: Error): string {
  const { syscall } = (error instanceof AggregateError ? error.errors.at(-1) as NodeJS.ErrnoException : error as NodeJS.ErrnoException)
  if (syscall !== 'connect' && syscall !== 'getaddrinfo') return networkReason(error)
  const port = hop.url.port !== '' ? hop.url.port : hop.url.protocol === 'http:' ? '80' : '443'
  return dialError('tcp', `${hop.url.hostname}:${port}`, error)
}
