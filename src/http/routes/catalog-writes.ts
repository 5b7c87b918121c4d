import { sameName } from '../../common/same-name.js'
import type { EntryOrigin } from '../../agent/index.js'
import { deregister, register } from '../../catalog/index.js'
import { json, type Answer } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'
import type { Deps } from '../deps.js'
import { namedDatacenter, readDeregistration, readRegistration } from '../request/registration-body.js'
import { addressWarnings, warningHeader } from '../rules/registration-warnings.js'
import type { ApiRequest, Route } from '../route.js'
import { originText } from '../views/agent-views.js'

/** `/v1/catalog/register` and `deregister`. */
export const catalogWriteRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/catalog/register',
    reach: 'handed-on',
    PUT: request => put(deps, request),
    datacenterOf: namedDatacenter,
  },
  {
    path: '/v1/catalog/deregister',
    reach: 'handed-on',
    PUT: request => remove(deps, request),
    datacenterOf: namedDatacenter,
  },
]

async function put({ catalog, settings, agent, clock }: Deps, { body }: ApiRequest): Promise<Answer> {
  const request = readRegistration(body)
  const since = clock.now()
  await catalog.execute(
    register({
      ...request,
      ...(request.checks !== undefined && { checks: request.checks.map(check => ({ ...check, since })) }),
    }),
  )
  const { service } = request
  const addresses = addressWarnings([request.address ?? '', service?.address ?? ''])
  if (!sameName(request.node, settings().nodeName))
    return json(true, 200, warningHeader([...othersWarning(catalog, request.node), ...addresses]))
  const id =
    service === undefined ? '' : service.id === undefined || service.id === '' ? (service.name ?? '') : service.id
  const known = id === '' ? undefined : agent.services().get(id)
  return json(
    true,
    200,
    warningHeader([
      service === undefined
        ? `agent ${settings().nodeName} owns this node and puts back what it knows better`
        : known === undefined
          ? `agent ${settings().nodeName} owns this node and does not know service "${id}": it removes it with its next sync; register it at /v1/agent/service/register`
          : `agent ${settings().nodeName} owns service "${id}" (${origin(known.origin)}) and puts it back with its next sync`,
      ...addresses,
    ]),
  )
}

async function remove(deps: Deps, { body }: ApiRequest): Promise<Answer> {
  const { catalog, settings, agent } = deps
  const { node, serviceId, checkId } = readDeregistration(body)
  if (!sameName(node, settings().nodeName)) {
    const known = warningHeader(othersWarning(catalog, node))
    await catalog.execute(deregister({ node, serviceId, checkId }))
    return json(true, 200, known)
  }
  const entry = serviceId !== '' ? agent.services().get(serviceId) : agent.checks().get(checkId)
  // This agent owns the entry. Deregister it here, since the next sync would undo a removal from the catalog alone.
  if (entry?.origin.by === 'api')
    await (serviceId !== '' ? agent.deregisterService(serviceId) : agent.deregisterCheck(checkId))
  else await catalog.execute(deregister({ node, serviceId, checkId }))
  return json(true, 200, removalWarning(settings().nodeName, serviceId, checkId, entry?.origin))
}

function removalWarning(owner: string, serviceId: string, checkId: string, from: EntryOrigin | undefined): HeaderList {
  const what = serviceId !== '' ? `service "${serviceId}"` : checkId !== '' ? `check "${checkId}"` : 'this node'
  if (serviceId === '' && checkId === '')
    return warningHeader([
      `agent ${owner} runs on this node and registers it again with its next sync; to take it out, use /v1/agent/leave`,
    ])
  if (from === undefined) return []
  return warningHeader([
    from.by === 'api'
      ? `agent ${owner} owned ${what} (registered over its API); it was removed there too`
      : `agent ${owner} owns ${what} (${origin(from)}) and puts it back with its next sync; remove the declaration instead`,
  ])
}

/**
 * Writes for the node of another living agent are undone by its next sync, since that agent owns the node's entries.
 */
const othersWarning = (catalog: Deps['catalog'], node: string): readonly string[] =>
  catalog.members.named(node).some(({ state }) => state === 'alive')
    ? [
        `agent ${node} lives and owns this node: it puts back what it knows better and removes what it does not know, with its next sync; use its own API, /v1/agent/service`,
      ]
    : []

const origin = (from: EntryOrigin): string =>
  from.by === 'api' ? 'registered over its API' : `declared by ${originText(from)}`
