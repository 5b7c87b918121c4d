import { Client } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { keyArgument, kvPairs } from '../kv.js'

/** `muster kv export`. */
export const command: Command = {
  usage: 'kv export [options] [PREFIX]',
  description:
    'Prints keys with their flags and values (in base64) as JSON, for "muster kv import". Locks are left out.',
  examples: [
    ['muster kv export > backup.json', 'every key'],
    ['muster kv export app/', 'those below a prefix'],
  ],
  flags: [...clientFlags, ...serverFlags, ...tenancyFlags],
  async run(flags, io) {
    if (flags.positional.length > 1) {
      io.err(`Error! Too many arguments (expected 1, got ${flags.positional.length})\n`)
      return 1
    }
    const pairs = await kvPairs(await Client.connect(flags, io), keyArgument(flags.positional[0]), { recurse: '' })
    // As text, since flags may be larger than a number of JavaScript.
    const entries = pairs.map(
      ({ key, flags: number, value }) =>
        `\t{\n\t\t"key": ${JSON.stringify(key)},\n\t\t"flags": ${number},\n\t\t"value": "${value.toString('base64')}"\n\t}`,
    )
    io.out(entries.length === 0 ? '[]\n' : `[\n${entries.join(',\n')}\n]\n`)
    return 0
  },
}
