import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'
import { table } from '../table.js'

interface Configuration {
  readonly Servers: readonly {
    readonly ID: string
    readonly Node: string
    readonly Address: string
    readonly Leader: boolean
    readonly Voter: boolean
    readonly ProtocolVersion: string
  }[]
}

/** `muster operator raft list-peers`. */
export const command: Command = {
  usage: 'operator raft list-peers [options]',
  description: 'Lists the servers that keep the catalog together: who leads, and who votes.',
  examples: [
    ['muster operator raft list-peers', 'all of them'],
    ['muster operator raft list-peers -stale', 'also while there is no leader'],
  ],
  flags: [formatFlag, ...clientFlags, ...serverFlags],
  async run(flags, io) {
    const json = wantsJson(flags)
    const client = await Client.connect(flags, io)
    const { Servers } = await client.get<Configuration>('/v1/operator/raft/configuration')
    if (json) printJson(io, Servers)
    else
      io.out(
        table([
          ['Node', 'ID', 'Address', 'State', 'Voter', 'RaftProtocol'],
          ...Servers.map(server => [
            server.Node,
            server.ID,
            server.Address,
            server.Leader ? 'leader' : 'follower',
            String(server.Voter),
            server.ProtocolVersion,
          ]),
        ]),
      )
    return 0
  },
}
