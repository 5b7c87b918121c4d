import type { CheckData, NodeData, ServiceData } from '../catalog/index.js'
import type { ServiceDefinition, Settings } from '../config/index.js'
import type { LocalCheck } from './api.js'

/**
 * This node as the catalog should show it. Agents always carry the (empty) network segment in their meta, as Consul's
 * do.
 */
export function nodeData(settings: Settings, nodeId: string): NodeData {
  const family = (address: string): string => (address.includes(':') ? 'ipv6' : 'ipv4')
  const lan = settings.advertiseAddr
  const wan = settings.advertiseAddrWan === '' ? lan : settings.advertiseAddrWan
  return {
    node: settings.nodeName,
    id: nodeId,
    address: lan,
    taggedAddresses: {
      lan,
      wan,
      [`lan_${family(lan)}`]: lan,
      [`wan_${family(wan)}`]: wan,
      ...settings.taggedAddresses,
    },
    meta: { ...settings.nodeMeta, 'consul-network-segment': '' },
  }
}

/** A service of this node as a catalog write. */
export function serviceData(node: string, service: ServiceDefinition): ServiceData {
  const { id, name, kind, tags, address, taggedAddresses, meta, port, socketPath, weights, enableTagOverride, mesh } =
    service
  return {
    node,
    id,
    name,
    kind,
    tags,
    address,
    taggedAddresses,
    meta,
    port,
    socketPath,
    weights,
    enableTagOverride,
    ...(mesh !== undefined && { mesh }),
  }
}

/** How often a check runs and how long a run may take, as they are shown: `10s`, '' where nothing was said. */
export function checkTimes({ definition }: Pick<LocalCheck, 'definition'>): {
  readonly interval: string
  readonly timeout: string
} {
  const { Interval: interval, Timeout: timeout } = definition?.written ?? {}
  return { interval: typeof interval === 'string' ? interval : '', timeout: typeof timeout === 'string' ? timeout : '' }
}

/**
 * A check of this node as a catalog write. How it runs stays here: definitions may hold credentials, and others have no
 * use for them.
 */
export function checkData(node: string, check: LocalCheck): CheckData {
  const { id, name, status, notes, output, serviceId, type, since } = check
  const { interval, timeout } = checkTimes(check)
  return {
    node,
    id,
    name,
    status,
    notes,
    output,
    serviceId,
    type,
    definition: {},
    ...(interval !== '' && { interval }),
    ...(timeout !== '' && { timeout }),
    ...(since !== undefined && { since }),
  }
}
