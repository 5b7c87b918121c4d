import { BlockList, isIP } from 'node:net'

/** A set of networks that addresses are looked up in. */
export interface Networks {
  /**
   * Whether the address is in one of them. IPv4 addresses in IPv6 clothes (`::ffff:10.0.0.1`) and zones (`%eth0`) are
   * seen through.
   */
  has(address: string): boolean
}

/**
 * The networks written as `10.0.0.0/8`; an address without a length is that address alone. Undefined for none:
 * everything is in it.
 */
export function networks(cidrs: readonly string[]): Networks | undefined {
  if (cidrs.length === 0) return undefined
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return {
    has: address => {
      const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
      return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
    },
  }
}
