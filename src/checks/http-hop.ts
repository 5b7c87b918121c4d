import { target, type Hop } from '../common/redirect.js'
import type { PolledKind } from './types.js'

type Options = Parameters<PolledKind<'http'>['run']>[0]

/** The request that a check's definition describes. Throws for a URL that is none. */
export function firstHop(options: Options): Hop {
  const headers: Record<string, string | string[]> = {
    'user-agent': 'Consul Health Check',
    'accept': 'text/plain, text/*, */*',
    'connection': 'close',
  }
  for (const [name, values] of Object.entries(options.header)) {
    const key = name.toLowerCase()
    const first = values[0]
    if (first !== undefined) headers[key] = values.length === 1 || key === 'host' ? first : [...values]
  }
  // Node would leave it out for a GET with a body.
  if (options.body !== '') headers['content-length'] = String(Buffer.byteLength(options.body))
  return { url: target(options.url), method: options.method, headers, body: options.body }
}
