import { isPassing, type Check, type CatalogReads, type Topic } from '../../catalog/index.js'
import type { Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { fragmentsFor } from '../reads/fragments-for.js'
import { itemFilter, ofKept } from '../reads/item-filter.js'
import { builtJson, type Read } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { nodeMetaFilter, orderOf, required, selectInstances, sortNear } from '../reads/selection.js'
import { checkView, healthEntryView } from '../views/catalog-views.js'

/** `/v1/health/*`. */
export const healthRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/health/node/*', reach: 'handed-on', GET: request => ofNode(deps, request) },
  { path: '/v1/health/checks/*', reach: 'handed-on', GET: request => ofService(deps, request) },
  { path: '/v1/health/state/*', reach: 'handed-on', GET: request => inState(deps, request) },
  { path: '/v1/health/service/*', reach: 'handed-on', GET: request => instances(deps, request) },
]

function instances(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads, settings, filterWork } = deps
  const fragments = fragmentsFor(deps, request)
  const name = required(request.rest, 'Missing service name')
  const filter = itemFilter(request.query, 'healthEntry', filterWork)
  const passing = request.query.flag('passing', 'Invalid value for ?passing')
  const { datacenter, nodeName } = settings()
  return reads.answer(request, {
    topic: catalog.health.topics.instances(name),
    shapedBy: ['filter', 'near', 'node-meta', 'passing', 'tag'],
    ...orderOf(request.query, catalog),
    cacheable: true,
    build: isWanted => {
      const selected = selectInstances(catalog.health.instances(name), request.query).filter(
        one => !passing || isPassing(one),
      )
      return ofKept(
        filter,
        selected,
        one => healthEntryView(one, datacenter),
        isWanted,
        chosen => {
          const sorted = sortNear(chosen, request.query, { catalog, agentNode: nodeName }, one => one.node.node)
          return builtJson(`[${sorted.map(one => fragments.healthEntry(one)).join(',')}]`)
        },
      )
    },
  })
}

function ofNode(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog } = deps
  const name = required(request.rest, 'Missing node name')
  return checks(deps, request, { topic: catalog.nodes.topics.one(name) }, () => {
    const found = catalog.nodes.find(name)
    return found === undefined ? [] : catalog.checks.ofNode(found.node)
  })
}

function ofService(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog } = deps
  const name = required(request.rest, 'Missing service name')
  // With node metadata in play the nodes matter too, which the topic of the checks alone does not cover.
  const topic: Topic = request.query.has('node-meta')
    ? catalog.health.topics.instances(name)
    : catalog.checks.topics.ofService(name)
  return checks(deps, request, { topic }, () => catalog.checks.ofService(name))
}

function inState(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog } = deps
  const state = required(request.rest, 'Missing check state')
  const reach = request.query.has('node-meta')
    ? ({ topic: catalog.topics.all(), coarse: true } as const)
    : { topic: catalog.checks.topics.inState(state) }
  return checks(deps, request, reach, () => catalog.checks.inState(state))
}

function checks(
  { catalog, reads, fragments, settings, filterWork }: Deps,
  request: ApiRequest,
  reach: Pick<Read, 'topic' | 'coarse'>,
  find: () => readonly Check[],
): Promise<Answer> {
  const filter = itemFilter(request.query, 'check', filterWork)
  const onNode = nodeOfCheck(catalog, request)
  return reads.answer(request, {
    ...reach,
    shapedBy: ['filter', 'near', 'node-meta'],
    ...orderOf(request.query, catalog),
    build: isWanted =>
      ofKept(
        filter,
        find().filter(check => onNode?.(check) ?? true),
        checkView,
        isWanted,
        chosen => {
          const sorted = sortNear(
            chosen,
            request.query,
            { catalog, agentNode: settings().nodeName },
            check => check.node,
          )
          return builtJson(`[${sorted.map(check => fragments.check(check)).join(',')}]`)
        },
      ),
  })
}

function nodeOfCheck(catalog: CatalogReads, request: ApiRequest): ((check: Check) => boolean) | undefined {
  const byMeta = nodeMetaFilter(request.query)
  if (byMeta === undefined) return undefined
  return check => {
    const node = catalog.nodes.find(check.node)
    return node !== undefined && byMeta(node)
  }
}
