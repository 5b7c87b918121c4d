import { nearestFirst, type CatalogReads, type Instance, type Node, type Topic } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import type { Query } from '../request/query.js'

/** Whether a node has every `?node-meta=key:value` asked for. Undefined when none is asked for. */
export function nodeMetaFilter(query: Query): ((node: Pick<Node, 'meta'>) => boolean) | undefined {
  const wanted = query.all('node-meta').map(pair => {
    const colon = pair.indexOf(':')
    return colon < 0 ? ([pair, ''] as const) : ([pair.slice(0, colon), pair.slice(colon + 1)] as const)
  })
  if (wanted.length === 0) return undefined
  return ({ meta }) => meta !== null && wanted.every(([key, value]) => Object.hasOwn(meta, key) && meta[key] === value)
}

/** Whether a list of tags has every `?tag=` asked for, in any case. Undefined when none is asked for. */
function tagFilter(query: Query): ((tags: readonly string[]) => boolean) | undefined {
  const wanted = query
    .all('tag')
    .filter(tag => tag !== '')
    .map(tag => tag.toLowerCase())
  if (wanted.length === 0) return undefined
  return tags => {
    const present = new Set(tags.map(tag => tag.toLowerCase()))
    return wanted.every(tag => present.has(tag))
  }
}

/** Instances that `node-meta` and `tag` leave, in order. */
export function selectInstances(instances: readonly Instance[], query: Query): readonly Instance[] {
  const byMeta = nodeMetaFilter(query)
  const byTag = tagFilter(query)
  if (byMeta === undefined && byTag === undefined) return instances
  return instances.filter(({ node, service }) => (byMeta?.(node) ?? true) && (byTag?.(service.tags) ?? true))
}

/** Sorts by `?near=`, the round trip from a node (`_agent`: this one): see {@link nearestFirst}. */
export function sortNear<Item>(
  items: readonly Item[],
  query: Query,
  { catalog, agentNode }: NearContext,
  nodeOf: (item: Item) => string,
): readonly Item[] {
  const near = query.first('near')
  if (near === '') return items
  return nearestFirst(
    items,
    (near === '_agent' ? agentNode : near).toLowerCase(),
    nodeOf,
    node => catalog.coordinates.get(node)?.coordinate,
  )
}

/** What `?near=` is answered from. */
export interface NearContext {
  readonly catalog: Pick<CatalogReads, 'coordinates'>
  /** The node that `_agent` stands for. */
  readonly agentNode: string
}

/** What the order of an answer depends on: the coordinates when it is sorted by nearness. */
export const orderOf = (
  query: Query,
  { coordinates }: Pick<CatalogReads, 'coordinates'>,
): { readonly order?: Topic } => (query.first('near') === '' ? {} : { order: coordinates.topics.all() })

/** The text after an endpoint's last slash. @throws MusterError 400 when it is empty. */
export function required(rest: string, refusal: string): string {
  if (rest === '') throw new MusterError('HTTP_MISSING', refusal, { status: 400 })
  return rest
}
