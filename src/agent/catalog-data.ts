import type { CheckData, NodeData, ServiceData } from '../catalog/index.js'
import type { ServiceDefinition, Settings } from '../config/index.js'
import type { LocalCheck } from './api.js'

/** This node as the catalog should show it. Agents always carry the (empty) network segment in their meta, as Consul's do. */
export function nodeData(settings: Settings, nodeId: string): NodeData {
  const family = (address: string): string => address.includes(':') ? 'ipv6' : 'ipv4'
  const lan = settings.advertiseAddr
  const wan = settings.advertiseAddrWan === '' ? lan : settings.advertiseAddrWan
  return {
    node: settings.nodeName,
    id: nodeId,
    address: lan,
    taggedAddresses: { lan, wan, [`lan_${family(lan)}`]: lan, [`wan_${family(wan)}`]: wan, ...settings.taggedAddresses },
    meta: { ...settings.nodeMeta, 'consul-network-segment': '' },
  }
}

/** A service of this node as a catalog write. */
export function serviceData(node: string, service: ServiceDefinition): ServiceData {
  const { id, name, kind, tags, address, taggedAddresses, meta, port, socketPath, weights, enableTagOverride } = service
  return { node, id, name, kind, tags, address, taggedAddresses, meta, port, socketPath, weights, enableTagOverride }
}

/** A check of this node as a catalog write. How it runs stays here: definitions may hold credentials, and others have no use for them. */
export function checkData(node: string, check: LocalCheck): CheckData {
  const { id, name, status, notes, output, serviceId, type } = check
  return { node, id, name, status, notes, output, serviceId, type, definition: {} }
}
