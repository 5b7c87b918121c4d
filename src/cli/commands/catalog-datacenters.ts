import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { table } from '../table.js'

/** `muster catalog datacenters`. */
export const command: Command = {
  usage: 'catalog datacenters [options]',
  description: 'Lists the datacenters that the agent knows, one a line, the nearest first.',
  examples: [['muster catalog datacenters', '']],
  flags: [formatFlag, ...clientFlags, ...serverFlags],
  async run(flags, io) {
    const json = wantsJson(flags)
    const names = await (await Client.connect(flags, io)).get<string[]>('/v1/catalog/datacenters')
    if (json) printJson(io, names)
    else io.out(table(names.map(name => [name])))
    return 0
  },
}
