import type { Check, Instance, Node, Service, ServiceAddresses } from '../../catalog/index.js'

/** A node as `/v1/catalog/nodes` shows it. */
export const nodeView = (node: Node, datacenter: string) => ({
  ID: node.id,
  Node: node.node,
  Address: node.address,
  Datacenter: datacenter,
  TaggedAddresses: node.taggedAddresses,
  Meta: node.meta,
  CreateIndex: node.created,
  ModifyIndex: node.modified,
})

/** A service within its node or health entry. Without metadata Meta is null, as Consul has it here (and only here). */
export const nodeServiceView = (service: Service) => ({
  ...(service.kind !== '' && { Kind: service.kind }),
  ID: service.id,
  Service: service.name,
  Tags: service.tags,
  Address: service.address,
  ...taggedAddresses('TaggedAddresses', service.taggedAddresses),
  Meta: service.meta === null || isEmpty(service.meta) ? null : service.meta,
  Port: service.port,
  ...(service.socketPath !== '' && { SocketPath: service.socketPath }),
  Weights: { Passing: service.weights.passing, Warning: service.weights.warning },
  EnableTagOverride: service.enableTagOverride,
  Proxy: proxyView(service.mesh?.proxy),
  Connect: service.mesh?.connect ?? {},
  CreateIndex: service.created,
  ModifyIndex: service.modified,
})

/** An instance as `/v1/catalog/service/:name` shows it: node and service side by side. */
export const catalogServiceView = ({ node, service }: Pick<Instance, 'node' | 'service'>, datacenter: string) => ({
  ID: node.id,
  Node: node.node,
  Address: node.address,
  Datacenter: datacenter,
  TaggedAddresses: node.taggedAddresses,
  NodeMeta: node.meta,
  ServiceKind: service.kind,
  ServiceID: service.id,
  ServiceName: service.name,
  ServiceTags: service.tags,
  ServiceAddress: service.address,
  ...taggedAddresses('ServiceTaggedAddresses', service.taggedAddresses),
  ServiceWeights: { Passing: service.weights.passing, Warning: service.weights.warning },
  ServiceMeta: service.meta ?? {},
  ServicePort: service.port,
  ServiceSocketPath: service.socketPath,
  ServiceEnableTagOverride: service.enableTagOverride,
  ServiceProxy: proxyView(service.mesh?.proxy),
  ServiceConnect: service.mesh?.connect ?? {},
  CreateIndex: service.created,
  ModifyIndex: service.modified,
})

/** What was registered of a proxy, with the members that Consul always shows beside it. */
export const proxyView = (proxy: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> =>
  proxy === undefined ? {} : { Mode: '', MeshGateway: {}, Expose: {}, ...proxy }

/** Milliseconds from 1970 that a date can have; other agents may send any number. */
const latest = 8.64e15

/** Since when a check has its status, where that is known: not in what Consul answers. */
const sinceView = ({ since }: { readonly since?: number }): { readonly StatusSince?: string } =>
  since === undefined || Math.abs(since) > latest ? {} : { StatusSince: new Date(since).toISOString() }

/** What is shown of a check: one of the catalog, or one of this agent, which has no revisions there. */
type CheckShown = Omit<Check, 'created' | 'modified'> & { readonly created: number; readonly modified: number }

/** A check as `/v1/health/*` shows it. */
export const checkView = (check: CheckShown) => ({
  Node: check.node,
  CheckID: check.id,
  Name: check.name,
  Status: check.status,
  Notes: check.notes,
  Output: check.output,
  ServiceID: check.serviceId,
  ServiceName: check.serviceName,
  ServiceTags: check.serviceTags,
  Type: check.type,
  Interval: check.interval ?? '',
  Timeout: check.timeout ?? '',
  ...sinceView(check),
  ExposedPort: 0,
  Definition: check.definition,
  CreateIndex: check.created,
  ModifyIndex: check.modified,
})

/** An instance with all that decides its health, as `/v1/health/service/:name` shows it. */
export const healthEntryView = (instance: Instance, datacenter: string) => ({
  Node: nodeView(instance.node, datacenter),
  Service: nodeServiceView(instance.service),
  Checks: instance.checks.map(checkView),
})

/** A service's addresses under `key`, or no key at all where there are none. */
export function taggedAddresses(key: string, addresses: ServiceAddresses | null): Readonly<Record<string, unknown>> {
  if (addresses === null || isEmpty(addresses)) return {}
  return {
    [key]: Object.fromEntries(
      Object.entries(addresses).map(([name, { address, port }]) => [name, { Address: address, Port: port }]),
    ),
  }
}

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false
  return true
}
