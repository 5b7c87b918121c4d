import type { LocalCheck, LocalService } from '../../agent/index.js'
import { MusterError } from '../../common/errors.js'
import { json, text, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { ApiRequest, Route } from '../route.js'
import { agentCheckView, agentServiceView } from '../views/agent-views.js'

/** `/v1/agent/health/service/*`: health of this agent's services as a status code, for load balancers. */
export const agentHealthRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/agent/health/service/id/*', reach: 'local', GET: request => byId(deps, request) },
  { path: '/v1/agent/health/service/name/*', reach: 'local', GET: request => byName(deps, request) },
]

type Aggregated = 'passing' | 'warning' | 'critical' | 'maintenance'

const order: readonly Aggregated[] = ['passing', 'warning', 'critical', 'maintenance']
const codes: Readonly<Record<Aggregated, number>> = { passing: 200, warning: 429, critical: 503, maintenance: 503 }

const worst = (statuses: readonly Aggregated[]): Aggregated =>
  order[Math.max(0, ...statuses.map(status => order.indexOf(status)))] ?? 'passing'

const statusOf = (checks: readonly LocalCheck[]): Aggregated =>
  worst(checks.map(({ type, status }) => (type === 'maintenance' ? 'maintenance' : status)))

function byId(deps: Deps, request: ApiRequest): Answer {
  const id = request.rest
  if (id === '') throw new MusterError('HTTP_MISSING', 'Bad request: Missing serviceID', { status: 500 })
  const service = deps.agent.services().get(id)
  const reason = (status: string): readonly string[] => ['X-Consul-Reason', status]
  if (service === undefined) {
    return wantsText(request)
      ? json(`ServiceId ${id} not found`, 404, reason('critical'))
      : json({ AggregatedStatus: 'critical', Service: null, Checks: null }, 404, reason('critical'))
  }
  const { status, view } = health(deps, service)
  return wantsText(request) ? text(status, codes[status], reason(status)) : json(view, codes[status], reason(status))
}

function byName(deps: Deps, request: ApiRequest): Answer {
  const name = request.rest
  if (name === '') throw new MusterError('HTTP_MISSING', 'Bad request: Missing service Name', { status: 500 })
  const found = [...deps.agent.services().values()]
    .filter(({ definition }) => definition.name === name)
    .map(service => health(deps, service))
  if (found.length === 0) {
    return wantsText(request)
      ? text(`ServiceName ${name} Not Found`, 404, ['X-Consul-Reason', 'critical'])
      : json([], 404, ['X-Consul-Reason', 'critical'])
  }
  const status = worst(found.map(one => one.status))
  const headers = ['X-Consul-Reason', status]
  return wantsText(request)
    ? text(status, codes[status], headers)
    : json(
        found.map(({ view }) => view),
        codes[status],
        headers,
      )
}

/** A service with its own checks and those of the node, which count for every service on it. */
function health({ agent, settings }: Deps, service: LocalService) {
  const { datacenter, nodeName } = settings()
  const checks = [...agent.checks().values()].filter(
    ({ serviceId }) => serviceId === '' || serviceId === service.definition.id,
  )
  const status = statusOf(checks)
  return {
    status,
    view: {
      AggregatedStatus: status,
      Service: agentServiceView(service, datacenter),
      Checks: checks.map(check => agentCheckView(check, nodeName)),
    },
  }
}

const wantsText = (request: ApiRequest): boolean =>
  request.query.first('format') === 'text' || (request.header('accept') ?? '').startsWith('text/plain')
