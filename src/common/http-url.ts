import { isIPv6 } from 'node:net'

/**
 * An http or https URL and where it leads. `url` has the host in the usual form; `host` is what to connect to, without
 * brackets and with the zone of an IPv6 address, which a URL object cannot hold.
 */
export interface HttpUrl {
  readonly url: URL
  readonly host: string
}

/** Scheme (left out where the text is relative to a base), user and host with port, the rest. */
const parts = /^(?:(https?):)?\/\/((?:[^/?#]*@)?)([^/?#]*)(.*)$/is

/**
 * Reads an http or https URL, relative to `base` if there is one. Beside what URL objects read, it takes what Go's
 * client takes, and with it Consul's checks: an IPv4 address or a name in brackets, an IPv6 zone (`[fe80::1%25eth0]`),
 * and no host before a port (this machine). Returns undefined for anything else.
 */
export function readHttpUrl(text: string, base?: HttpUrl): HttpUrl | undefined {
  const match = parts.exec(text)
  if (match === null) return relative(text, base)
  const [, scheme = base?.url.protocol.slice(0, -1), user = '', authority = '', rest = ''] = match
  const place = readAuthority(authority)
  const whole = `${scheme ?? ''}://${user}${place?.written ?? ''}${rest}`
  if (scheme === undefined || place === undefined || !URL.canParse(whole)) return undefined
  const url = new URL(whole)
  return { url, host: `${bareHost(url)}${place.zone}` }
}

/** Whether two URLs have the same scheme, host and port, so that what is meant for one may be told the other. */
export const isSameOrigin = (a: HttpUrl, b: HttpUrl): boolean =>
  a.url.origin === b.url.origin && a.host.toLowerCase() === b.host.toLowerCase()

/** The port that a URL leads to. */
export const portOf = ({ url }: HttpUrl): number =>
  url.port !== '' ? Number(url.port) : url.protocol === 'http:' ? 80 : 443

/** Text that is no authority of its own: a path, a query. */
function relative(text: string, base: HttpUrl | undefined): HttpUrl | undefined {
  if (base === undefined || !URL.canParse(text, base.url.href)) return undefined
  const url = new URL(text, base.url)
  return url.origin === base.url.origin ? { url, host: base.host } : undefined
}

/** Host and port in a form that URL objects read, and the zone with its `%`, '' without one. */
function readAuthority(text: string): { readonly written: string; readonly zone: string } | undefined {
  if (text.startsWith(':')) return { written: `localhost${text}`, zone: '' }
  const [, inner, port = ''] = /^\[([^\]]+)\](:\d*)?$/.exec(text) ?? []
  if (inner === undefined) return text === '' ? undefined : { written: text, zone: '' }
  const [, address = '', zone = ''] = /^([^%]*)(?:%25|%)?(.*)$/.exec(inner) ?? []
  if (isIPv6(address)) return { written: `[${address}]${port}`, zone: zone === '' ? '' : `%${zone}` }
  return inner.includes(':') ? undefined : { written: `${inner}${port}`, zone: '' }
}

const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')
