import { readFile } from 'node:fs/promises'
import { splitHostPort, type HostPort } from './host-port.js'

/** What ports are counted by. */
export type Network = 'tcp' | 'udp'

/** Ports by `network/name`. */
export type ServicePorts = ReadonlyMap<string, number>

/** The names that every machine knows, also one without /etc/services; those that Go's resolver carries with it. */
const builtIn: ServicePorts = new Map([
  ['udp/domain', 53],
  ['tcp/domain', 53],
  ['tcp/ftp', 21],
  ['tcp/ftps', 990],
  ['tcp/gopher', 70],
  ['tcp/http', 80],
  ['tcp/https', 443],
  ['tcp/imap2', 143],
  ['tcp/imap3', 220],
  ['tcp/imaps', 993],
  ['tcp/pop3', 110],
  ['tcp/pop3s', 995],
  ['tcp/smtp', 25],
  ['tcp/submissions', 465],
  ['tcp/ssh', 22],
  ['tcp/telnet', 23],
])

/** Whether a name is a well-known service name, and so hardly a typing error. */
export const isUsualService = (name: string): boolean => builtIn.has(`tcp/${name}`) || builtIn.has(`udp/${name}`)

/**
 * Reads the text of /etc/services: `name port/network alias...  # comment`, a line each. The first entry of a name
 * counts.
 */
export function readServices(text: string): ServicePorts {
  const ports = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [name = '', at = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    const [, port, network] = /^(\d+)\/(tcp|udp)$/.exec(at) ?? []
    if (port === undefined || network === undefined) continue
    for (const word of [name, ...aliases]) {
      const key = `${network}/${word.toLowerCase()}`
      if (!ports.has(key)) ports.set(key, Number(port))
    }
  }
  return new Map([...builtIn, ...ports])
}

let known: Promise<ServicePorts> | undefined

/** The machine's table, read when the first name is looked up. Machines without one have the built-in names. */
const servicePorts = (): Promise<ServicePorts> =>
  (known ??= readFile('/etc/services', 'utf8').then(readServices, () => builtIn))

/**
 * Reads an address to connect to (see {@link splitHostPort}), looking up its port where that is a name; else says what
 * is wrong with it.
 */
export async function readAddress(address: string, network: Network, ports = servicePorts): Promise<HostPort | string> {
  const split = splitHostPort(address)
  if (split === undefined) return `"${address}" is not an address: write host:port or [ipv6]:port`
  const { host, port } = split
  if (typeof port === 'number') return { host, port }
  const number = (await ports()).get(`${network}/${port}`)
  return number === undefined
    ? `"${address}": ${network} has no service "${port}" in /etc/services: write the port's number`
    : { host, port: number }
}
