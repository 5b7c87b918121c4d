import type { Node, Service } from './types.js'

/** How a client sees entries: which of their addresses it gets. */
export interface Perspective {
  readonly node: (node: Node) => Node
  readonly service: (service: Service) => Service
}

/** As they are. */
export const localPerspective: Perspective = { node: node => node, service: service => service }

/**
 * As agents of other datacenters reach them that prefer WAN addresses (`translate_wan_addrs`): that address, where
 * there is one, stands in the place of the usual one. A service's port may be another one as well.
 */
export const remotePerspective: Perspective = {
  node: node => {
    const wan = node.taggedAddresses?.wan ?? ''
    return wan === '' ? node : { ...node, address: wan }
  },
  service: service => {
    const wan = service.taggedAddresses?.wan
    return wan === undefined || wan.address === ''
      ? service
      : { ...service, address: wan.address, port: wan.port > 0 ? wan.port : service.port }
  },
}
