import { json, text, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { ApiRequest, Route } from '../route.js'

/**
 * `/v1/agent/metrics`, as JSON or, with `?format=prometheus` or an Accept header of a scraper, in Prometheus' text
 * format.
 */
export const agentMetricsRoutes = ({ metrics }: Deps): readonly Route[] => [
  {
    path: '/v1/agent/metrics',
    reach: 'local',
    whileNotReady: true,
    GET: async (request): Promise<Answer> =>
      wantsPrometheus(request)
        ? text(await metrics.prometheus(), 200, [], 'text/plain; version=0.0.4; charset=utf-8')
        : json(await metrics.json()),
  },
]

function wantsPrometheus(request: ApiRequest): boolean {
  const format = request.query.first('format')
  if (format !== '') return format === 'prometheus'
  const accept = request.header('accept') ?? ''
  return accept.includes('application/openmetrics-text') || /text\/plain[^,]*version=0\.0\.4/.test(accept)
}
