import { autopilotConfiguration } from '../autopilot.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'

/** `muster operator autopilot get-config`. */
export const command: Command = {
  usage: 'operator autopilot get-config [options]',
  description:
    'Shows by which rules servers are looked after: when one counts as healthy, and whether dead ones are removed.',
  examples: [['muster operator autopilot get-config', 'all rules']],
  flags: [...clientFlags, ...serverFlags],
  async run(flags, io) {
    const now = await autopilotConfiguration(await Client.connect(flags, io))
    io.out(
      [
        `CleanupDeadServers = ${now.CleanupDeadServers}`,
        `LastContactThreshold = ${now.LastContactThreshold}`,
        `MaxTrailingLogs = ${now.MaxTrailingLogs}`,
        `MinQuorum = ${now.MinQuorum}`,
        `ServerStabilizationTime = ${now.ServerStabilizationTime}`,
        `RedundancyZoneTag = ${JSON.stringify(now.RedundancyZoneTag)}`,
        `DisableUpgradeMigration = ${now.DisableUpgradeMigration}`,
        `UpgradeVersionTag = ${JSON.stringify(now.UpgradeVersionTag)}`,
      ]
        .map(line => `${line}\n`)
        .join(''),
    )
    return 0
  },
}
