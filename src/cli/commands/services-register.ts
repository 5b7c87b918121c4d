import { MusterError } from '../../common/errors.js'
import { flagValue, type ParsedFlags } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { pairs } from '../pairs.js'
import { servicesInFiles, toApi } from '../service-files.js'

/** `muster services register`. */
export const command: Command = {
  usage: 'services register [options] [FILE...]',
  description:
    'Registers services with the agent through its API, from files or from flags. They are kept over restarts of the agent until they are deregistered.',
  examples: [
    ['muster services register -name=web -port=80 -tag=v1', 'from flags'],
    ['muster services register web.json', 'from a file; the file itself is not watched'],
  ],
  flags: [
    { name: 'name', type: 'string', placeholder: 'NAME', help: 'name of the service' },
    { name: 'id', type: 'string', placeholder: 'ID', help: 'id (default: the name)' },
    { name: 'address', type: 'string', placeholder: 'ADDRESS', help: "address (default: the node's)" },
    { name: 'port', type: 'int', placeholder: 'PORT', help: 'port' },
    { name: 'tag', type: 'string', repeatable: true, placeholder: 'TAG', help: 'a tag; repeatable' },
    { name: 'meta', type: 'string', repeatable: true, placeholder: 'KEY=VALUE', help: 'metadata; repeatable' },
    {
      name: 'tagged-address',
      type: 'string',
      repeatable: true,
      placeholder: 'KEY=ADDRESS:PORT',
      help: 'an address by network name; repeatable',
    },
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const name = flagValue(flags, 'name') ?? ''
    if (name === '' && flags.positional.length === 0)
      throw new MusterError('USAGE', 'Service registration requires at least one argument or flags.')
    const bodies =
      flags.positional.length > 0 ? (await servicesInFiles(flags.positional, io)).map(toApi) : [fromFlags(name, flags)]
    const client = await Client.connect(flags, io)
    for (const body of bodies) {
      await client.put('/v1/agent/service/register', {}, body)
      io.out(`Registered service: ${body.Name}\n`)
    }
    return 0
  },
}

function fromFlags(name: string, flags: ParsedFlags): { Name: string } & Record<string, unknown> {
  const addresses = Object.entries(pairs(flags, 'tagged-address')).map(([key, value]) => [key, taggedAddress(value)])
  return {
    Name: name,
    ID: flagValue(flags, 'id') ?? '',
    Address: flagValue(flags, 'address') ?? '',
    Port: Number(flagValue(flags, 'port') ?? '0'),
    Tags: flags.values.get('tag') ?? [],
    Meta: pairs(flags, 'meta'),
    ...(addresses.length > 0 && { TaggedAddresses: Object.fromEntries(addresses) as Record<string, unknown> }),
  }
}

/** `10.0.0.1:80` or `[::1]:80`; the port may be left out. */
function taggedAddress(text: string): { Address: string; Port: number } {
  const match = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(text)
  if (match === null) throw new MusterError('USAGE', `-tagged-address: "${text}" is not address:port`)
  return { Address: match[1] ?? match[2] ?? '', Port: Number(match[3] ?? '0') }
}
