import type { AgentInfo } from '../types.js'

/** `address:port`, with brackets around an IPv6 address. */
export const hostPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Where an agent answers calls of its datacenter. */
export const lanAddress = ({ address, ports }: AgentInfo): string => hostPort(address, ports.lan)

/** Where a server's etcd talks to the other servers' ones. */
export const raftAddress = ({ address, ports }: AgentInfo): string => hostPort(address, ports.raft)

/** `ip:port` of a peer URL, '' for what is none. */
export function peerAddress(url: string): string {
  try {
    const { hostname, port, protocol } = new URL(url)
    return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`
  } catch {
    return ''
  }
}

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
