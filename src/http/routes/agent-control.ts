import { empty, json, text, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { MusterError } from '../../common/errors.js'
import { withoutSecrets } from '../../config/index.js'
import type { ApiRequest, Route } from '../route.js'
import { diagnosticText, fileView, planView, reloadView } from '../views/reload-views.js'
import { required } from '../reads/selection.js'

const aclTokens = new Set([
  'default',
  'agent',
  'agent_master',
  'replication',
  'acl_token',
  'acl_agent_token',
  'acl_agent_master_token',
  'acl_replication_token',
])

/** Commands to the agent (join, leave, reload), and the state of its configuration files. */
export const agentControlRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/agent/join/*', reach: 'local', PUT: request => join(deps, request) },
  {
    path: '/v1/agent/leave',
    reach: 'local',
    whileNotReady: true,
    PUT: async () => {
      await deps.agent.leave()
      return empty()
    },
  },
  { path: '/v1/agent/force-leave/*', reach: 'local', PUT: request => forceLeave(deps, request) },
  { path: '/v1/agent/reload', reach: 'local', PUT: request => reload(deps, request) },
  { path: '/v1/agent/plan', reach: 'local', GET: async () => json(planView(await deps.agent.plan())) },
  { path: '/v1/agent/config', reach: 'local', whileNotReady: true, GET: () => json(configuration(deps)) },
  { path: '/v1/agent/token/*', reach: 'local', whileNotReady: true, PUT: ({ rest }) => token(rest) },
]

async function join({ membership }: Deps, { rest, query }: ApiRequest): Promise<Answer> {
  await membership.join([required(rest, 'Missing address to join')], query.first('wan') === '1')
  return empty()
}

async function forceLeave({ membership }: Deps, { rest, query }: ApiRequest): Promise<Answer> {
  await membership.forceLeave(required(rest, 'Missing node name'), query.has('prune'))
  return empty()
}

/**
 * Everything was taken: 200. Anything was refused: 500 and the findings, one a line, though the rest may have been
 * applied.
 */
async function reload({ agent }: Deps, { query }: ApiRequest): Promise<Answer> {
  const report = await agent.reload('api')
  const status = report.outcome === 'applied' ? 200 : 500
  if (query.first('format') === 'json') return json(reloadView(report), status)
  return status === 200 ? empty() : text(report.diagnostics.map(one => `${diagnosticText(one)}\n`).join(''), 500)
}

function configuration({ agent, settings }: Deps) {
  return {
    paths: agent.configPaths,
    files: agent.files.map(fileView),
    lastReload: reloadView(agent.lastReload),
    settings: withoutSecrets(settings()),
  }
}

function token(which: string): Answer {
  if (!aclTokens.has(which)) return text(`Token "${which}" is unknown`, 404)
  throw new MusterError('ACL_DISABLED', 'ACL support disabled', { status: 401 })
}
