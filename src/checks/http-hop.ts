import type { PolledKind } from './types.js'

type Options = Parameters<PolledKind<'http'>['run']>[0]

/** One request of the chain that redirects make. Header names are in lower case. */
export interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string
}

/** Headers that must not reach a host they were not written for. */
const confidential = new Set(['authorization', 'cookie', 'www-authenticate', 'proxy-authorization'])

/** The request that a check's definition describes. Throws for a URL that is none. */
export function firstHop(options: Options): Hop {
  const headers: Record<string, string | string[]> = {
    'user-agent': 'Consul Health Check', 'accept': 'text/plain, text/*, */*', 'connection': 'close',
  }
  for (const [name, values] of Object.entries(options.header)) {
    const key = name.toLowerCase()
    const first = values[0]
    if (first !== undefined) headers[key] = values.length === 1 || key === 'host' ? first : [...values]
  }
  // Node would leave it out for a GET with a body.
  if (options.body !== '') headers['content-length'] = String(Buffer.byteLength(options.body))
  return { url: httpUrl(options.url), method: options.method, headers, body: options.body }
}

/**
 * The request that follows an answer, or undefined when the answer is the last one. As Go's client does: 301, 302 and 303
 * turn anything but HEAD into a GET without a body, 307 and 308 repeat the request; secrets stay with their host.
 */
export function afterRedirect(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined
  const url = httpUrl(location, hop.url)
  const repeat = status === 307 || status === 308
  const sameHost = url.hostname === hop.url.hostname
  // A Host header belongs to the address it was written with, and stays only while the target is given as a bare path.
  const absolute = /^([a-z][a-z0-9+.-]*:)?\/\//i.test(location)
  const headers = Object.fromEntries(Object.entries(hop.headers).filter(([name]) => {
    if (confidential.has(name)) return sameHost
    if (name === 'host') return !absolute
    return repeat || !['content-length', 'content-type'].includes(name)
  }))
  return { url, method: repeat || hop.method === 'HEAD' ? hop.method : 'GET', headers, body: repeat ? hop.body : '' }
}

/** A URL for people: without the password that it may hold. */
export function shownUrl(text: string): string {
  return text.includes('@') ? text.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]*@/i, '$1:xxxxx@') : text
}

function httpUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new Error(`"${shownUrl(text)}" is not a URL`)
  const url = new URL(text, base)
  if (url.protocol === 'http:' || url.protocol === 'https:') return url
  throw new Error(`unsupported protocol scheme "${url.protocol.slice(0, -1)}"`)
}
