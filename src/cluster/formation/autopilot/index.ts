export { Autopilot } from './autopilot.js'
export { configurationInForce } from './kept-configuration.js'
export { quorum } from './judge.js'
export type { ConfigurationStore, KeptConfiguration } from './types.js'
