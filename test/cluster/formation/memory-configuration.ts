import type { AutopilotConfiguration, ConfigurationStore } from '../../../src/cluster/index.js'
import { milliseconds } from '../../../src/common/duration.js'
import { revision } from '../../../src/store/index.js'

const autopilotConfiguration: AutopilotConfiguration = {
  cleanupDeadServers: true,
  lastContactThreshold: milliseconds(2000),
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTime: milliseconds(0),
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

/** Keeps autopilot's configuration in memory. */
export function memoryConfiguration(initial: AutopilotConfiguration = autopilotConfiguration): ConfigurationStore {
  let kept:
    | {
        configuration: AutopilotConfiguration
        created: ReturnType<typeof revision>
        modified: ReturnType<typeof revision>
      }
    | undefined
  return {
    initial,
    read: () => Promise.resolve(kept),
    write: (configuration, cas) => {
      if (cas !== undefined && cas !== (kept?.modified ?? 0)) return Promise.resolve(false)
      kept = { configuration, created: kept?.created ?? revision(1), modified: revision((kept?.modified ?? 0) + 1) }
      return Promise.resolve(true)
    },
  }
}
