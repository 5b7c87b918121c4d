import {
  checkKey,
  encodeCheck,
  encodeNode,
  encodeService,
  nodeKey,
  serviceKey,
  type CatalogReads,
  type Check,
  type Instance,
  type Node,
  type Service,
  type Topic,
} from '../../../catalog/index.js'
import type { ViewRow, Want } from './view-messages.js'

interface Rows {
  readonly nodes: readonly Node[]
  readonly services: readonly Service[]
  readonly checks: readonly Check[]
}

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
      const services = catalog.services.at(name).slice(0, maxOfAddress)
      const owners = services.flatMap(service => catalog.nodes.find(service.node) ?? [])
      return {
        nodes: [...new Set([...catalog.nodes.at(name).slice(0, maxOfAddress), ...owners])],
        services,
        checks: [],
      }
    }
  }
}

/** The topic of a view. Addresses have no topics of their own, so those views use the whole tables. */
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
const maxOfAddress = 4

function ofInstances(instances: readonly Instance[]): Rows {
  return {
    nodes: [...new Set(instances.map(({ node }) => node))],
    services: instances.map(({ service }) => service),
    checks: [...new Set(instances.flatMap(({ checks }) => checks))],
  }
}

/**
 * The beginning of the line for a view, up to its index, which stands last: it is the same again as long as the view
 * shows the same.
 */
export function viewText({ kind, name }: Pick<Want, 'kind' | 'name'>, { nodes, services, checks }: Rows): string {
  const rows = [...nodes.map(nodeText), ...services.map(serviceText), ...checks.map(checkText)]
  return `{"kind":${JSON.stringify(kind)},"name":${JSON.stringify(name)},"rows":[${rows.join()}]`
}

/**
 * Encodes each row once: those of the catalog are never changed, only replaced, and stand in several views.
 * @returns the JSON of a {@link ViewRow}
 */
function encodedOnce<Row extends object>(
  keyOf: (row: Row) => string,
  encode: (row: Row) => Uint8Array,
): (row: Row) => string {
  const known = new WeakMap<Row, string>()
  return row => {
    let text = known.get(row)
    if (text === undefined) {
      const value: ViewRow = [keyOf(row), decoder.decode(encode(row))]
      known.set(row, (text = JSON.stringify(value)))
    }
    return text
  }
}

const decoder = new TextDecoder()

const nodeText = encodedOnce<Node>(({ node }) => nodeKey(node), encodeNode)

/** Without what DNS has no use for. */
const serviceText = encodedOnce<Service>(
  ({ node, id }) => serviceKey(node, id),
  service => encodeService({ ...service, meta: null }),
)

const checkText = encodedOnce<Check>(
  ({ node, id }) => checkKey(node, id),
  ({ node, id, name, status, serviceId, serviceName, serviceTags, type }) =>
    encodeCheck({
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
)
