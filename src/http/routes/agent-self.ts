import { json, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { ApiRequest, Route } from '../route.js'
import { agentStats } from '../views/agent-stats.js'
import { hostReport } from '../views/host-report.js'
import { isReadinessLevel, readinessLevels, readyAt } from '../../agent/index.js'
import { isAlone } from '../../config/index.js'
import { MusterError } from '../../common/errors.js'
import { apiVersion, version } from '../../common/version.js'
import { memberView, unheardView } from '../views/agent-views.js'
import { coordinateView } from '../views/coordinate-views.js'
import { debugConfigView } from '../views/debug-config-view.js'
import { restartsView } from '../views/reload-views.js'

/** What the agent is: `/v1/agent/self`, `members`, `host`, `ready`. */
export const agentSelfRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/agent/self', reach: 'local', whileNotReady: true, GET: async () => json(await self(deps)) },
  { path: '/v1/agent/members', reach: 'local', whileNotReady: true, GET: request => members(deps, request) },
  {
    path: '/v1/agent/host',
    reach: 'local',
    whileNotReady: true,
    GET: async () => json(await hostReport(deps.settings().dataDir, deps.clock.now())),
  },
  { path: '/v1/agent/ready', reach: 'local', whileNotReady: true, GET: request => ready(deps, request) },
]

/** Of a millisecond. */
const nanoseconds = 1e6

/** Consul's own client and Prometheus read this as objects by section: nothing else may stand at the top. */
async function self({ settings, agent, membership, places, clock }: Deps) {
  const now = settings()
  const member = membership.members().find(({ name }) => name === now.nodeName)
  return {
    Config: {
      Datacenter: now.datacenter,
      PrimaryDatacenter: now.primaryDatacenter,
      NodeName: now.nodeName,
      NodeID: agent.nodeId,
      Revision: '',
      Server: now.server,
      Version: apiVersion,
      MusterVersion: version,
      // In nanoseconds: Patroni looks here for the shortest TTL that it may ask for.
      SessionTTLMin: Math.round(now.sessionTtlMin * nanoseconds),
      NeedsRestart: restartsView(agent.lastReload.needsRestart),
    },
    DebugConfig: debugConfigView(now, agent.nodeId),
    Coord: places?.own === undefined ? null : coordinateView(places.own),
    Member: member === undefined ? null : memberView(member),
    Stats: await agentStats({ settings: now, agent, membership, uptime: clock.monotonic() }),
    Meta: now.nodeMeta,
    // Tools of the service mesh look here for the proxies that the agent can configure: none.
    xDS: { SupportedProxies: {} },
  }
}

function members({ membership, standing }: Deps, { query }: ApiRequest): Answer {
  const wan = query.first('wan') !== ''
  const segment = query.first('segment')
  if (wan && segment !== '' && segment !== '_all')
    throw new MusterError('HTTP_PARAMETER', 'Cannot provide a segment with wan=true', { status: 400 })
  if (segment !== '' && segment !== '_all')
    throw new MusterError('HTTP_PARAMETER', `segment "${segment}" not found: there are no network segments`, {
      status: 400,
    })
  if (wan) return json(membership.wanMembers().map(memberView))
  const unheard = standing.unheard()
  return json(
    membership
      .members()
      .map(member => ({ ...memberView(member), ...(unheard !== undefined && unheardView(member, unheard)) })),
  )
}

async function ready({ agent, catalog, settings, standing }: Deps, { query }: ApiRequest): Promise<Answer> {
  const given = query.first('level')
  const level = given === '' ? 'writable' : given
  if (!isReadinessLevel(level)) {
    throw new MusterError('HTTP_PARAMETER', `level=${level} is no level of readiness`, {
      status: 400,
      hint: `levels are ${readinessLevels.join(', ')}`,
    })
  }
  const facts = { agent: agent.readiness(), alone: isAlone(settings()), loaded: catalog.loaded }
  // Level "started" needs no leader, so skip this check: on a client agent it calls a server.
  const answer = readyAt(level, {
    ...facts,
    standing: level === 'started' ? { writable: true } : await standing.standing(),
  })
  return answer.ready ? json({ Ready: true }) : json({ Ready: false, Reason: `${answer.reason}; ${answer.hint}` }, 503)
}
