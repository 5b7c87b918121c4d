import { MusterError } from '../../common/errors.js'
import { flagIsSet } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster force-leave`. */
export const command: Command = {
  usage: 'force-leave [options] NODE',
  description:
    'Takes a failed member out of the cluster: its node and services leave the catalog at once. A member that lives comes back by itself.',
  examples: [
    ['muster force-leave n3', 'it is listed as left from then on'],
    ['muster force-leave -prune n3', 'and is not listed any more'],
  ],
  flags: [{ name: 'prune', type: 'bool', help: 'do not list it any more' }, ...clientFlags],
  async run(flags, io) {
    const [node, ...others] = flags.positional
    if (node === undefined || others.length > 0)
      throw new MusterError('USAGE', 'A single node name must be specified to force leave.')
    const client = await Client.connect(flags, io)
    await client.put(`/v1/agent/force-leave/${encodeURIComponent(node)}`, {
      prune: flagIsSet(flags, 'prune') ? '1' : undefined,
    })
    return 0
  },
}
