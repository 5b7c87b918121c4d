import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Settings } from '../../config/index.js'
import type { HeaderList } from '../header-list.js'

// Headers that say how the message is framed, or that each answer sets for itself.
const reserved = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
])

/**
 * The headers that every answer carries, and which of the configured `response_headers` cannot be sent: names or values
 * that are no valid header, and those that would break the framing.
 */
export function commonHeaders(settings: Settings): {
  readonly headers: HeaderList
  readonly refused: readonly string[]
} {
  const headers: string[] = []
  const refused: string[] = []
  for (const [name, value] of Object.entries(settings.http.responseHeaders)) {
    if (isSendable(name, value)) headers.push(name, value)
    else refused.push(name)
  }
  headers.push('Vary', 'Accept-Encoding', 'X-Consul-Default-Acl-Policy', 'allow')
  if (settings.translateWanAddrs) headers.push('X-Consul-Translate-Addresses', 'true')
  return { headers, refused }
}

function isSendable(name: string, value: string): boolean {
  if (reserved.has(name.toLowerCase())) return false
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}
