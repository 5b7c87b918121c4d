import { isSameOrigin, readHttpUrl, type HttpUrl } from './http-url.js'

/** One request of the chain that redirects make. Header names are in lower case. */
export interface Hop {
  readonly url: HttpUrl
  readonly method: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string
}

/** Redirects that are followed, as many as Go's client follows. */
export const maxRedirects = 10

/**
 * Headers that only the origin they were written for may see, and any others whose name says that they carry a secret:
 * `X-Consul-Token`.
 */
const confidential = new Set(['authorization', 'cookie', 'cookie2', 'www-authenticate', 'proxy-authorization'])
const soundsSecret =
  /auth|cookie|credential|jwt|pass(?:word|wd|phrase)|secret|session|signature|token|api-?key|access-?key/

/** What a request without a body has no use for. */
const describesBody = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'content-language',
  'transfer-encoding',
])

/**
 * The request that follows an answer, or undefined when the answer is the last one. 301, 302 and 303 turn anything but
 * HEAD into a GET without a body; 307 and 308 repeat the request (RFC 9110, 15.4). Stricter than Go's client, with
 * origins being scheme, host and port: secrets stay with their origin, also on the way back to it, and a 307 or 308
 * that would carry a body or a method with effects to another origin is the last answer.
 * @throws Error for a location that is no http or https URL.
 */
export function afterRedirect(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined
  const url = target(location, hop.url)
  const repeat = status === 307 || status === 308
  const sameOrigin = isSameOrigin(url, hop.url)
  const isRead = hop.method === 'GET' || hop.method === 'HEAD'
  if (repeat && !sameOrigin && !(isRead && hop.body === '')) return undefined
  // A Host header belongs to the address it was written with, and stays only while the target is given as a bare path.
  const absolute = /^([a-z][a-z0-9+.-]*:)?\/\//i.test(location)
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(([name]) => {
      if (isConfidential(name)) return sameOrigin
      if (name === 'host') return !absolute
      return repeat || !describesBody.has(name)
    }),
  )
  return { url, method: repeat || hop.method === 'HEAD' ? hop.method : 'GET', headers, body: repeat ? hop.body : '' }
}

const isConfidential = (name: string): boolean => confidential.has(name) || soundsSecret.test(name)

/**
 * An http or https URL out of a text, relative to `base` if there is one. Throws for what is none, in words for people.
 */
export function target(text: string, base?: HttpUrl): HttpUrl {
  const url = readHttpUrl(text, base)
  if (url !== undefined) return url
  const protocol = URL.canParse(text) ? new URL(text).protocol : 'http:'
  throw new Error(
    /^https?:$/.test(protocol)
      ? `"${shownUrl(text)}" is not a URL`
      : `unsupported protocol scheme "${protocol.slice(0, -1)}"`,
  )
}

/** A URL for people: without the password that it may hold. */
export function shownUrl(text: string): string {
  return text.includes('@') ? text.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]*@/i, '$1:xxxxx@') : text
}
