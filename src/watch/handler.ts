import { formatDuration, milliseconds } from '../common/duration.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { readHttpUrl } from '../common/http-url.js'
import { limitedSignal } from '../common/limited-signal.js'
import { runProcess } from '../common/process.js'
import { afterRedirect, maxRedirects, target, type Hop } from '../common/redirect.js'
import type { WatchHandler } from './types.js'

/** Bytes of a handler's output that go to the log. */
const outputKept = 4096
/** A handler may run long, but not for ever: then its whole process group is killed. */
const scriptLimit = 3_600_000

/**
 * Runs a watch's handler with its data as JSON and resolves with what it printed (the last 4 KiB).
 * @throws MusterError WATCH_HANDLER when it could not be run, exited with another code than 0, or answered other than
 *   2xx.
 */
export async function runHandler(
  handler: WatchHandler,
  data: unknown,
  index: string,
  signal: AbortSignal,
): Promise<string> {
  const body = JSON.stringify(data)
  return handler.type === 'script'
    ? runScript(handler.args, body, index, signal)
    : callUrl(handler, body, index, signal)
}

async function runScript(args: readonly string[], body: string, index: string, signal: AbortSignal): Promise<string> {
  const { how, output } = await runProcess(args, {
    signal,
    timeout: scriptLimit,
    outputMaxSize: outputKept,
    input: `${body}\n`,
    env: { ...process.env, CONSUL_INDEX: index },
  })
  if (how.type === 'exit' && how.code === 0) return output.text()
  const why =
    how.type === 'exit'
      ? `exited with ${how.code}`
      : how.type === 'signal'
        ? `ended by ${how.signal}`
        : how.type === 'no-start'
          ? `cannot be started: ${how.error.message}`
          : how.type === 'timeout'
            ? 'ran for an hour and was killed'
            : 'was stopped'
  throw new MusterError('WATCH_HANDLER', `the handler ${args[0] ?? ''} ${why}`, { hint: output.text() })
}

async function callUrl(
  handler: Extract<WatchHandler, { type: 'http' }>,
  body: string,
  index: string,
  signal: AbortSignal,
): Promise<string> {
  // Log the host only: logs are passed on for diagnosis, and the path of a webhook often holds its secret.
  const where = originOf(handler.url)
  const limited = limitedSignal(signal, handler.timeout)
  try {
    const first = { url: target(handler.url), method: handler.method, headers: headersOf(handler, index), body }
    const { status, text } = await follow(first, handler.tlsSkipVerify, limited.signal)
    if (status >= 200 && status < 300) return text
    throw new MusterError('WATCH_HANDLER', `${where} answered ${status}`, { hint: text })
  } catch (error) {
    if (error instanceof MusterError) throw error
    if (limited.signal.aborted && !signal.aborted) {
      throw new MusterError(
        'WATCH_HANDLER',
        `${where} did not answer within ${formatDuration(milliseconds(handler.timeout))}`,
        { cause: error },
      )
    }
    throw new MusterError('WATCH_HANDLER', `${where} cannot be called: ${errorMessage(error)}`, { cause: error })
  } finally {
    limited.release()
  }
}

/** Makes the requests of a call until one is answered by something else than a redirect that may be followed. */
async function follow(
  first: Hop,
  tlsSkipVerify: boolean,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  // Loaded with the first call, because it takes several megabytes and most agents have no watch.
  const { Agent, request } = await import('undici')
  const agent = new Agent({ connect: { rejectUnauthorized: !tlsSkipVerify }, pipelining: 0, maxHeaderSize: 1 << 20 })
  try {
    let hop = first
    for (let left = maxRedirects; ; left--) {
      const { url, method, headers } = hop
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(url.url, {
        method,
        headers: { ...headers },
        body: hop.body === '' ? null : hop.body,
        dispatcher: agent,
        signal,
      })
      const text = (await body.text()).slice(-outputKept)
      const { location } = answered
      const next =
        left === 0 ? undefined : afterRedirect(hop, statusCode, typeof location === 'string' ? location : undefined)
      if (next === undefined) return { status: statusCode, text }
      hop = next
    }
  } finally {
    await agent.destroy()
  }
}

/**
 * The watch's own headers beside the usual ones, which they replace: names are the same in any case, and some, as Host,
 * take no list.
 */
function headersOf(
  { header, url }: Extract<WatchHandler, { type: 'http' }>,
  index: string,
): Readonly<Record<string, string | string[]>> {
  const headers = new Map<string, string | string[]>([
    ['content-type', 'application/json'],
    ['x-consul-index', index],
  ])
  const { username, password } = target(url).url
  // Consul's client does this, undici does not.
  if (username !== '')
    headers.set(
      'authorization',
      `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
    )
  for (const [name, [first = '', ...more]] of Object.entries(header))
    headers.set(name.toLowerCase(), more.length === 0 ? first : [first, ...more])
  return Object.fromEntries(headers)
}

const originOf = (url: string): string => readHttpUrl(url)?.url.origin ?? url
