export { Autopilot, type AutopilotOptions } from './autopilot.js'
export { configurationInForce } from './kept-configuration.js'
export { failureTolerance, isHealthy, quorum, removableServers, type LeaderPosition, type Removable } from './judge.js'
export type { ConfigurationStore, KeptConfiguration } from './types.js'
