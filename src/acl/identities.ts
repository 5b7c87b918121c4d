import { compareText } from '../common/text-order.js'
import { isIdentityName } from './identity-names.js'

/** What a service needs to be registered and to find others; no `datacenters`: wherever it is. */
export interface ServiceIdentity {
  readonly service: string
  readonly datacenters: readonly string[]
}

/** What an agent needs on its own node, in one datacenter. */
export interface NodeIdentity {
  readonly node: string
  readonly datacenter: string
}

const block = (word: string, name: string, policy: 'read' | 'write'): string =>
  `${word} "${name}" {\n\tpolicy = "${policy}"\n}`

/** The rules that a service identity stands for. The name must be one of an identity. */
export const serviceRules = (service: string): string =>
  [
    block('service', service, 'write'),
    block('service', `${service}-sidecar-proxy`, 'write'),
    block('service_prefix', '', 'read'),
    block('node_prefix', '', 'read'),
  ].join('\n')

/** The rules that a node identity stands for. The name must be one of an identity. */
export const nodeRules = (node: string): string =>
  [block('node', node, 'write'), block('service_prefix', '', 'read')].join('\n')

/** What is wrong with a service identity of a token or role, in Consul's words; undefined when nothing is. */
export function serviceIdentityFault(
  { service, datacenters }: ServiceIdentity,
  holder: 'token' | 'role',
  isLocal: boolean,
): string | undefined {
  if (service === '') return `Service identity is missing the service name field on this ${holder}`
  const named = `Service identity ${JSON.stringify(service)}`
  if (isLocal && datacenters.length > 0) return `${named} cannot specify a list of datacenters on a local token`
  if (isIdentityName(service)) return undefined
  return `${named} has an invalid name. Only alphanumeric characters, '-' and '_' are allowed`
}

/** What is wrong with a node identity of a token or role, in Consul's words; undefined when nothing is. */
export function nodeIdentityFault({ node, datacenter }: NodeIdentity, holder: 'token' | 'role'): string | undefined {
  if (node === '') return `Node identity is missing the node name field on this ${holder}`
  if (datacenter === '') return `Node identity is missing the datacenter field on this ${holder}`
  if (isIdentityName(node)) return undefined
  return "Node identity has an invalid name. Only alphanumeric characters, '-' and '_' are allowed"
}

/** Service identities by name, each once: datacenters are joined, and one that holds everywhere holds everywhere. */
export function joinServiceIdentities(identities: readonly ServiceIdentity[]): readonly ServiceIdentity[] {
  const joined = new Map<string, readonly string[]>()
  for (const { service, datacenters } of identities)
    joined.set(service, joinDatacenters(joined.get(service), datacenters))
  return [...joined]
    .map(([service, datacenters]) => ({ service, datacenters }))
    .sort((a, b) => compareText(a.service, b.service))
}

/** Datacenters that something holds in, given where else it holds; none is everywhere. */
export function joinDatacenters(
  others: readonly string[] | undefined,
  datacenters: readonly string[],
): readonly string[] {
  if (others?.length === 0 || datacenters.length === 0) return []
  return [...new Set([...(others ?? []), ...datacenters])].sort(compareText)
}

/** Node identities by name, each once. */
export function joinNodeIdentities(identities: readonly NodeIdentity[]): readonly NodeIdentity[] {
  const joined = new Map(identities.map(identity => [`${identity.node}\0${identity.datacenter}`, identity]))
  return [...joined.values()].sort((a, b) => compareText(a.node, b.node) || compareText(a.datacenter, b.datacenter))
}
