import { isIPv4, isIPv6 } from 'node:net'
import type { DnsRecord } from './records.js'

/**
 * The bytes of an IP address, 4 or 16 of them; an IPv4 address in IPv6 clothes is taken as the former. Undefined for
 * anything else.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  if (!isIPv6(text) || text.includes('%')) return undefined
  const bytes = new Uint8Array(16)
  const halves = text.split('::')
  const head = groups(halves[0] ?? '')
  const tail = groups(halves[1] ?? '')
  bytes.set(head, 0)
  bytes.set(tail, 16 - tail.length)
  return isMapped(bytes) ? bytes.slice(12) : bytes
}

/** Hex digits of an address as they stand in `<hex>.addr.<dc>.<domain>`. */
export const addressToHex = (address: Uint8Array): string => Buffer.from(address).toString('hex')

/** Reads 8 or 32 hex digits; undefined when a character is none. The caller has looked at the length. */
export const addressFromHex = (digits: string): Uint8Array | undefined =>
  /^[0-9a-f]+$/i.test(digits) ? Uint8Array.from(Buffer.from(digits, 'hex')) : undefined

/**
 * Text of an address in the form that catalogs hold: dotted, or IPv6 with its longest run of zeros left out (RFC 5952).
 */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const words = Array.from({ length: 8 }, (_, at) => ((address[at * 2] ?? 0) << 8) | (address[at * 2 + 1] ?? 0))
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && words[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = words.map(word => word.toString(16))
  if (best.start < 0) return hex.join(':')
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`
}

/** Whether an address reaches the machine it is used on and no other. */
export const isLoopback = (address: Uint8Array): boolean =>
  address.length === 4 ? address[0] === 127 : address.every((byte, at) => byte === (at === 15 ? 1 : 0))

/** The A or AAAA record of an address. */
export const addressRecord = (name: string, ttl: number, address: Uint8Array): DnsRecord => ({
  type: address.length === 4 ? 'A' : 'AAAA',
  name,
  ttl,
  address,
})

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (group.includes('.')) return group.split('.').map(Number)
    const word = Number.parseInt(group, 16)
    return [word >> 8, word & 0xff]
  })
}

const isMapped = (bytes: Uint8Array): boolean =>
  bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every(byte => byte === 0)
