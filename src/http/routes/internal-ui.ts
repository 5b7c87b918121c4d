import { addTo } from '../../common/grouped.js'
import type { Check, Instance, Node, Service } from '../../catalog/index.js'
import type { Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { itemFilter, ofKept } from '../reads/item-filter.js'
import { builtJson } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { required } from '../reads/selection.js'
import { checkView, healthEntryView, nodeServiceView } from '../views/catalog-views.js'

/** `/v1/internal/ui/*`: whole nodes, and services counted up. */
export const internalUiRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/internal/ui/nodes', reach: 'handed-on', GET: request => nodes(deps, request) },
  { path: '/v1/internal/ui/node/*', reach: 'handed-on', GET: request => node(deps, request) },
  { path: '/v1/internal/ui/services', reach: 'handed-on', GET: request => services(deps, request) },
]

function nodes(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads, filterWork } = deps
  const filter = itemFilter(request.query, 'nodeInfo', filterWork)
  return reads.answer(request, {
    topic: catalog.topics.all(),
    coarse: true,
    shapedBy: ['filter'],
    build: isWanted =>
      ofKept(
        filter,
        Array.from(catalog.nodes.all(), one => wholeNode(deps, one)),
        nodeInfoView,
        isWanted,
        chosen => builtJson(`[${chosen.map(one => nodeInfo(deps, one)).join(',')}]`),
      ),
  })
}

function node(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads } = deps
  const name = required(request.rest, 'Missing node name')
  return reads.answer(request, {
    topic: catalog.nodes.topics.one(name),
    shapedBy: [],
    build: () => {
      const found = catalog.nodes.find(name)
      return found === undefined
        ? { status: 404, type: '', bytes: Buffer.alloc(0) }
        : builtJson(nodeInfo(deps, wholeNode(deps, found)))
    },
  })
}

function services(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads, settings, filterWork } = deps
  const filter = itemFilter(request.query, 'healthEntry', filterWork)
  const { datacenter } = settings()
  return reads.answer(request, {
    topic: catalog.topics.all(),
    coarse: true,
    shapedBy: ['filter'],
    build: isWanted => {
      const all = [...catalog.services.names()].flatMap(({ name }) =>
        catalog.health.instances(name).map(instance => ({ name, instance })),
      )
      return ofKept(
        filter,
        all,
        ({ instance }) => healthEntryView(instance, datacenter),
        isWanted,
        chosen => {
          const byName = new Map<string, Instance[]>()
          for (const { name, instance } of chosen) {
            addTo(byName, name, instance)
          }
          return builtJson(JSON.stringify([...byName].map(([name, instances]) => summary(name, instances, datacenter))))
        },
      )
    },
  })
}

/** A service with its instances counted up; a node's check counts once, however many of its instances run there. */
function summary(name: string, instances: readonly Instance[], datacenter: string) {
  const checks = new Map<string, Check>(
    instances.flatMap(one => one.checks.map(check => [`${check.node}\0${check.id}`, check] as const)),
  )
  const count = (status: string): number => [...checks.values()].filter(check => check.status === status).length
  const sources = new Set(
    instances.map(({ service }) => service.meta?.['external-source'] ?? '').filter(source => source !== ''),
  )
  const kind = instances[0]?.service.kind ?? ''
  return {
    ...(kind !== '' && { Kind: kind }),
    Name: name,
    Datacenter: datacenter,
    Tags: [...new Set(instances.flatMap(({ service }) => service.tags))],
    Nodes: [...new Set(instances.map(one => one.node.node))],
    ExternalSources: [...sources],
    InstanceCount: instances.length,
    ChecksPassing: count('passing'),
    ChecksWarning: count('warning'),
    ChecksCritical: count('critical'),
    GatewayConfig: {},
    TransparentProxy: false,
    ConnectNative: false,
    ConnectedWithProxy: false,
    ConnectedWithGateway: false,
  }
}

/** A node and what is on it, as of one moment. */
interface WholeNode {
  readonly node: Node
  readonly services: readonly Service[]
  readonly checks: readonly Check[]
}

const wholeNode = ({ catalog }: Deps, node: Node): WholeNode => ({
  node,
  services: catalog.services.ofNode(node.node),
  checks: catalog.checks.ofNode(node.node),
})

const nodeInfoView = ({ node, services, checks }: WholeNode) => ({
  ...nodeHead(node),
  Services: services.map(nodeServiceView),
  Checks: checks.map(checkView),
})

/** {@link nodeInfoView} as JSON, from the kept parts. */
function nodeInfo({ fragments }: Deps, { node, services, checks }: WholeNode): string {
  const [shownServices, shownChecks] = [
    services.map(one => fragments.service(one)),
    checks.map(one => fragments.check(one)),
  ]
  return `${JSON.stringify(nodeHead(node)).slice(0, -1)},"Services":[${shownServices.join(',')}],"Checks":[${shownChecks.join(',')}]}`
}

const nodeHead = (one: Node) => ({
  ID: one.id,
  Node: one.node,
  Address: one.address,
  TaggedAddresses: one.taggedAddresses,
  Meta: one.meta,
})
