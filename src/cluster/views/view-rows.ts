import type { CatalogReads, Check, Instance, Node, Service, StoredCheck, Topic } from '../../catalog/index.js'
import type { Rows, Want } from './messages.js'

/** The entries that a view shows now. */
export function rowsOf(catalog: CatalogReads, { kind, name }: Pick<Want, 'kind' | 'name'>): Rows {
  switch (kind) {
    case 'service':
      return ofInstances(catalog.health.instances(name))
    case 'node': {
      const node = catalog.nodes.find(name)
      return { nodes: node === undefined ? [] : [node], services: [], checks: [] }
    }
    case 'address': {
      const services = catalog.services.at(name).slice(0, mostOfAddress)
      const owners = services.flatMap(service => catalog.nodes.find(service.node) ?? [])
      return {
        nodes: [...new Set([...catalog.nodes.at(name).slice(0, mostOfAddress), ...owners])],
        services,
        checks: [],
      }
    }
  }
}

/** What a view waits on. What has an address stands in no topic of its own. */
export function topicOf(catalog: CatalogReads, { kind, name }: Pick<Want, 'kind' | 'name'>): Topic {
  switch (kind) {
    case 'service':
      return catalog.health.topics.instances(name)
    case 'node': {
      const node = catalog.nodes.find(name)
      return node?.node.toLowerCase() === name.toLowerCase()
        ? catalog.nodes.topics.one(node.node)
        : catalog.nodes.topics.all()
    }
    case 'address':
      return catalog.topics.all()
  }
}

/** The first name is what a reverse question gets. */
const mostOfAddress = 4

function ofInstances(instances: readonly Instance[]): Rows {
  return {
    nodes: [...new Set(instances.map(({ node }) => node))],
    services: instances.map(({ service }) => service),
    checks: [...new Set(instances.flatMap(({ checks }) => checks))],
  }
}

/** The line for a view's rows, without what DNS has no use for. */
export function viewText(want: Pick<Want, 'kind' | 'name'>, rows: Rows, index: number): string {
  return JSON.stringify({
    kind: want.kind,
    name: want.name,
    index,
    nodes: (rows.nodes as readonly Node[]).map(({ node, id, address, taggedAddresses, meta }) => ({
      node,
      id,
      address,
      taggedAddresses,
      meta,
    })),
    services: (rows.services as readonly Service[]).map(({ created: _created, modified: _modified, ...service }) => ({
      ...service,
      meta: null,
    })),
    checks: (rows.checks as readonly Check[]).map(
      ({ node, id, name, status, serviceId, serviceName, serviceTags, type }): StoredCheck => ({
        node,
        id,
        name,
        status,
        notes: '',
        output: '',
        serviceId,
        serviceName,
        serviceTags,
        type,
        definition: {},
      }),
    ),
  })
}
