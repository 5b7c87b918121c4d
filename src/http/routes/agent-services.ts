import { checkFromApi, serviceFromApi } from '../../config/index.js'
import type { CountedReads } from '../../common/counted-map.js'
import { MusterError } from '../../common/errors.js'
import { parseBool } from '../../common/parse-bool.js'
import { empty, headerText, json, text, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { itemFilter, ofKept, type ItemFilter } from '../reads/item-filter.js'
import { parseJson } from '../request/json-body.js'
import type { Source } from '../answer/prepared-body.js'
import { readWait } from '../reads/read-options.js'
import { checkWarnings, serviceWarnings, warningHeader } from '../rules/registration-warnings.js'
import { builtJson, type Reads } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { agentCheckView, agentServiceView } from '../views/agent-views.js'

/** The agent's own services and checks: lists, registration, maintenance. */
export const agentServicesRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/agent/services', reach: 'local', GET: request => services(deps, request) },
  { path: '/v1/agent/service/register', reach: 'local', PUT: request => register(deps, request) },
  { path: '/v1/agent/service/deregister/*', reach: 'by-owner', PUT: request => deregister(deps, request) },
  {
    path: '/v1/agent/service/maintenance/*',
    reach: 'local',
    PUT: request => maintain(deps, request, serviceId(request)),
  },
  { path: '/v1/agent/service/*', reach: 'local', GET: request => service(deps, request) },
  { path: '/v1/agent/checks', reach: 'local', GET: request => checks(deps, request) },
  { path: '/v1/agent/check/register', reach: 'local', PUT: request => registerCheck(deps, request) },
  {
    path: '/v1/agent/check/deregister/*',
    reach: 'by-owner',
    PUT: async ({ rest }) => {
      await deps.agent.deregisterCheck(rest)
      return empty()
    },
  },
  { path: '/v1/agent/maintenance', reach: 'local', PUT: request => maintain(deps, request, undefined) },
]

function services({ agent, reads, settings, filterWork }: Deps, request: ApiRequest): Promise<Answer> {
  const { datacenter } = settings()
  return listed(reads, request, agent.services(), itemFilter(request.query, 'agentService', filterWork), one =>
    agentServiceView(one, datacenter),
  )
}

function checks({ agent, reads, settings, filterWork }: Deps, request: ApiRequest): Promise<Answer> {
  const { nodeName } = settings()
  return listed(reads, request, agent.checks(), itemFilter(request.query, 'check', filterWork), one =>
    agentCheckView(one, nodeName),
  )
}

/** Entries by id. */
function listed<Entry>(
  reads: Reads,
  request: ApiRequest,
  entries: CountedReads<string, Entry>,
  filter: ItemFilter | undefined,
  view: (entry: Entry) => object,
): Promise<Answer> {
  const source: Source = {
    get index() {
      return entries.changes
    },
  }
  return reads.own(request, source, ['filter'], isWanted =>
    ofKept(
      filter,
      Array.from(entries, ([id, one]) => ({ id, shown: view(one) })),
      ({ shown }) => shown,
      isWanted,
      chosen => builtJson(JSON.stringify(Object.fromEntries(chosen.map(({ id, shown }) => [id, shown])))),
    ),
  )
}

async function service({ agent, settings }: Deps, request: ApiRequest): Promise<Answer> {
  const { rest: id, query } = request
  const hash = query.first('hash')
  const wait = readWait(query.first('wait'), settings())
  if (hash !== '' && agent.services().get(id)?.contentHash === hash)
    await agent.waitForService(id, hash, wait, request.gone())
  const found = agent.services().get(id)
  if (found === undefined) return text(`unknown service ID: ${id}`, 404)
  return json({ ...agentServiceView(found, settings().datacenter), ContentHash: found.contentHash }, 200, [
    'X-Consul-Contenthash',
    headerText(found.contentHash),
  ])
}

async function register({ agent, settings }: Deps, { body, query }: ApiRequest): Promise<Answer> {
  const definition = serviceFromApi(parseJson(body), settings())
  const replaceExistingChecks =
    query.has('replace-existing-checks')
    && query.flag('replace-existing-checks', 'Invalid value for replace-existing-checks')
  await agent.registerService({ definition, replaceExistingChecks })
  return empty(200, warningHeader(serviceWarnings(definition, agent.checks())))
}

async function deregister({ agent }: Deps, { rest: id }: ApiRequest): Promise<Answer> {
  if (id === '') throw new MusterError('HTTP_MISSING', 'ServiceID missing', { status: 500 })
  const found = agent.services().get(id)
  await agent.deregisterService(id)
  return empty(
    200,
    found?.origin.by === 'file'
      ? [
          'X-Muster-Warning',
          headerText(
            `service "${id}" is declared by ${found.origin.at.file}:${found.origin.at.line} and comes back with the next reload unless the declaration goes`,
          ),
        ]
      : [],
  )
}

async function registerCheck({ agent, settings }: Deps, { body }: ApiRequest): Promise<Answer> {
  const definition = checkFromApi(parseJson(body), settings())
  await agent.registerCheck(definition)
  return empty(200, warningHeader(checkWarnings(definition, agent.checks())))
}

function serviceId({ rest }: ApiRequest): string {
  if (rest === '') throw new MusterError('HTTP_MISSING', 'Missing service ID', { status: 400 })
  return rest
}

async function maintain({ agent }: Deps, { query }: ApiRequest, id: string | undefined): Promise<Answer> {
  const word = query.first('enable')
  if (!query.has('enable')) throw new MusterError('HTTP_MISSING', 'Missing value for enable', { status: 400 })
  const enable = parseBool(word)
  if (enable === undefined)
    throw new MusterError('HTTP_PARAMETER', `Invalid value for enable: "${word}"`, { status: 400 })
  if (await agent.setMaintenance(id, enable, query.first('reason'))) return empty()
  return text(`No service registered with ID "${id ?? ''}"`, 404)
}
