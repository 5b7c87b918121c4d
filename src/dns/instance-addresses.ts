import { filled } from '../common/filled.js'
import { remotePerspective, localPerspective, type Instance, type Node } from '../catalog/index.js'
import { parseAddress } from './addresses.js'
import { recordType } from './protocol.js'

/** Where something is: an address, or a host name that leads to one. */
export type Place = { readonly ip: Uint8Array; readonly text: string } | { readonly host: string }

/** A default address and those by family, '' where there is none. */
interface Choices {
  readonly any: string
  readonly ipv4: string
  readonly ipv6: string
}

/**
 * The place of a service's own address for a question of a type: `lan_ipv4` and `lan_ipv6` are taken for A and AAAA
 * when present, else the address, if it is of that family or a host name. `wan`: across datacenters with
 * `translate_wan_addrs` the WAN ones go first.
 */
export function servicePlace(instance: Instance, type: number, wan: boolean): Place | undefined {
  const tagged = instance.service.taggedAddresses ?? {}
  return place(
    choices(instance.service.address, name => tagged[name]?.address, wan),
    type,
  )
}

/** The same for a node. */
export function nodePlace(node: Node, type: number, wan: boolean): Place | undefined {
  const tagged = node.taggedAddresses ?? {}
  return place(
    choices(node.address, name => tagged[name], wan),
    type,
  )
}

/** The port that an instance is reached at. */
export function servicePort(instance: Instance, wan: boolean): number {
  return (wan ? remotePerspective : localPerspective).service(instance.service).port
}

function choices(address: string, tagged: (name: string) => string | undefined, wan: boolean): Choices {
  const first = (...names: string[]): string => names.map(tagged).find(filled) ?? ''
  if (!wan) return { any: address, ipv4: first('lan_ipv4'), ipv6: first('lan_ipv6') }
  return { any: first('wan') || address, ipv4: first('wan_ipv4', 'lan_ipv4'), ipv6: first('wan_ipv6', 'lan_ipv6') }
}

function place({ any, ipv4, ipv6 }: Choices, type: number): Place | undefined {
  if (type === recordType.A && ipv4 !== '') return placeOf(ipv4)
  if (type === recordType.AAAA && ipv6 !== '') return placeOf(ipv6)
  const found = placeOf(any)
  if (found === undefined || 'host' in found) return found
  if (type === recordType.A && found.ip.length !== 4) return undefined
  return type === recordType.AAAA && found.ip.length !== 16 ? undefined : found
}

function placeOf(text: string): Place | undefined {
  if (text === '') return undefined
  const ip = parseAddress(text)
  return ip === undefined ? { host: text.replace(/\.$/, '') } : { ip, text }
}
