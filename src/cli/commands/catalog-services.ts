import { flagIsSet, flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { pairs } from '../pairs.js'
import { table } from '../table.js'

/** `muster catalog services`. */
export const command: Command = {
  usage: 'catalog services [options]',
  description: 'Lists the names of all services in the catalog.',
  examples: [
    ['muster catalog services -tags', 'with their tags'],
    ['muster catalog services -node=n1', 'those of one node'],
  ],
  flags: [
    { name: 'node', type: 'string', placeholder: 'NAME', help: 'only services of this node (name or id)' },
    {
      name: 'node-meta',
      type: 'string',
      repeatable: true,
      placeholder: 'KEY=VALUE',
      help: 'only services of nodes with this metadata; repeatable',
    },
    { name: 'tags', type: 'bool', help: 'show the tags too' },
    formatFlag,
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const json = wantsJson(flags)
    const client = await Client.connect(flags, io)
    const node = flagValue(flags, 'node')
    const meta = Object.entries(pairs(flags, 'node-meta')).map(([key, value]) => `${key}:${value}`)
    const services =
      node === undefined
        ? await client.get<Record<string, string[]>>('/v1/catalog/services', { 'node-meta': meta })
        : await ofNode(client, node)
    const rows = Object.entries(services).sort(([a], [b]) => (a < b ? -1 : 1))
    if (json) printJson(io, Object.fromEntries(rows))
    else if (rows.length === 0) io.err('No services match the given query - try expanding your search.\n')
    else
      io.out(
        table(rows.map(([name, tags]) => (flagIsSet(flags, 'tags') ? [name, [...tags].sort().join(',')] : [name]))),
      )
    return 0
  },
}

async function ofNode(client: Client, node: string): Promise<Record<string, string[]>> {
  const found = await client.get<{ Services: Record<string, { Service: string; Tags: string[] }> } | null>(
    `/v1/catalog/node/${encodeURIComponent(node)}`,
  )
  const tags = new Map<string, Set<string>>()
  for (const service of Object.values(found?.Services ?? {})) {
    const known = tags.get(service.Service) ?? new Set()
    tags.set(service.Service, new Set([...known, ...service.Tags]))
  }
  return Object.fromEntries([...tags].map(([name, set]) => [name, [...set]]))
}
