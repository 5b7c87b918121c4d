import { flagIsSet, flagValue } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster monitor`. */
export const command: Command = {
  usage: 'monitor [options]',
  description:
    'Follows the log of the agent, at any level, whatever level the agent itself writes. Ends with 0 on Ctrl-C, with 1 when the agent goes away.',
  examples: [
    ['muster monitor', 'from INFO up'],
    ['muster monitor -log-level=debug', 'each request of the API as well'],
    ['muster monitor -log-level=trace -log-json', 'everything, for a program to read'],
  ],
  flags: [
    { name: 'log-level', type: 'string', placeholder: 'LEVEL', help: 'trace, debug, info, warn or err (default info)' },
    { name: 'log-json', type: 'bool', help: 'one JSON object a line' },
    ...clientFlags,
  ],
  async run(flags, io) {
    const client = await Client.connect(flags, io)
    const query = {
      loglevel: flagValue(flags, 'log-level') ?? 'info',
      logjson: flagIsSet(flags, 'log-json') ? 'true' : undefined,
    }
    try {
      await client.stream(
        '/v1/agent/monitor',
        query,
        text => {
          io.out(text)
        },
        io.interrupted,
      )
    } catch (error) {
      if (io.interrupted.aborted) return 0
      throw error
    }
    if (io.interrupted.aborted) return 0
    io.err('\nThe agent ended the log stream.\n')
    return 1
  },
}
