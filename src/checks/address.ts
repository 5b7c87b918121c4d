/** Where to connect to. */
export interface HostPort { readonly host: string; readonly port: number }

const bracketed = /^\[([^\]]+)\]:(\d{1,5})$/
const plain = /^([^:[\]]*):(\d{1,5})$/

/**
 * Reads `host:port`, `[v6]:port` or `:port` (this machine), as Go's dialer does.
 * Returns undefined for anything else, for instance a missing port.
 */
export function splitHostPort(address: string): HostPort | undefined {
  const match = bracketed.exec(address) ?? plain.exec(address)
  if (match === null) return undefined
  const port = Number(match[2])
  if (port < 1 || port > 65_535) return undefined
  return { host: match[1] === '' ? 'localhost' : match[1] ?? '', port }
}

/** The output of a check whose address {@link splitHostPort} cannot read. */
export const badAddress = (address: string): string => `"${address}" is not an address: write host:port or [ipv6]:port`
