import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster leave`. */
export const command: Command = {
  usage: 'leave [options]',
  description:
    'Takes the agent with its services and checks out of the catalog, then stops it. Its files and API registrations stay: started again, it brings them back.',
  examples: [['muster leave', 'before a machine is taken away']],
  flags: clientFlags,
  async run(flags, io) {
    const client = await Client.connect(flags, io)
    await client.put('/v1/agent/leave')
    io.out('Graceful leave complete\n')
    return 0
  },
}
