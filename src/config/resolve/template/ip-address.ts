import { isIPv4, isIPv6 } from 'node:net'

/** An IP address as a number, with the length of its network. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
  /** Bits of the network, 0 to 32 or 128. */
  readonly prefix: number
}

/** How many bits the addresses of a family have. */
export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128)

/**
 * Reads `10.0.0.1`, `10.0.0.0/8` and the same for IPv6; without a length it is that address alone. Undefined for
 * anything else.
 */
export function parseIp(text: string): IpAddress | undefined {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined
  if (family === undefined) return undefined
  const prefix = length === undefined ? bitsOf(family) : Number(length)
  if (prefix > bitsOf(family)) return undefined
  return { family, value: family === 4 ? fromIpv4(address) : fromIpv6(address), prefix }
}

function fromIpv4(address: string): bigint {
  return address.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function fromIpv6(address: string): bigint {
  const plain = address.replace(/\d+\.\d+\.\d+\.\d+$/, tail => {
    const value = fromIpv4(tail)
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
  })
  const [head = '', tail] = plain.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

/** An address as text; IPv6 in its short form (RFC 5952). */
export function ipText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 0xffn)).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** The first and the last address of the network that an address is in. */
export function networkOf({ family, value, prefix }: IpAddress): { readonly first: bigint; readonly last: bigint } {
  const hosts = (1n << BigInt(bitsOf(family) - prefix)) - 1n
  return { first: value - (value & hosts), last: value | hosts }
}

/** Whether an address lies in a network. */
export function contains(network: IpAddress, { family, value }: IpAddress): boolean {
  const { first, last } = networkOf(network)
  return family === network.family && value >= first && value <= last
}
