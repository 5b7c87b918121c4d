import { Client, unexpected } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { fileArgument, readFile, readSnapshot } from '../snapshot-file.js'

/** `muster snapshot restore`. */
export const command: Command = {
  usage: 'snapshot restore [options] FILE',
  description:
    'Makes the catalog, keys, sessions and prepared queries what FILE holds. What was written since it was saved is lost. A file that is not whole is '
    + 'refused before anything is changed. Agents put the services they run back into the catalog by themselves.',
  examples: [['muster snapshot restore backup.snap', 'in this datacenter']],
  flags: [...clientFlags, ...serverFlags],
  async run(flags, io) {
    const file = fileArgument(flags, io)
    const bytes = await readFile(file)
    await readSnapshot(bytes)
    const answer = await (await Client.connect(flags, io)).request('PUT', '/v1/snapshot', {}, bytes)
    if (answer.status !== 200) throw unexpected(answer)
    io.out('Restored snapshot\n')
    return 0
  },
}
