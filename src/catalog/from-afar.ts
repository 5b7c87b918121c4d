import type { Node, Service } from './types.js'

/** A node as agents of other datacenters reach it (`translate_wan_addrs`): its WAN address, if it has one, stands in the place of its address. */
export function nodeFromAfar(node: Node): Node {
  const wan = node.taggedAddresses?.wan ?? ''
  return wan === '' ? node : { ...node, address: wan }
}

/** The same for a service, of which the port may be another one as well. */
export function serviceFromAfar(service: Service): Service {
  const wan = service.taggedAddresses?.wan
  return wan === undefined || wan.address === '' ? service : { ...service, address: wan.address, port: wan.port > 0 ? wan.port : service.port }
}
