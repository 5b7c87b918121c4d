export * from './api.js'
export { Agent, type AgentDependencies } from './agent.js'
export { checkTimes, nodeData } from './catalog-data.js'
export {
  isReadinessLevel,
  readinessLevels,
  readyAt,
  type LevelAnswer,
  type ReadinessFacts,
  type ReadinessLevel,
} from './readiness-level.js'
export { resolveNodeId } from './node-id.js'
export { noPersistence, openPersistence, type Persistence } from './persistence.js'
export { RemoteExec, type RemoteExecParts } from './remote-exec/remote-exec.js'
export type { ConfigReader, InitialLoad } from './reload.js'
export { ownerOf } from './sync-compare.js'
export { catalogTarget, type NodeChanges, type RemoteNode, type SyncTarget } from './sync-target.js'
