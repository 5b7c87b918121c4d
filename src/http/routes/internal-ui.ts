import type { Check, Instance, Node } from '../../catalog/index.js'
import type { Answer } from '../answer.js'
import type { Deps } from '../deps.js'
import { itemFilter } from '../item-filter.js'
import { builtJson } from '../reads.js'
import type { ApiRequest, Route } from '../route.js'
import { required } from '../selection.js'
import { checkView, healthEntryView, nodeServiceView } from '../views/catalog-views.js'

/** `/v1/internal/ui/*`: whole nodes, and services counted up. */
export const internalUiRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/internal/ui/nodes', reach: 'handed-on', GET: request => nodes(deps, request) },
  { path: '/v1/internal/ui/node/*', reach: 'handed-on', GET: request => node(deps, request) },
  { path: '/v1/internal/ui/services', reach: 'handed-on', GET: request => services(deps, request) },
]

function nodes(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads } = deps
  const matches = itemFilter(request.query, 'nodeInfo')
  return reads.answer(request, {
    topic: catalog.topics.all(),
    coarse: true,
    shapedBy: ['filter'],
    build: () => builtJson(`[${[...catalog.nodes()].filter(one => matches?.(nodeInfoView(deps, one)) ?? true).map(one => nodeInfo(deps, one)).join(',')}]`),
  })
}

function node(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads } = deps
  const name = required(request.rest, 'Missing node name')
  return reads.answer(request, {
    topic: catalog.topics.node(name),
    shapedBy: [],
    build: () => {
      const found = catalog.node(name)
      return found === undefined ? { status: 404, type: '', bytes: Buffer.alloc(0) } : builtJson(nodeInfo(deps, found))
    },
  })
}

function services(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, reads, settings } = deps
  const matches = itemFilter(request.query, 'healthEntry')
  const { datacenter } = settings()
  return reads.answer(request, {
    topic: catalog.topics.all(),
    coarse: true,
    shapedBy: ['filter'],
    build: () => {
      const summaries = [...catalog.serviceNames()].flatMap(({ name }) => {
        const chosen = catalog.instances(name).filter(one => matches?.(healthEntryView(one, datacenter)) ?? true)
        return chosen.length === 0 ? [] : [summary(name, chosen, datacenter)]
      })
      return builtJson(JSON.stringify(summaries))
    },
  })
}

/** A service with its instances counted up; a node's check counts once, however many of its instances run there. */
function summary(name: string, instances: readonly Instance[], datacenter: string) {
  const checks = new Map<string, Check>(instances.flatMap(one => one.checks.map(check => [`${check.node}\0${check.id}`, check] as const)))
  const count = (status: string): number => [...checks.values()].filter(check => check.status === status).length
  const sources = new Set(instances.map(({ service }) => service.meta?.['external-source'] ?? '').filter(source => source !== ''))
  const kind = instances[0]?.service.kind ?? ''
  return {
    ...kind !== '' && { Kind: kind },
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

const nodeInfoView = ({ catalog }: Deps, one: Node) => ({
  ...nodeHead(one),
  Services: catalog.servicesOfNode(one.node).map(nodeServiceView),
  Checks: catalog.checksOfNode(one.node).map(checkView),
})

/** {@link nodeInfoView} as JSON, from the kept parts. */
function nodeInfo({ catalog, fragments }: Deps, one: Node): string {
  const services = catalog.servicesOfNode(one.node).map(service => fragments.service(service))
  const checks = catalog.checksOfNode(one.node).map(check => fragments.check(check))
  return `${JSON.stringify(nodeHead(one)).slice(0, -1)},"Services":[${services.join(',')}],"Checks":[${checks.join(',')}]}`
}

const nodeHead = (one: Node) => ({ ID: one.id, Node: one.node, Address: one.address, TaggedAddresses: one.taggedAddresses, Meta: one.meta })
