import fs from 'node:fs/promises'
import { replaceVerified } from '../../common/durable-files.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import type { SnapshotMeta } from '../../snapshot/index.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { fileArgument, verifySnapshot } from '../snapshot-file.js'

/** `muster snapshot save`. */
export const command: Command = {
  usage: 'snapshot save [options] FILE',
  description:
    'Saves the catalog, keys, sessions and prepared queries to FILE, as of one moment. The file gets its name only once it has been written '
    + 'to the disk, read again and found whole. It holds every key, so only its owner may read it.',
  examples: [
    ['muster snapshot save backup.snap', 'of this datacenter'],
    ['muster snapshot save -stale backup.snap', 'from any server, even without a leader'],
  ],
  flags: [...clientFlags, ...serverFlags],
  async run(flags, io) {
    const file = fileArgument(flags, io)
    const { bytes } = await (await Client.connect(flags, io)).download('/v1/snapshot')
    const { Index: index, Build: build } = await saveVerified(file, bytes)
    io.out(`Saved and verified snapshot to index ${index}\n`)
    // Consul's archives do not name their writer.
    if (build === '')
      io.err(
        "  note: the archive is Consul's: its checksums and sizes hold, its records were not read; it is Consul that restores it\n",
      )
    return 0
  },
}

/** What the archive says of itself, once it is on the disk. */
async function saveVerified(file: string, bytes: Buffer): Promise<SnapshotMeta> {
  try {
    return await replaceVerified(file, bytes, async temporary => verifySnapshot(await fs.readFile(temporary)))
  } catch (cause) {
    if (cause instanceof MusterError) throw cause
    throw new MusterError('CLI_FILE', `Error creating snapshot file: ${errorMessage(cause)}`, {
      cause,
      hint: 'name a file in a folder that you may write to',
    })
  }
}
