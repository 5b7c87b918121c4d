/** Where to connect to. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** An address as it is written. A port that is a service's name has to be looked up, see `service-ports.ts`. */
export interface WrittenAddress {
  readonly host: string
  readonly port: number | string
}

const inBrackets = /^\[([^\]]*)\]:([^:[\]]+)$/
const plain = /^([^:[\]\s]*):([^:[\]]+)$/
/** Letters, digits and hyphens (RFC 6335, 5.1), and the `_ + . *` that names in /etc/services have beside them. */
const serviceName = /^(?=.*[a-z])[a-z0-9][a-z0-9_+.*-]*$/i

/**
 * Reads `host:port`, `[host]:port` or `:port` (this machine), as Go's dialer does: brackets may hold an IPv6 address
 * with or without zone, an IPv4 address or a name; the port may be a service's name. Returns undefined for anything
 * else, for instance a missing port.
 */
export function splitHostPort(address: string): WrittenAddress | undefined {
  const [, written, port = ''] = inBrackets.exec(address) ?? plain.exec(address) ?? []
  if (written === undefined) return undefined
  const host = written === '' ? 'localhost' : written
  if (serviceName.test(port)) return { host, port: port.toLowerCase() }
  const number = /^\+?\d+$/.test(port) ? Number(port) : 0
  return number < 1 || number > 65_535 ? undefined : { host, port: number }
}

/** A host as it stands before a colon and a port: an IPv6 address has brackets around it. */
export const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** `host:port`, with brackets around an IPv6 address. */
export const hostPort = (host: string, port: number): string => `${bracketed(host)}:${port}`

/** `host`, `host:port`, `[v6]:port` or a bare IPv6 address; undefined for anything else. */
export function parseHostPort(
  text: string,
  defaultPort: number,
): { readonly host: string; readonly port: number } | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text)
  const plain = bracketed ?? /^([^\s:/[\]]+)(?::(\d{1,5}))?$/.exec(text)
  if (plain === null)
    return /^[0-9a-f:.]+$/i.test(text) && text.includes('::') ? { host: text, port: defaultPort } : undefined
  const port = plain[2] === undefined ? defaultPort : Number(plain[2])
  return port > 0 && port < 65536 ? { host: plain[1] ?? '', port } : undefined
}
