import { BlockList, isIP, isIPv6 } from 'node:net'
import { quote } from '../read/finding.js'
import type { Reader } from './reader.js'

/** The networks under a key, each an address with the length of its prefix. */
export function networks(reader: Reader, key: string): readonly string[] {
  const list = reader.list(key)
  list.forEach((network, i) => {
    if (isCidr(network)) return
    reader.report(`${key}[${i}]`, {
      code: 'bad-cidr',
      message: `a network is written as an address and the length of its prefix, found ${quote(network)}`,
      hint: isIP(network) === 0 ? 'write e.g. "192.0.2.0/24"' : `write "${network}/${isIPv6(network) ? 128 : 32}"`,
    })
  })
  return list
}

function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const [, address = '', prefix = ''] = match ?? []
  const family = isIP(address)
  if (family === 0) return false
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch {
    return false
  }
}
