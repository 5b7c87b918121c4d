import { MusterError } from '../../common/errors.js'
import { flagIsSet } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { errorLines } from '../error-lines.js'

/** `muster join`. */
export const command: Command = {
  usage: 'join [options] ADDRESS...',
  description:
    'Tells the agent to join the cluster of the agents at these addresses (host or host:port). It is enough that one of them answers.',
  examples: [
    ['muster join 10.0.0.1', 'through the agent on that machine'],
    ['muster join -wan 192.0.2.1', 'a server to the servers of another datacenter'],
  ],
  flags: [{ name: 'wan', type: 'bool', help: 'join servers of another datacenter, at their WAN port' }, ...clientFlags],
  async run(flags, io) {
    if (flags.positional.length === 0) throw new MusterError('USAGE', 'At least one address to join must be specified.')
    const client = await Client.connect(flags, io)
    let joined = 0
    for (const address of flags.positional) {
      try {
        await client.put(`/v1/agent/join/${encodeURIComponent(address)}`, {
          wan: flagIsSet(flags, 'wan') ? '1' : undefined,
        })
        joined += 1
      } catch (error) {
        if (error instanceof MusterError && error.code === 'CLI_UNREACHABLE') throw error
        io.err(errorLines(`Error joining address '${address}'`, error))
      }
    }
    if (joined === 0) {
      io.err('Failed to join any nodes.\n')
      return 1
    }
    io.out(`Successfully joined cluster by contacting ${joined} nodes.\n`)
    return 0
  },
}
