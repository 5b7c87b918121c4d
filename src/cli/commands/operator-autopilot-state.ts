import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { formatFlag, printJson, wantsJson } from '../format.js'

interface Server {
  readonly ID: string
  readonly Name: string
  readonly Address: string
  readonly Version: string
  readonly Status: string
  readonly NodeType: string
  readonly NodeStatus: string
  readonly Healthy: boolean
  readonly LastContact: string
  readonly LastTerm: number
  readonly LastIndex: number
}

interface State {
  readonly Healthy: boolean
  readonly FailureTolerance: number
  readonly Leader: string
  readonly Voters: readonly string[]
  readonly Servers: Readonly<Record<string, Server>>
}

/** `muster operator autopilot state`. */
export const command: Command = {
  usage: 'operator autopilot state [options]',
  description: 'Shows how the servers are, and how many more may fail before there is no leader.',
  examples: [
    ['muster operator autopilot state', 'for people'],
    ['muster operator autopilot state -format=json', 'for programs'],
  ],
  flags: [formatFlag, ...clientFlags, ...serverFlags],
  async run(flags, io) {
    const json = wantsJson(flags)
    const client = await Client.connect(flags, io)
    const state = await client.get<State>('/v1/operator/autopilot/state')
    if (json) printJson(io, state)
    else io.out(pretty(state))
    return 0
  },
}

const pretty = ({ Healthy, FailureTolerance, Leader, Voters, Servers }: State): string =>
  [
    `Healthy:           ${Healthy}`,
    `Failure Tolerance: ${FailureTolerance}`,
    `Leader:            ${Leader}`,
    'Voters:',
    ...Voters.map(id => `   ${id}`),
    'Servers:',
    ...Object.values(Servers)
      .sort((a, b) => (a.ID < b.ID ? -1 : 1))
      .flatMap(serverLines),
  ]
    .map(line => `${line}\n`)
    .join('')

const serverLines = (server: Server): string[] => [
  `   ${server.ID}`,
  `      Name:              ${server.Name}`,
  `      Address:           ${server.Address}`,
  `      Version:           ${server.Version}`,
  `      Status:            ${server.Status}`,
  `      Node Type:         ${server.NodeType}`,
  `      Node Status:       ${server.NodeStatus}`,
  `      Healthy:           ${server.Healthy}`,
  `      Last Contact:      ${server.LastContact}`,
  `      Last Term:         ${server.LastTerm}`,
  `      Last Index:        ${server.LastIndex}`,
]
