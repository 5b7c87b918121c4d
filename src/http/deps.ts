import type { AgentApi } from '../agent/index.js'
import type { CatalogReads, CatalogWrites, RemoteDatacenters } from '../catalog/index.js'
import type { EventLog, Membership, ServerCoordinates, StandingSource } from '../cluster/index.js'
import type { Clock } from '../common/clock.js'
import type { Settings } from '../config/index.js'
import type { Logger, LogHub, Metrics } from '../telemetry/index.js'
import type { Forwarding } from './rules/forwarding.js'
import type { FilterWork } from './reads/item-filter.js'
import type { Reads } from './reads/reads.js'
import type { UnreadAnswers } from './answer/unread-answers.js'
import type { Fragments } from './views/fragments.js'

/** What route files are given. `settings` is asked on each use: a reload may have changed them. */
export interface Deps {
  readonly settings: () => Settings
  readonly agent: AgentApi
  readonly catalog: CatalogReads & CatalogWrites
  readonly membership: Membership
  /** Where agents are in the space of round trips; not given: nothing is measured. */
  readonly places: ServerCoordinates | undefined
  /** Where prepared queries look that find nothing here; not given: there is no other datacenter. */
  readonly others: RemoteDatacenters | undefined
  /** User events that this agent accepted. */
  readonly events: EventLog
  readonly logs: LogHub
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly reads: Reads
  readonly filterWork: FilterWork
  readonly fragments: Fragments
  /** The same as agents of other datacenters see it that prefer WAN addresses. */
  readonly remoteFragments: Fragments
  /** Milliseconds since this server last heard of a leader; 0 while it knows one. */
  readonly lastContact: () => number
  /** Whether what is written would be answered, and whether the members are vouched for. */
  readonly standing: StandingSource
  readonly forwarding: Forwarding
  /** Large answers that clients have not read yet. */
  readonly unread: UnreadAnswers
  /** Aborted when the server closes: whatever waits ends. */
  readonly closing: AbortSignal
}
