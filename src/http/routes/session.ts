import { randomUUID } from 'node:crypto'
import { assertSessionId, createSession, destroySession, type Session } from '../../catalog/index.js'
import { json, text, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { Built } from '../answer/prepared-body.js'
import { agentHeader } from '../rules/forwarding.js'
import { builtJson } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { required } from '../reads/selection.js'
import { readSessionCreation } from '../request/session-body.js'
import { sessionView } from '../views/session-views.js'

/** Names, checks and a few numbers: far more than any session has. */
const creationLimit = 64 * 1024

/** `/v1/session/*`. */
export const sessionRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/session/create',
    reach: 'handed-on',
    PUT: request => create(deps, request),
    bodyLimit: () => creationLimit,
  },
  { path: '/v1/session/destroy/*', reach: 'handed-on', PUT: request => destroy(deps, request) },
  { path: '/v1/session/renew/*', reach: 'handed-on', PUT: request => renew(deps, request) },
  { path: '/v1/session/info/*', reach: 'handed-on', GET: request => info(deps, request) },
  { path: '/v1/session/node/*', reach: 'handed-on', GET: request => ofNode(deps, request) },
  { path: '/v1/session/list', reach: 'handed-on', GET: request => list(deps, request) },
]

async function create({ catalog, settings }: Deps, { body, header }: ApiRequest): Promise<Answer> {
  const { nodeName, sessionTtlMin } = settings()
  const { result } = await catalog.execute(
    createSession(readSessionCreation(body, randomUUID(), header(agentHeader) ?? nodeName), sessionTtlMin),
  )
  return json({ ID: result })
}

async function destroy({ catalog }: Deps, request: ApiRequest): Promise<Answer> {
  await catalog.execute(destroySession(sessionId(request)))
  return json(true)
}

async function renew({ catalog }: Deps, request: ApiRequest): Promise<Answer> {
  const id = sessionId(request)
  const session = await catalog.renewSession(id)
  return session === undefined ? text(`Session id '${id}' not found`, 404) : json([sessionView(session)])
}

function info({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const id = sessionId(request)
  return reads.answer(request, {
    topic: catalog.sessions.topics.one(id),
    shapedBy: [],
    build: () => {
      const session = catalog.sessions.get(id)
      return builtSessions(session === undefined ? [] : [session])
    },
  })
}

function ofNode({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const node = required(request.rest, 'Missing node name')
  return reads.answer(request, {
    topic: catalog.sessions.topics.ofNode(node),
    shapedBy: [],
    build: () => builtSessions(catalog.sessions.ofNode(node)),
  })
}

const list = ({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> =>
  reads.answer(request, {
    topic: catalog.sessions.topics.all(),
    shapedBy: [],
    build: () => builtSessions(catalog.sessions.all()),
  })

const builtSessions = (sessions: readonly Session[]): Built => builtJson(JSON.stringify(sessions.map(sessionView)))

function sessionId({ rest }: ApiRequest): string {
  const id = required(rest, 'Missing session')
  assertSessionId(id)
  return id
}
