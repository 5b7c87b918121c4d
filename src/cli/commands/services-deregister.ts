import { MusterError } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import type { Io } from '../io.js'
import { servicesInFiles } from '../service-files.js'
import { serviceOwners, type ServiceOwner } from '../service-owners.js'

/** `muster services deregister`. */
export const command: Command = {
  usage: 'services deregister [options] [FILE...]',
  description:
    'Deregisters services, by id or as files declare them: those of the agent, else those of the one other node that has them. A service that a file of its agent declares comes back with the next reload: remove the file instead.',
  examples: [
    ['muster services deregister -id=web1', 'by id'],
    ['muster services deregister -id=web1 -node=n2', 'where several nodes have one of that id'],
    ['muster services deregister web.json', 'all that a file declares'],
  ],
  flags: [
    { name: 'id', type: 'string', placeholder: 'ID', help: 'id of the service' },
    {
      name: 'node',
      type: 'string',
      placeholder: 'NODE',
      help: "the node that it belongs to (default: the agent's, else the only one that has it)",
    },
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const id = flagValue(flags, 'id') ?? ''
    if (id === '' && flags.positional.length === 0)
      throw new MusterError('USAGE', 'Service deregistration requires at least one argument or flags.')
    if (id !== '' && flags.positional.length > 0) throw new MusterError('USAGE', 'Cannot specify both -id and files')
    const ids = id !== '' ? [id] : (await servicesInFiles(flags.positional, io)).map(service => service.id)
    const client = await Client.connect(flags, io)
    const services = await client.get<Record<string, unknown>>('/v1/agent/services')
    let code = 0
    for (const one of ids) {
      const done =
        flagValue(flags, 'node') === undefined && Object.hasOwn(services, one)
          ? await deregister(client, io, one, undefined)
          : await elsewhere(client, io, one, flagValue(flags, 'node'))
      if (!done) code = 1
    }
    return code
  },
}

/** Tells the agent that has it; `node` undefined: the agent that is asked. */
async function deregister(client: Client, io: Io, id: string, node: string | undefined): Promise<true> {
  const { headers } = await client.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`, { node })
  io.out(`Deregistered service: ${id}\n`)
  if (node !== undefined) io.err(`  it belonged to node ${node}\n`)
  const warning = headers['x-muster-warning']
  if (warning !== undefined) io.err(`  warning: ${String(warning)}\n`)
  return true
}

/** Finds out whose it is. False when that is not clear, or nobody can be told. */
async function elsewhere(client: Client, io: Io, id: string, wanted: string | undefined): Promise<boolean> {
  const all = await serviceOwners(client, id)
  const owners = wanted === undefined ? all : all.filter(({ node }) => node.toLowerCase() === wanted.toLowerCase())
  const [owner] = owners
  if (owner === undefined) {
    // Deregistering twice succeeds, as in Consul.
    await deregister(client, io, id, undefined)
    io.err(`  note: ${wanted === undefined ? 'no node' : `node ${wanted}`} has a service "${id}"\n`)
    return true
  }
  if (owners.length > 1) {
    io.err(
      `Error: ${owners.length} nodes have a service "${id}":\n${owners.map(line).join('')}  name one of them with -node\n`,
    )
    return false
  }
  if (owner.agent === 'live') return deregister(client, io, id, owner.node)
  if (owner.agent === 'failed') {
    io.err(
      `Error: service "${id}" belongs to node ${owner.node}, whose agent does not answer\n  "muster force-leave ${owner.node}" removes the node with all its services; they come back with its agent\n`,
    )
    return false
  }
  await client.put('/v1/catalog/deregister', {}, { Node: owner.node, ServiceID: id })
  io.out(`Deregistered service: ${id}\n`)
  io.err(`  it belonged to node ${owner.node}, which has no agent: it was removed from the catalog\n`)
  return true
}

const words: Readonly<Record<ServiceOwner['agent'], string>> = {
  live: '',
  failed: ' (its agent does not answer)',
  none: ' (registered in the catalog, without an agent)',
}

const line = ({ node, service, agent }: ServiceOwner): string => `  ${node}: service ${service}${words[agent]}\n`
