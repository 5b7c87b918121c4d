import { fireEvent, type EventData, type UserEvent } from '../../catalog/index.js'
import { EventLog, newEvent } from '../../cluster/index.js'
import { json, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { MusterError } from '../../common/errors.js'
import { readWait } from '../reads/read-options.js'
import type { ApiRequest, Route } from '../route.js'

/** An event has 512 bytes at most. */
const bodyLimit = (): number => 16 * 1024

/** `/v1/event/*`: user events, which are sent to many agents at once. */
export const eventRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/event/fire/*', reach: 'handed-on', PUT: request => fire(deps, request), bodyLimit },
  { path: '/v1/event/list', reach: 'local', GET: request => list(deps, request) },
]

async function fire({ catalog }: Deps, { rest, query, body }: ApiRequest): Promise<Answer> {
  const event = newEvent({
    name: rest,
    payload: body,
    nodeFilter: query.first('node'),
    serviceFilter: query.first('service'),
    tagFilter: query.first('tag'),
  })
  await catalog.execute(fireEvent(event))
  return json(eventView(event, 0))
}

async function list({ events, settings }: Deps, { query, gone }: ApiRequest): Promise<Answer> {
  const name = query.first('name')
  const index = readIndex(query.first('index'))
  const { defaultQueryTime, maxQueryTime } = settings()
  const wait =
    query.first('wait') === '' ? maxQueryTime : readWait(query.first('wait'), { defaultQueryTime, maxQueryTime })
  const found = index === 0n ? events.list(name) : await events.wait(name, index, wait, gone())
  return json(
    found.map((event: UserEvent) => eventView(event, event.created)),
    200,
    ['X-Consul-Index', String(EventLog.index(found))],
  )
}

function readIndex(text: string): bigint {
  if (text === '') return 0n
  if (!/^\d{1,20}$/.test(text)) throw new MusterError('HTTP_PARAMETER', 'Invalid index', { status: 400 })
  return BigInt(text)
}

const eventView = ({ id, name, payload, nodeFilter, serviceFilter, tagFilter }: EventData, time: number) => ({
  ID: id,
  Name: name,
  Payload: payload === '' ? null : payload,
  NodeFilter: nodeFilter,
  ServiceFilter: serviceFilter,
  TagFilter: tagFilter,
  Version: 1,
  LTime: time,
})
