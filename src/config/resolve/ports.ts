import { isIPv6 } from 'node:net'
import type { Settings } from '../settings.js'
import type { Reader } from './reader.js'

/**
 * Ports of all listeners: negative ones are -1, off; 0 stays, any free port. HTTPS and gRPC are not served by this
 * version.
 */
export function resolvePorts(reader: Reader): Settings['ports'] {
  const port = (name: string): number => Math.max(reader.number(`ports.${name}`), -1)
  return {
    dns: port('dns'),
    http: port('http'),
    https: -1,
    server: port('server'),
    serfLan: port('serf_lan'),
    serfWan: port('serf_wan'),
    grpc: -1,
  }
}

/** Two listeners on one address and port, in the words that Consul has for it. */
export function checkPortClashes(
  reader: Reader,
  settings: Pick<Settings, 'addresses' | 'advertiseAddr' | 'advertiseAddrWan' | 'ports'>,
): void {
  const { addresses, advertiseAddr, advertiseAddrWan, ports } = settings
  const taken: { name: string; address: string; port: number }[] = []
  const claim = (name: string, key: string, address: string, port: number): void => {
    if (port <= 0 || address.startsWith('unix://')) return
    const before = taken.find(other => other.port === port && overlaps(other.address, address))
    if (before === undefined) taken.push({ name, address, port })
    else {
      const text = `${isIPv6(address) ? `[${address}]` : address}:${port}`
      reader.report(key, {
        code: 'port-clash',
        message: `${name} address ${text} already configured for ${before.name}`,
        hint: `give "${key}" another port`,
      })
    }
  }
  for (const address of addresses.dns) claim('DNS', 'ports.dns', address, ports.dns)
  for (const address of addresses.http) claim('HTTP', 'ports.http', address, ports.http)
  claim('RPC Advertise', 'ports.server', advertiseAddr, ports.server)
  claim('Serf Advertise LAN', 'ports.serf_lan', advertiseAddr, ports.serfLan)
  claim('Serf Advertise WAN', 'ports.serf_wan', advertiseAddrWan, ports.serfWan)
}

/**
 * An agent that is not alone is reached by others: on its cluster port, and a server with an etcd of its own on its
 * Raft port.
 */
export function checkPortsOf(reader: Reader, { engine, ports }: Pick<Settings, 'engine' | 'ports'>): void {
  const refuse = (key: string, who: string): void => {
    reader.report(key, {
      code: 'port-off',
      message: `"${key}" is off, and ${who} could not be reached by others`,
      hint: 'leave it out',
    })
  }
  if (engine !== 'memory' && engine !== 'lmdb' && ports.serfLan < 0) refuse('ports.serf_lan', 'this agent')
  if (engine === 'etcd' && ports.server < 0) refuse('ports.server', 'a server among several')
}

const wildcards = new Set(['0.0.0.0', '::'])
const overlaps = (a: string, b: string): boolean => a === b || wildcards.has(a) || wildcards.has(b)
