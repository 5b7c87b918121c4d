import type { Catalog, RemoteDatacenters, SyncTarget } from '../catalog/index.js'
import type { EventFeed, Membership, ServerCoordinates, StandingSource } from '../cluster/index.js'
import type { RpcClient, RpcServer } from '../rpc/index.js'
import type { MusterError } from '../common/errors.js'
import type { Clock } from '../common/clock.js'
import type { Settings } from '../config/index.js'
import type { DnsServerDeps } from '../dns/index.js'
import type { Forwarding } from '../http/index.js'
import type { Logger, Metrics } from '../telemetry/index.js'
import type { Closers } from './closers.js'

/** What a role is built from. */
export interface RoleParts {
  readonly settings: Settings
  readonly nodeId: string
  readonly calls: { readonly server: RpcServer; readonly client: RpcClient }
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly metrics: Metrics
  readonly opened: Closers
  /** Servers appeared, or answer again: this node's entries have to be compared with theirs. */
  readonly serversChanged: () => void
  /** The agent cannot go on, and ends with this error. */
  readonly giveUp: (error: MusterError) => void
}

/**
 * What an agent is to the cluster, as the rest of the daemon uses it: a server of one kind or another, or a client
 * agent.
 */
export interface Role {
  readonly catalog: Catalog
  readonly membership: Membership
  readonly target: SyncTarget
  /** Whether every read of the catalog is as new as every acknowledged write, without asking anyone. */
  readonly alwaysCurrent: boolean
  readonly forward: Forwarding
  readonly places?: ServerCoordinates
  readonly others?: RemoteDatacenters
  /** Where user events come from; the catalog unless given. */
  readonly eventFeed?: EventFeed
  /** What DNS has beside the catalog. */
  readonly dns: Pick<DnsServerDeps, 'queries' | 'remote' | 'views' | 'freshness'>
  readonly lastContact?: () => number
  /** Whether what is written here would be answered, and whether the members are vouched for. */
  readonly standing: StandingSource
  /** Whether the catalog is there as soon as the agent is: then the agent is ready before it is said to run. */
  readonly alone: boolean
  /** Takes its place in the cluster. @throws MusterError when it cannot, and the agent has to end */
  begin(): Promise<void>
}
