import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'

/** `muster info`. */
export const command: Command = {
  usage: 'info [options]',
  description: 'Shows figures and state of the agent, section by section.',
  examples: [['muster info', 'all sections']],
  flags: [formatFlag, ...clientFlags],
  async run(flags, io) {
    const json = wantsJson(flags)
    const client = await Client.connect(flags, io)
    const { Stats } = await client.get<{ Stats: Record<string, Record<string, string>> }>('/v1/agent/self')
    if (json) {
      printJson(io, Stats)
      return 0
    }
    for (const [section, values] of sorted(Stats)) {
      io.out(
        `${section}:\n${sorted(values)
          .map(([key, value]) => `\t${key} = ${value}\n`)
          .join('')}`,
      )
    }
    return 0
  },
}

const sorted = <Value>(map: Readonly<Record<string, Value>>): [string, Value][] =>
  Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
