import { flagValue, type FlagSpec, type ParsedFlags } from '../../common/flags.js'
import { autopilotConfiguration, autopilotPath, type AutopilotConfiguration } from '../autopilot.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** One flag a rule. */
const rules: readonly (FlagSpec & { readonly key: keyof AutopilotConfiguration })[] = [
  {
    name: 'cleanup-dead-servers',
    key: 'CleanupDeadServers',
    type: 'bool',
    help: 'remove servers that failed when a new one comes',
  },
  {
    name: 'last-contact-threshold',
    key: 'LastContactThreshold',
    type: 'string',
    placeholder: 'DURATION',
    help: 'longest silence of a healthy server',
  },
  {
    name: 'max-trailing-logs',
    key: 'MaxTrailingLogs',
    type: 'int',
    help: 'how many entries a healthy server may be behind',
  },
  { name: 'min-quorum', key: 'MinQuorum', type: 'int', help: 'servers to keep at least' },
  {
    name: 'server-stabilization-time',
    key: 'ServerStabilizationTime',
    type: 'string',
    placeholder: 'DURATION',
    help: 'how long a new server must be healthy before it votes',
  },
  {
    name: 'redundancy-zone-tag',
    key: 'RedundancyZoneTag',
    type: 'string',
    placeholder: 'KEY',
    help: 'kept, without effect',
  },
  { name: 'disable-upgrade-migration', key: 'DisableUpgradeMigration', type: 'bool', help: 'kept, without effect' },
  {
    name: 'upgrade-version-tag',
    key: 'UpgradeVersionTag',
    type: 'string',
    placeholder: 'KEY',
    help: 'kept, without effect',
  },
]

/** `muster operator autopilot set-config`. */
export const command: Command = {
  usage: 'operator autopilot set-config [options]',
  description: 'Changes the rules by which servers are looked after. Those that are not named stay.',
  examples: [
    [
      'muster operator autopilot set-config -cleanup-dead-servers=false',
      'keep dead servers until someone removes them',
    ],
  ],
  flags: [...rules, ...clientFlags, ...serverFlags],
  async run(flags, io) {
    const client = await Client.connect(flags, io)
    const now = await autopilotConfiguration(client)
    const { body } = await client.put(autopilotPath, { cas: String(now.ModifyIndex) }, { ...now, ...changes(flags) })
    if (body.trim() === 'true') {
      io.out('Configuration updated!\n')
      return 0
    }
    io.err('Configuration could not be atomically updated, please try again\n')
    return 1
  },
}

const changes = (flags: ParsedFlags): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    rules.flatMap(({ name, key, type }) => {
      const text = flagValue(flags, name)
      return text === undefined ? [] : [[key, type === 'int' ? Number(text) : type === 'bool' ? text === 'true' : text]]
    }),
  )
