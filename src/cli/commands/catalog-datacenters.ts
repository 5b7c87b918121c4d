import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster catalog datacenters`. */
export const command: Command = {
  usage: 'catalog datacenters [options]',
  description: 'Lists the datacenters that the agent knows, one a line, the nearest first.',
  examples: [['muster catalog datacenters', '']],
  flags: [...clientFlags, ...serverFlags],
  async run(flags, io) {
    const client = await Client.connect(flags, io)
    for (const name of await client.get<string[]>('/v1/catalog/datacenters')) io.out(`${name}\n`)
    return 0
  },
}
