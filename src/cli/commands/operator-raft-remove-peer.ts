import { flagValue } from '../../common/flags.js'
import { Client, unexpected } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { errorLines } from '../error-lines.js'

/** `muster operator raft remove-peer`. */
export const command: Command = {
  usage: 'operator raft remove-peer [options]',
  description:
    'Takes a server that will not come back out of those that vote. One that is alive is stopped with "muster leave" instead.',
  examples: [
    ['muster operator raft remove-peer -id=9e39f184-5cc1-4d2b-9a1e-0b7f7c2d7a11', 'by its node id'],
    ['muster operator raft remove-peer -address=10.0.0.3:8300', 'by its Raft address'],
  ],
  flags: [
    { name: 'id', type: 'string', placeholder: 'ID', help: 'node id of the server' },
    { name: 'address', type: 'string', placeholder: 'IP:PORT', help: 'Raft address of the server' },
    ...clientFlags,
    ...serverFlags,
  ],
  async run(flags, io) {
    const id = flagValue(flags, 'id') ?? ''
    const address = flagValue(flags, 'address') ?? ''
    const fault =
      id === '' && address === ''
        ? 'an address or id is required for the peer to remove'
        : id !== '' && address !== ''
          ? 'an address or an id is required, not both'
          : undefined
    if (fault !== undefined) {
      io.err(`Error removing peer: ${fault}\n`)
      return 1
    }
    const client = await Client.connect(flags, io)
    const answer = await client.request('DELETE', '/v1/operator/raft/peer', id === '' ? { address } : { id })
    if (answer.status !== 200) {
      io.err(errorLines('Error removing peer', unexpected(answer)))
      return 1
    }
    io.out(`Removed peer with ${id === '' ? `address "${address}"` : `id "${id}"`}\n`)
    return 0
  },
}
