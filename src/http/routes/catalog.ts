import type { Node, Service } from '../../catalog/index.js'
import { json, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { fragmentsFor } from '../reads/fragments-for.js'
import { itemFilter, ofKept } from '../reads/item-filter.js'
import { builtJson } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { nodeMetaFilter, orderOf, required, selectInstances, sortNear } from '../reads/selection.js'
import { catalogServiceView, nodeServiceView, nodeView } from '../views/catalog-views.js'
import type { Built } from '../answer/prepared-body.js'

/** Reads of `/v1/catalog/*`. */
export const catalogRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/catalog/datacenters',
    reach: 'handed-on',
    whileNotReady: true,
    GET: () => json(deps.membership.datacenters()),
  },
  { path: '/v1/catalog/nodes', reach: 'handed-on', GET: request => nodes(deps, request) },
  { path: '/v1/catalog/services', reach: 'handed-on', GET: request => services(deps, request) },
  { path: '/v1/catalog/service/*', reach: 'handed-on', GET: request => service(deps, request) },
  { path: '/v1/catalog/node/*', reach: 'handed-on', GET: request => node(deps, request) },
  { path: '/v1/catalog/node-services/*', reach: 'handed-on', GET: request => nodeServices(deps, request) },
]

function nodes(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads, settings, filterWork } = deps
  const fragments = fragmentsFor(deps, request)
  const filter = itemFilter(request.query, 'node', filterWork)
  const byMeta = nodeMetaFilter(request.query)
  const { datacenter, nodeName } = settings()
  return reads.answer(request, {
    topic: catalog.nodes.topics.all(),
    shapedBy: ['filter', 'near', 'node-meta'],
    ...orderOf(request.query, catalog),
    build: isWanted =>
      ofKept(
        filter,
        [...catalog.nodes.all()].filter(one => byMeta?.(one) ?? true),
        one => nodeView(one, datacenter),
        isWanted,
        chosen =>
          builtList(
            sortNear(chosen, request.query, { catalog, agentNode: nodeName }, one => one.node).map(one =>
              fragments.node(one),
            ),
          ),
      ),
  })
}

function services({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const byMeta = nodeMetaFilter(request.query)
  if (byMeta === undefined) {
    return reads.answer(request, {
      topic: catalog.services.topics.names(),
      shapedBy: [],
      cacheable: true,
      build: () =>
        builtJson(
          JSON.stringify(Object.fromEntries([...catalog.services.names()].map(({ name, tags }) => [name, [...tags]]))),
        ),
    })
  }
  return reads.answer(request, {
    topic: catalog.services.topics.namesOnNodes(),
    shapedBy: ['node-meta'],
    cacheable: true,
    build: () => builtJson(JSON.stringify(servicesOnNodes(catalog, [...catalog.nodes.all()].filter(byMeta)))),
  })
}

/** Names and tags of the services that run on some nodes. */
function servicesOnNodes(catalog: Deps['catalog'], chosen: readonly Node[]): Record<string, readonly string[]> {
  const tagsByName = new Map<string, Set<string>>()
  for (const { name, tags } of chosen.flatMap(one => catalog.services.ofNode(one.node))) {
    const union = tagsByName.get(name) ?? new Set<string>()
    for (const tag of tags) union.add(tag)
    tagsByName.set(name, union)
  }
  return Object.fromEntries([...tagsByName].map(([name, tags]) => [name, [...tags]]))
}

function service(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads, settings, filterWork } = deps
  const fragments = fragmentsFor(deps, request)
  const name = required(request.rest, 'Missing service name')
  const filter = itemFilter(request.query, 'catalogService', filterWork)
  const { datacenter, nodeName } = settings()
  return reads.answer(request, {
    topic: catalog.health.topics.instances(name),
    shapedBy: ['filter', 'near', 'node-meta', 'tag'],
    ...orderOf(request.query, catalog),
    cacheable: true,
    build: isWanted =>
      ofKept(
        filter,
        selectInstances(catalog.health.instances(name), request.query),
        one => catalogServiceView(one, datacenter),
        isWanted,
        chosen => {
          const sorted = sortNear(chosen, request.query, { catalog, agentNode: nodeName }, one => one.node.node)
          return builtList(sorted.map(one => fragments.catalogService(one)))
        },
      ),
  })
}

const node = (deps: Deps, request: ApiRequest): Promise<Answer> =>
  ofNode(deps, request, 'null', (found, services, fragments) => {
    const list = services.map(one => `${JSON.stringify(one.id)}:${fragments.service(one)}`)
    return `{"Node":${fragments.node(found)},"Services":{${list.join(',')}}}`
  })

const nodeServices = (deps: Deps, request: ApiRequest): Promise<Answer> =>
  ofNode(deps, request, '{"Node":null,"Services":null}', (found, services, fragments) => {
    // A node without services shows null here, though an empty object at catalog/node.
    const shown = services.length === 0 ? 'null' : `[${services.map(one => fragments.service(one)).join(',')}]`
    return `{"Node":${fragments.node(found)},"Services":${shown}}`
  })

/** A node with its services, as `show` writes them; `absent` where there is no such node. */
function ofNode(
  deps: Deps,
  request: ApiRequest,
  absent: string,
  show: (found: Node, services: readonly Service[], fragments: ReturnType<typeof fragmentsFor>) => string,
): Promise<Answer> {
  const { catalog, reads } = deps
  const fragments = fragmentsFor(deps, request)
  const name = required(request.rest, 'Missing node name')
  const filter = itemFilter(request.query, 'nodeService', deps.filterWork)
  return reads.answer(request, {
    topic: catalog.nodes.topics.one(name),
    shapedBy: ['filter'],
    build: isWanted => {
      const found = catalog.nodes.find(name)
      if (found === undefined) return builtJson(absent)
      return ofKept(filter, catalog.services.ofNode(found.node), nodeServiceView, isWanted, services =>
        builtJson(show(found, services, fragments)),
      )
    },
  })
}

/** A list of JSON texts as one. */
const builtList = (items: readonly string[]): Built => builtJson(`[${items.join(',')}]`)
