import { MusterError } from '../../common/errors.js'
import { flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { servicesInFiles } from '../service-files.js'

/** `muster services deregister`. */
export const command: Command = {
  usage: 'services deregister [options] [FILE...]',
  description: 'Deregisters services of the agent, by id or as files declare them. A service that a file of the agent declares comes back with its next reload: remove the file instead.',
  examples: [
    ['muster services deregister -id=web1', 'by id'],
    ['muster services deregister web.json', 'all that a file declares'],
  ],
  flags: [
    { name: 'id', type: 'string', placeholder: 'ID', help: 'id of the service' },
    ...clientFlags, ...serverFlags,
  ],
  async run(flags, io) {
    const id = flagValue(flags, 'id') ?? ''
    if (id === '' && flags.positional.length === 0) throw new MusterError('USAGE', 'Service deregistration requires at least one argument or flags.')
    if (id !== '' && flags.positional.length > 0) throw new MusterError('USAGE', 'Cannot specify both -id and files')
    const ids = id !== '' ? [id] : (await servicesInFiles(flags.positional, io)).map(service => service.id)
    const client = await Client.connect(flags, io)
    const services = await client.get<Record<string, { Origin?: string } | undefined>>('/v1/agent/services')
    for (const one of ids) {
      await client.put(`/v1/agent/service/deregister/${encodeURIComponent(one)}`)
      io.out(`Deregistered service: ${one}\n`)
      const origin = services[one]?.Origin ?? 'api'
      if (origin !== 'api') io.err(`  warning: ${origin} declares it; it comes back with the next reload unless the declaration goes\n`)
    }
    return 0
  },
}
