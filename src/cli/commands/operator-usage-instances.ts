import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { table } from '../table.js'

interface Usage {
  readonly Usage: Readonly<
    Record<string, { readonly Nodes: number; readonly Services: number; readonly ServiceInstances: number }>
  >
}

/** `muster operator usage instances`. */
export const command: Command = {
  usage: 'operator usage instances [options]',
  description: 'Counts the nodes, the services and their instances in the catalog.',
  examples: [
    ['muster operator usage instances', 'of this datacenter'],
    ['muster operator usage instances -datacenter=dc2', 'of another one'],
  ],
  flags: [formatFlag, ...clientFlags, ...serverFlags],
  async run(flags, io) {
    const json = wantsJson(flags)
    const { Usage: usage } = await (await Client.connect(flags, io)).get<Usage>('/v1/operator/usage')
    if (json) printJson(io, usage)
    else
      io.out(
        table([
          ['Datacenter', 'Nodes', 'Services', 'Service instances'],
          ...Object.entries(usage).map(([datacenter, { Nodes, Services, ServiceInstances }]) => [
            datacenter,
            String(Nodes),
            String(Services),
            String(ServiceInstances),
          ]),
        ]),
      )
    return 0
  },
}
