import type { IncomingMessage } from 'node:http'
import { headers, protocolRange } from './protocol.js'

/** Headers that are about one connection and never handed on. */
const ofTheConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
])
const ours = new Set<string>([headers.protocol, headers.hops, headers.error])

/** Names that a Connection header adds to those that are not handed on. */
function named(raw: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === 'connection')
      for (const name of (raw[i + 1] ?? '').split(',')) names.add(name.trim().toLowerCase())
  }
  return names
}

/** Filters a flat list of header names and values: removes hop-by-hop headers and those of muster's own protocol. */
export function endToEnd(raw: readonly string[]): string[] {
  const gone = named(raw)
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    if (!ofTheConnection.has(lower) && !ours.has(lower) && !gone.has(lower)) kept.push(name, raw[i + 1] ?? '')
  }
  return kept
}

/** How many agents a request has come through before this one. */
const hopsOf = (request: IncomingMessage): number => Number(request.headers[headers.hops] ?? 0) || 0

/**
 * The headers with which a request goes on to the next agent: the client's address is added to X-Forwarded-For, one hop
 * is counted.
 */
export function forwardedHeaders(request: IncomingMessage): string[] {
  const kept = endToEnd(request.rawHeaders)
  const before = request.headers['x-forwarded-for']
  const client = request.socket.remoteAddress
  const chain = [
    ...(before === undefined ? [] : [Array.isArray(before) ? before.join(', ') : before]),
    ...(client === undefined || hopsOf(request) > 0 ? [] : [client]),
  ]
  const plain: string[] = []
  for (let i = 0; i < kept.length; i += 2)
    if (kept[i]?.toLowerCase() !== 'x-forwarded-for') plain.push(kept[i] ?? '', kept[i + 1] ?? '')
  if (chain.length > 0) plain.push('X-Forwarded-For', chain.join(', '))
  plain.push(headers.protocol, protocolRange, headers.hops, String(hopsOf(request) + 1))
  return plain
}
