import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../common/clock.js'
import type { Logger } from '../../telemetry/index.js'
import { Query } from '../request/query.js'

/**
 * Writes a line at debug level when the request is over, with Consul's fields, which tools that follow the log look
 * for. Latency in seconds, also of what was blocked; a status only where an answer was begun.
 */
export function logRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): void {
  const began = clock.monotonic()
  const {
    method,
    socket: { remoteAddress, remotePort },
  } = request
  const from = remoteAddress === undefined ? 'a unix socket' : `${remoteAddress}:${remotePort}`
  response.once('close', () => {
    log.debug('Request finished', {
      method,
      url: withoutToken(request.url ?? ''),
      from,
      ...(response.headersSent && { status: response.statusCode }),
      latency: Math.round((clock.monotonic() - began) * 1000) / 1e6,
    })
  })
}

/**
 * The target of a request as a log may hold it. The log hides tokens by itself as they are usually written; this one
 * also those whose name is escaped.
 */
function withoutToken(target: string): string {
  const [path = '', ...search] = target.split('?')
  const query = new Query(search.join('?'))
  if (!query.has('token')) return target
  const shown = [...query.entries()].map(([name, value]) =>
    name === 'token' ? 'token=<hidden>' : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  )
  return `${path}?${shown.join('&')}`
}
