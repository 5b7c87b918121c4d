import type { InterfaceAddress } from '../interface-address.js'
import { bitsOf, ipText, networkOf, parseIp } from './ip-address.js'
import type { IpAddress } from './ip-address.js'
import { isForwardable, isOfRfc } from './special-networks.js'

/** One address of an interface, as templates see it. */
export interface Entry {
  readonly name: string
  readonly isDefault: boolean
  readonly flags: number
  readonly ip: IpAddress
}

/** The kernel's bits for what an interface can do (netdevice(7)). */
export const interfaceFlags = {
  'up': 0x1,
  'broadcast': 0x2,
  'loopback': 0x8,
  'point-to-point': 0x10,
  'multicast': 0x1000,
} as const

/** Where the kernel says nothing, an interface that has an address is taken to be up. */
export const entriesOf = (interfaces: readonly InterfaceAddress[]): readonly Entry[] =>
  interfaces.flatMap(({ name, address, prefix, flags = interfaceFlags.up, isDefault = false }) => {
    const ip = parseIp(prefix === undefined ? address : `${address}/${prefix}`)
    return ip === undefined ? [] : [{ name, isDefault, flags, ip }]
  })

/** `10.0.0.1/8`, and the address alone where it is its whole network. */
export const entryText = ({ ip }: Entry): string =>
  `${ipText(ip.family, ip.value)}${ip.prefix === bitsOf(ip.family) ? '' : `/${ip.prefix}`}`

/** What `attr` and `join` give, by name. Undefined: an address of this family has none. */
export const attributes: Readonly<Record<string, (entry: Entry) => string | undefined>> = {
  address: ({ ip }) => ipText(ip.family, ip.value),
  host: ({ ip }) => ipText(ip.family, ip.value),
  string: entryText,
  name: ({ name }) => name,
  type: ({ ip }) => `IPv${ip.family}`,
  port: () => '0',
  mask_bits: ({ ip }) => String(ip.prefix),
  size: ({ ip }) => String(1n << BigInt(bitsOf(ip.family) - ip.prefix)),
  network: ({ ip }) =>
    `${ipText(ip.family, networkOf(ip).first)}${ip.prefix === bitsOf(ip.family) ? '' : `/${ip.prefix}`}`,
  netmask: ({ ip }) =>
    ipText(ip.family, (1n << BigInt(bitsOf(ip.family))) - (1n << BigInt(bitsOf(ip.family) - ip.prefix))),
  broadcast: ({ ip }) => (ip.family === 4 ? ipText(4, networkOf(ip).last) : undefined),
  first_usable: ({ ip }) => ipText(ip.family, networkOf(ip).first + (ip.family === 4 && ip.prefix < 31 ? 1n : 0n)),
  last_usable: ({ ip }) => ipText(ip.family, networkOf(ip).last - (ip.family === 4 && ip.prefix < 31 ? 1n : 0n)),
}

/** Compares two entries; 0 leaves it to the next rule. */
export type Order = (a: Entry, b: Entry) => number

const compare = <Value>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)
const first = (a: boolean, b: boolean): number => compare(!a, !b)

/** What `sort` goes by, ascending, by name. Addresses of two families are not compared where that has no meaning. */
export const orders: Readonly<Record<string, Order>> = {
  address: (a, b) => (a.ip.family === b.ip.family ? compare(a.ip.value, b.ip.value) : 0),
  default: (a, b) => first(a.isDefault, b.isDefault),
  name: (a, b) => compare(a.name, b.name),
  port: () => 0,
  private: (a, b) => first(isOfRfc('6890', a.ip), isOfRfc('6890', b.ip)),
  size: (a, b) => (a.ip.family === b.ip.family ? compare(a.ip.prefix, b.ip.prefix) : 0),
  type: (a, b) => compare(a.ip.family, b.ip.family),
}

/** Sorted by several orders, an earlier one counting more; entries that none tells apart keep their places. */
export const sorted = (entries: readonly Entry[], by: readonly Order[]): readonly Entry[] =>
  [...entries].sort((a, b) => by.reduce((result, order) => (result !== 0 ? result : order(a, b)), 0))

const isOf = (entry: Entry, list: string): boolean =>
  parsed(list)?.some(network => network.family === entry.ip.family && inside(network, entry.ip)) === true
const parsed = (list: string): readonly IpAddress[] | undefined => {
  const networks = list.split('|').map(parseIp)
  return networks.every(network => network !== undefined) ? networks : undefined
}
const inside = (network: IpAddress, { value }: IpAddress): boolean => {
  const { first: low, last: high } = networkOf(network)
  return value >= low && value <= high
}

/** Whether an entry is in one of the networks of `10.0.0.0/8|192.168.0.0/16`; undefined when the list is none. */
export const byNetwork = (list: string): ((entry: Entry) => boolean) | undefined =>
  parsed(list) === undefined ? undefined : entry => isOf(entry, list)

/** What the flags that are about an address, and not about its interface, mean. */
export const addressFlags: Readonly<Record<string, (entry: Entry) => boolean>> = {
  'forwardable': ({ ip }) => isForwardable(ip),
  'global unicast': entry =>
    !isOf(entry, '0.0.0.0/32|255.255.255.255/32|127.0.0.0/8|169.254.0.0/16|224.0.0.0/4|::/127|fe80::/10|ff00::/8'),
  'interface-local multicast': entry => isOf(entry, 'ff01::/16'),
  'link-local multicast': entry => isOf(entry, '224.0.0.0/24|ff02::/16'),
  'link-local unicast': entry => isOf(entry, '169.254.0.0/16|fe80::/10'),
  'loopback': entry => isOf(entry, '127.0.0.0/8|::1'),
  'multicast': entry => isOf(entry, '224.0.0.0/4|ff00::/8'),
  'unspecified': entry => isOf(entry, '0.0.0.0|::'),
}
