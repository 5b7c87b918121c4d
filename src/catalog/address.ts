import { isIPv6, SocketAddress } from 'node:net'

/**
 * One spelling for each address, so that `2001:DB8:0::1` is found as `2001:db8::1`. IPv4 addresses have one spelling
 * anyway; host names compare without regard to case.
 */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address.toLowerCase()
  return isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address.toLowerCase()
}
