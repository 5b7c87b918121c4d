import { flagIsSet, flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { pairs } from '../pairs.js'
import { table } from '../table.js'

interface Node {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: Readonly<Record<string, string>> | null
  readonly Meta: Readonly<Record<string, string>> | null
}

/** An instance of a service shows its node's fields under other names. */
interface Instance extends Node {
  readonly NodeMeta: Node['Meta']
}

/** `muster catalog nodes`. */
export const command: Command = {
  usage: 'catalog nodes [options]',
  description: 'Lists the nodes of the catalog.',
  examples: [
    ['muster catalog nodes', 'all nodes'],
    ['muster catalog nodes -service=web', 'nodes that run a service'],
    ['muster catalog nodes -node-meta=rack=r1 -detailed', 'by metadata, with everything known'],
  ],
  flags: [
    { name: 'detailed', type: 'bool', help: 'show the full id, tagged addresses and metadata' },
    { name: 'filter', type: 'string', placeholder: 'EXPRESSION', help: 'only nodes for which the expression holds' },
    {
      name: 'near',
      type: 'string',
      placeholder: 'NODE',
      help: "order by round trip from this node (_agent: the agent's)",
    },
    {
      name: 'node-meta',
      type: 'string',
      repeatable: true,
      placeholder: 'KEY=VALUE',
      help: 'only nodes with this metadata; repeatable',
    },
    { name: 'service', type: 'string', placeholder: 'NAME', help: 'only nodes that run this service' },
    formatFlag,
    ...clientFlags,
    ...serverFlags,
  ],
  async run(flags, io) {
    const json = wantsJson(flags)
    const client = await Client.connect(flags, io)
    const query = {
      'filter': flagValue(flags, 'filter'),
      'near': flagValue(flags, 'near'),
      'node-meta': Object.entries(pairs(flags, 'node-meta')).map(([key, value]) => `${key}:${value}`),
    }
    const service = flagValue(flags, 'service')
    const nodes =
      service === undefined
        ? await client.get<Node[]>('/v1/catalog/nodes', query)
        : distinct(await client.get<Instance[]>(`/v1/catalog/service/${encodeURIComponent(service)}`, query))
    if (json) printJson(io, nodes)
    else if (nodes.length === 0) io.err('No nodes match the given query - try expanding your search.\n')
    else io.out(table(flagIsSet(flags, 'detailed') ? detailed(nodes) : standard(nodes)))
    return 0
  },
}

/** One row a node, however many instances it runs. */
const distinct = (instances: readonly Instance[]): Node[] => [
  ...new Map(instances.map(instance => [instance.Node, { ...instance, Meta: instance.NodeMeta }])).values(),
]

const standard = (nodes: readonly Node[]): string[][] => [
  ['Node', 'ID', 'Address', 'DC'],
  ...nodes.map(node => [node.Node, node.ID.slice(0, 8), node.Address, node.Datacenter]),
]

const detailed = (nodes: readonly Node[]): string[][] => [
  ['Node', 'ID', 'Address', 'DC', 'TaggedAddresses', 'Meta'],
  ...nodes.map(node => [
    node.Node,
    node.ID,
    node.Address,
    node.Datacenter,
    joined(node.TaggedAddresses),
    joined(node.Meta),
  ]),
]

const joined = (map: Readonly<Record<string, string>> | null): string =>
  Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ')
