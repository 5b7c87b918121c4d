import type { Duration } from './duration.js'

/** How autopilot decides, as operators set it. Durations in milliseconds; on the wire they are texts of Go. */
export interface AutopilotConfiguration {
  readonly cleanupDeadServers: boolean
  readonly lastContactThreshold: Duration
  readonly maxTrailingLogs: number
  readonly minQuorum: number
  readonly serverStabilizationTime: Duration
  readonly redundancyZoneTag: string
  readonly disableUpgradeMigration: boolean
  readonly upgradeVersionTag: string
}
