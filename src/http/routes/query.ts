import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import {
  assertQueryId,
  createQuery,
  deleteQuery,
  lookUp,
  runQuery,
  updateQuery,
  type QueryRun,
} from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { parseBool } from '../../common/parse-bool.js'
import { empty, json, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { freshRead } from '../reads/fresh-read.js'
import { readQuery } from '../request/query-body.js'
import { agentHeader, perspectiveOn } from '../rules/forwarding.js'
import { builtJson } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { QueryNodes, queryView } from '../views/query-views.js'

/** Room for hundreds of tags and datacenters, and little enough to be looked at with each run. */
const bodyLimit = (): number => 64 * 1024

/**
 * `/v1/query`, and below it each query by id, what it gives (`/execute`) and what it comes to (`/explain`) by id or
 * name.
 */
export function queryRoutes(deps: Deps): readonly Route[] {
  const nodes = new QueryNodes()
  return [
    {
      path: '/v1/query',
      reach: 'handed-on',
      GET: request => list(deps, request),
      POST: request => create(deps, request),
      bodyLimit,
    },
    {
      path: '/v1/query/*',
      reach: 'handed-on',
      bodyLimit,
      GET: request => show(deps, request),
      PUT: request => update(deps, request),
      DELETE: request => remove(deps, request),
      endings: {
        '/execute': { reach: 'handed-on', GET: request => execute(deps, nodes, request) },
        '/explain': { reach: 'handed-on', GET: request => explain(deps, request) },
      },
    },
  ]
}

function list({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  return reads.answer(request, {
    topic: catalog.queries.topics.all(),
    shapedBy: [],
    build: () => builtJson(JSON.stringify(catalog.queries.all().map(queryView))),
  })
}

function show({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const id = request.rest
  assertQueryId(id)
  return reads.answer(request, {
    topic: catalog.queries.topics.one(id),
    shapedBy: [],
    build: () => {
      const found = catalog.queries.get(id)
      if (found === undefined) throw notFound()
      return builtJson(JSON.stringify([queryView(found)]))
    },
  })
}

async function create({ catalog }: Deps, { body }: ApiRequest): Promise<Answer> {
  const query = readQuery(body)
  if (query.id !== '') throw new MusterError('QUERY_INVALID', 'ID must be empty when creating a new prepared query')
  const { result } = await catalog.execute(createQuery({ ...query, id: randomUUID() }))
  return json({ ID: result })
}

async function update({ catalog }: Deps, { body, rest }: ApiRequest): Promise<Answer> {
  await catalog.execute(updateQuery({ ...readQuery(body), id: rest }))
  return empty()
}

async function remove({ catalog }: Deps, { rest }: ApiRequest): Promise<Answer> {
  await catalog.execute(deleteQuery(rest))
  return empty()
}

function execute(deps: Deps, nodes: QueryNodes, request: ApiRequest): Promise<Answer> {
  const { catalog, random, others } = deps
  const settings = deps.settings()
  const { nodeName, datacenter } = settings
  const run: QueryRun = {
    near: request.query.first('near'),
    limit: readLimit(request),
    connect: readConnect(request),
    agentNode: request.header(agentHeader) ?? nodeName,
    address: clientAddress(request),
  }
  return freshRead(deps, request, async () => {
    const outcome = await runQuery(
      { catalog, datacenter, random, ...(others !== undefined && { others }) },
      request.rest,
      run,
    )
    if (outcome === undefined) throw notFound()
    const { query, instances, failovers } = outcome
    const seen = perspectiveOn(request, outcome.datacenter, settings)
    return (
      `"Service":${JSON.stringify(query.service.service)},"Nodes":[${instances.map(one => nodes.json(one, outcome.datacenter, seen)).join(',')}],`
      + `"DNS":{"TTL":${JSON.stringify(query.ttl)}},"Datacenter":${JSON.stringify(outcome.datacenter)},"Failovers":${failovers}`
    )
  })
}

function explain(deps: Deps, request: ApiRequest): Promise<Answer> {
  return freshRead(deps, request, () => {
    const found = lookUp(deps.catalog, request.rest)
    if (found === undefined) throw notFound()
    return `"Query":${JSON.stringify(queryView(found))}`
  })
}

const notFound = (): MusterError => new MusterError('QUERY_NOT_FOUND', 'Query not found', { status: 404 })

function readLimit({ query }: ApiRequest): number {
  const text = query.first('limit')
  if (text === '') return 0
  if (!/^[+-]?\d{1,9}$/.test(text)) {
    throw new MusterError('HTTP_PARAMETER', `Bad limit: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Math.max(0, Number(text))
}

function readConnect({ query }: ApiRequest): boolean {
  const text = query.first('connect')
  const value = text === '' ? false : parseBool(text)
  if (value !== undefined) return value
  throw new MusterError(
    'HTTP_PARAMETER',
    `Error parsing 'connect' value: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
    { status: 400 },
  )
}

/**
 * The client's address for `_ip`: the first one in the headers of proxies, else the peer's. It can be forged, but
 * affects only the order.
 */
function clientAddress({ header, client }: ApiRequest): string {
  const forwarded = header('x-forwarded-for')?.split(',')[0]?.trim() ?? ''
  return isIP(forwarded) > 0 ? forwarded : (client ?? '')
}
