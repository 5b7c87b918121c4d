export * from './types.js'
export { consulService } from './membership/consul-service.js'
export type {
  ApiListener,
  CallOptions,
  ProxyOptions,
  RpcCaller,
  RpcClient,
  RpcHandler,
  RpcPort,
  RpcServer,
  RpcSink,
  RpcStreamHandler,
} from './rpc/types.js'
export { createRpcServer, streamsPerConnection, type RpcListen, type RpcServerOptions } from './rpc/server.js'
export { createRpcClient, type RpcClientOptions } from './rpc/client.js'
export { isUnreachable, wasNotSent } from './rpc/unreachable.js'
export type { DatacenterCoordinates, ServerCoordinates } from './coordinates/types.js'
export { createCoordinates, type Coordinates, type CoordinatesOptions } from './coordinates/coordinates.js'
export {
  createCoordinateBatch,
  updateMethod as coordinateUpdateMethod,
  type CoordinateBatch,
  type CoordinateBatchOptions,
} from './coordinates/batch.js'
export { EventLog, type EventFeed, type EventLogParts } from './events/event-log.js'
export { newEvent, type EventRequest } from './events/filters.js'
export { catalogFeed, serveEvents, serverFeed, type ServerFeedParts } from './events/feeds.js'
export { createWan, wanStats } from './wan/wan.js'
export { catalogDirectory } from './wan/catalog-directory.js'
export type { ApiAnswer, Wan, WanDirectory, WanOptions, WanRoute } from './wan/types.js'
export { asServer, ClientMembership, type ClientMembershipOptions } from './client/client-membership.js'
export { heartbeat, isRefusal } from './client/heartbeats.js'
export { ServerPool, type ServerPoolOptions } from './client/server-pool.js'
export { serversFile, type ServersFile } from './client/servers-file.js'
export { registerSyncHandlers, remoteSyncTarget, type RemoteSyncTarget } from './client/sync.js'
export { upstreams, type Candidates, type RequestRoute } from './client/upstreams.js'
export { openFormation } from './servers/open-formation.js'
export type { OpenedFormation } from './servers/etcd-formation.js'
export type { FormationOptions } from './servers/options.js'
export { joinAddresses, retryJoin, type Joining, type RetryJoin } from './servers/join.js'
export { hostPort, lanAddress, parseHostPort, raftAddress } from './servers/addresses.js'
export {
  methods as serverMethods,
  readAgent,
  readHelloAnswer,
  readServer,
  type Hello,
  type HelloAnswer,
} from './servers/messages.js'
export type { Formation, FormationState } from './servers/types.js'
export type { ConfigurationStore, KeptConfiguration } from './autopilot/index.js'
export { ClusterMembership } from './membership/cluster-membership.js'
export { catalogConfiguration } from './membership/autopilot-configuration.js'
export { clientTags, serverTags } from './membership/member-tags.js'
export { heartbeatInterval, leaseTtl } from './membership/lease-ttl.js'
export { Quorum, type QuorumParts } from './membership/quorum.js'
export { readStanding, serverStanding, serverUnheard, type ServerFacts } from './membership/standing.js'
export { logChanges } from './membership/change-log.js'
export {
  memberMethods,
  type Duty,
  type Heartbeat,
  type HeartbeatAnswer,
  type MemberList,
  type MembershipOptions,
  type WanPart,
} from './membership/types.js'
export { ViewHub, type ViewHubOptions } from './views/view-hub.js'
export { askDatacenters, registerDatacenters } from './views/datacenters.js'
export { openViews, type Views, type ViewsOptions } from './views/views.js'
export { ViewStore } from './views/view-store.js'
export { registerQueryHandler, remoteQueries } from './views/remote-queries.js'
export { openEtcdProcess } from './etcd/process.js'
export { etcdVersion } from './etcd/version.js'
export { hasEtcdData } from './etcd/data.js'
export type { EtcdProcessOptions } from './etcd/options.js'
export type { EtcdProcess, EtcdStart, EtcdState, KnownPeer } from './etcd/types.js'
