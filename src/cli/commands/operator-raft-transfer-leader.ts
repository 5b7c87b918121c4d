import { flagValue } from '../../common/flags.js'
import { Client, unexpected } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { errorLines } from '../error-lines.js'

/** `muster operator raft transfer-leader`. */
export const command: Command = {
  usage: 'operator raft transfer-leader [options]',
  description: 'Hands the lead to another server, as before maintenance of the one that leads.',
  examples: [
    ['muster operator raft transfer-leader', 'to the best of the others'],
    ['muster operator raft transfer-leader -id=9e39f184-5cc1-4d2b-9a1e-0b7f7c2d7a11', 'to a certain one'],
  ],
  flags: [
    { name: 'id', type: 'string', placeholder: 'ID', help: 'node id of the server that shall lead' },
    ...clientFlags,
    ...serverFlags,
  ],
  async run(flags, io) {
    const client = await Client.connect(flags, io)
    const answer = await client.request('POST', '/v1/operator/raft/transfer-leader', { id: flagValue(flags, 'id') })
    if (answer.status !== 200) {
      io.err(errorLines('Error transferring leadership', unexpected(answer)))
      return 1
    }
    io.out('Success\n')
    return 0
  },
}
