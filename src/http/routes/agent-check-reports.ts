import type { AgentApi } from '../../agent/index.js'
import { MusterError } from '../../common/errors.js'
import { isCheckStatus, type CheckStatus } from '../../common/health.js'
import { empty, type Answer } from '../answer/answer.js'
import { decodeBody, object, string } from '../request/decode.js'
import type { Deps } from '../deps.js'
import type { ApiRequest, Route } from '../route.js'

const report = object({ Status: string, Output: string })

const words = [
  ['pass', 'passing'],
  ['warn', 'warning'],
  ['fail', 'critical'],
] as const

/** TTL reports: `/v1/agent/check/{pass,warn,fail,update}/:id`. */
export const agentCheckReportRoutes = ({ agent }: Deps): readonly Route[] => [
  ...words.map(([word, status]): Route => ({
    path: `/v1/agent/check/${word}/*`,
    reach: 'local',
    PUT: ({ rest, query }) => tell(agent, rest, status, query.first('note')),
  })),
  { path: '/v1/agent/check/update/*', reach: 'local', PUT: request => update(agent, request) },
]

function update(agent: AgentApi, { rest, body }: ApiRequest): Promise<Answer> {
  const { Status: status = '', Output: output = '' } = decodeBody(body, report)
  if (!isCheckStatus(status))
    throw new MusterError('HTTP_PARAMETER', `Invalid check status: '${status}'`, { status: 400 })
  return tell(agent, rest, status, output)
}

async function tell(agent: AgentApi, id: string, status: CheckStatus, output: string): Promise<Answer> {
  await agent.reportTtl(id, status, output)
  return empty()
}
