import { roundTrip, type Coordinate } from '../../common/coordinate.js'
import type { CatalogReads } from '../api.js'

/** The agent and the client of a query, for `_agent` and `_ip`. */
export interface Origin {
  /** Name of the node that was asked. */
  readonly agentNode: string
  /** The client's address; '' when it is not known. */
  readonly address: string
}

/** The node, in lower case, whose neighbours come first; '' when there is none, or none at the asking address. */
export function originNode(reads: Pick<CatalogReads, 'nodes'>, near: string, { agentNode, address }: Origin): string {
  if (near === '_agent') return agentNode.toLowerCase()
  if (near !== '_ip') return near.toLowerCase()
  // Over a dual-stack socket IPv4 clients have an IPv6 address.
  return address === '' ? '' : (reads.nodes.at(address.replace(/^::ffff:(?=\d+\.)/i, ''))[0]?.node.toLowerCase() ?? '')
}

/**
 * Sorts by estimated round trip from a node (in lower case): what is on it first, then the others, then those whose
 * coordinates nobody knows. Equals stay in their order, and all do when the node's own coordinate is not known.
 */
export function nearestFirst<Item>(
  items: readonly Item[],
  origin: string,
  nodeOf: (item: Item) => string,
  coordinateOf: (node: string) => Coordinate | undefined,
): readonly Item[] {
  const from = coordinateOf(origin)
  const known = new Map<string, number>([[origin, -1]])
  const distance = (node: string): number => {
    const found = known.get(node)
    if (found !== undefined) return found
    const to = from && coordinateOf(node)
    const measured = from === undefined || to === undefined ? Number.POSITIVE_INFINITY : roundTrip(from, to)
    known.set(node, measured)
    return measured
  }
  return items
    .map(item => ({ item, at: distance(nodeOf(item).toLowerCase()) }))
    .sort((a, b) => (a.at === b.at ? 0 : a.at - b.at))
    .map(({ item }) => item)
}
