export * from './types.js'
export * from './api.js'
export { Catalog } from './catalog.js'
export type { CatalogDeps, FollowDeps } from './catalog.js'
export type { UnreadableHandler } from './state.js'
export * from './health.js'
export { fromAfar, fromHere, type Perspective } from './from-afar.js'
export { canonicalAddress } from './address.js'
export { compareText } from './order.js'
export { checkKey, nodeKey, serviceKey } from './keys.js'
export { completeCheck, register } from './commands/register.js'
export type { RegisterCheck, RegisterRequest, RegisterService } from './commands/register.js'
export { deregister } from './commands/deregister.js'
export type { DeregisterRequest } from './commands/deregister.js'
export { removeNode } from './commands/remove-node.js'
export { pushNode, syncNode } from './commands/sync-node.js'
export type { SyncProgress, SyncRequest } from './commands/sync-node.js'
export { Draft, drafted } from './commands/draft.js'
export { fireEvent } from './commands/event.js'
export { readEvents } from './events/codec.js'
export type { EventData, UserEvent } from './events/types.js'
export { updateCoordinates } from './commands/coordinate.js'
export type { CoordinateUpdate } from './commands/coordinate.js'
export type { NodeCoordinate } from './tables/coordinates.js'
export { nearestFirst } from './queries/near.js'
export { placeNode } from './commands/place-node.js'
export { checkType, normaliseDefinition } from './commands/check-definition.js'
export type { KvData, KvEntry, Lock } from './kv/types.js'
export { kvAcquire, kvCas, kvDelete, kvDeleteCas, kvDeleteTree, kvPut, kvRelease } from './commands/kv.js'
export type { Session, SessionBehavior, SessionData, SessionFollower } from './sessions/types.js'
export { assertSessionId, createSession, destroySession } from './commands/session.js'
export type { SessionRequest } from './commands/session.js'
export { startSessionReaper } from './sessions/reaper.js'
export type { ReaperParts } from './sessions/reaper.js'
export { isWriteOp, readTransaction, runTransaction } from './txn/transaction.js'
export type { TxnError, TxnOp, TxnOutcome, TxnResult } from './txn/types.js'
export { isTemplate } from './queries/types.js'
export type { PreparedQuery, QueryData, QueryTemplate, ServiceQuery } from './queries/types.js'
export { createQuery, deleteQuery, updateQuery } from './commands/query.js'
export { assertQueryId, lookUp } from './queries/lookup.js'
export { runQuery, selectForQuery } from './queries/execute.js'
export type { QueryOutcome, QueryRun, QueryRunner, RemoteDatacenters } from './queries/execute.js'
export { isSaved, type SavedEntry } from './saved-state.js'
export { readServiceQuery } from './queries/service-query.js'
export { readInstances } from './codec.js'
export { preparedQueries } from './queries/prepared-queries.js'
export type {
  AgentData,
  AutopilotData,
  AutopilotRecord,
  LeaseMark,
  LeaseMarkData,
  MemberData,
  MemberRecord,
  MemberState,
  WanServer,
} from './members/types.js'
export { foundAutopilot, setAutopilot } from './commands/autopilot.js'
export { putWanServer, removeWanServer } from './commands/wan-server.js'
export type { WanServerLife } from './commands/wan-server.js'
export {
  becomeSteward,
  memberAlive,
  memberLeft,
  membersFailed,
  reapMember,
  standsForServer,
} from './commands/member.js'
export type { MemberArrival } from './commands/member.js'
export { encodeCheck, encodeNode, encodeService } from './codec.js'
export type { StoredCheck } from './codec.js'
