import type { Deps } from '../deps.js'
import type { Route } from '../route.js'
import { aclRoutes } from './acl.js'
import { agentCheckReportRoutes } from './agent-check-reports.js'
import { agentControlRoutes } from './agent-control.js'
import { agentHealthRoutes } from './agent-health.js'
import { agentMetricsRoutes } from './agent-metrics.js'
import { agentMonitorRoutes } from './agent-monitor.js'
import { agentSelfRoutes } from './agent-self.js'
import { agentServicesRoutes } from './agent-services.js'
import { catalogRoutes } from './catalog.js'
import { catalogWriteRoutes } from './catalog-writes.js'
import { coordinateRoutes } from './coordinate.js'
import { eventRoutes } from './event.js'
import { healthRoutes } from './health.js'
import { internalUiRoutes } from './internal-ui.js'
import { kvRoutes } from './kv.js'
import { operatorAutopilotRoutes } from './operator-autopilot.js'
import { operatorKeyringRoutes } from './operator-keyring.js'
import { operatorRaftRoutes } from './operator-raft.js'
import { profileRoutes } from './profile.js'
import { operatorUsageRoutes } from './operator-usage.js'
import { queryRoutes } from './query.js'
import { rootRoutes } from './root.js'
import { sessionRoutes } from './session.js'
import { snapshotRoutes } from './snapshot.js'
import { statusRoutes } from './status.js'
import { txnRoutes } from './txn.js'

/** Every area of the API. A new one is a file here and a line in this list. */
const areas: readonly ((deps: Deps) => readonly Route[])[] = [
  agentSelfRoutes,
  agentServicesRoutes,
  agentCheckReportRoutes,
  agentHealthRoutes,
  agentControlRoutes,
  agentMonitorRoutes,
  agentMetricsRoutes,
  catalogRoutes,
  catalogWriteRoutes,
  coordinateRoutes,
  eventRoutes,
  healthRoutes,
  kvRoutes,
  sessionRoutes,
  txnRoutes,
  queryRoutes,
  statusRoutes,
  snapshotRoutes,
  operatorRaftRoutes,
  operatorAutopilotRoutes,
  operatorKeyringRoutes,
  operatorUsageRoutes,
  internalUiRoutes,
  aclRoutes,
  profileRoutes,
  rootRoutes,
]

/** All endpoints. */
export const allRoutes = (deps: Deps): readonly Route[] => areas.flatMap(routesOf => routesOf(deps))
