import type { Client } from './client.js'

/** The configuration of autopilot as the API gives it; durations are texts of Go. */
export interface AutopilotConfiguration {
  readonly CleanupDeadServers: boolean
  readonly LastContactThreshold: string
  readonly MaxTrailingLogs: number
  readonly MinQuorum: number
  readonly ServerStabilizationTime: string
  readonly RedundancyZoneTag: string
  readonly DisableUpgradeMigration: boolean
  readonly UpgradeVersionTag: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** Where it is read and written. */
export const autopilotPath = '/v1/operator/autopilot/configuration'

/** Asks for it. @throws MusterError CLI_ANSWER, CLI_UNREACHABLE */
export const autopilotConfiguration = (client: Client): Promise<AutopilotConfiguration> =>
  client.get<AutopilotConfiguration>(autopilotPath)
