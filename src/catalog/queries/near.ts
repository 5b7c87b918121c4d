import type { CatalogReads } from '../api.js'
import type { Instance } from '../types.js'

/** Who asks and who is asked: what `_agent` and `_ip` stand for. */
export interface Origin {
  /** Name of the node that was asked. */
  readonly agentNode: string
  /** Address of who asks; '' when it is not known. */
  readonly address: string
}

/** The node, in lower case, whose neighbours come first; '' when there is none, or none at the asking address. */
export function originNode(reads: Pick<CatalogReads, 'nodesByAddress'>, near: string, { agentNode, address }: Origin): string {
  if (near === '_agent') return agentNode.toLowerCase()
  if (near !== '_ip') return near.toLowerCase()
  // Over a dual-stack socket IPv4 clients have an IPv6 address.
  return address === '' ? '' : reads.nodesByAddress(address.replace(/^::ffff:(?=\d+\.)/i, ''))[0]?.node.toLowerCase() ?? ''
}

/** Puts what runs on a node first, at no distance; how far all others are is not known, so they stay as they are. */
export function nearestFirst(instances: readonly Instance[], node: string): readonly Instance[] {
  const isThere = (instance: Instance): boolean => instance.node.node.toLowerCase() === node
  return [...instances.filter(isThere), ...instances.filter(instance => !isThere(instance))]
}
