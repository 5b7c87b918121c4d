import { formatAddress } from './addresses.js'

/**
 * The option to send back: the client's own, with a scope of 0 (right for everyone) or of the whole prefix (right for
 * that subnet).
 */
export function echoSubnet(subnet: Uint8Array, perClient: boolean): Uint8Array {
  const echo = Uint8Array.from(subnet)
  echo[3] = perClient ? (subnet[2] ?? 0) : 0
  return echo
}

/** The address that a client subnet option names, zeros behind its prefix; undefined for an unknown family. */
export function subnetAddress(subnet: Uint8Array): string | undefined {
  const size = subnet[1] === 1 ? 4 : 16
  if (subnet[0] !== 0 || (subnet[1] !== 1 && subnet[1] !== 2)) return undefined
  const address = new Uint8Array(size)
  address.set(subnet.subarray(4, 4 + size))
  return formatAddress(address)
}
