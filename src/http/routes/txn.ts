import { isWriteOp, readTransaction as answerFrom, runTransaction } from '../../catalog/index.js'
import { text, type Answer } from '../answer/answer.js'
import type { HeaderList } from '../header-list.js'
import type { Deps } from '../deps.js'
import { layoutJson } from '../answer/json-layout.js'
import { readOptions } from '../reads/read-options.js'
import type { ApiRequest, Route } from '../route.js'
import { readTransaction } from '../request/txn-body.js'
import { txnJson } from '../views/txn-views.js'

/** `/v1/txn`. */
export const txnRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/txn',
    reach: 'handed-on',
    PUT: request => transact(deps, request),
    bodyLimit: ({ limits }) => Math.max(limits.txnMaxReqLen, limits.kvMaxValueSize),
  },
]

async function transact(deps: Deps, request: ApiRequest): Promise<Answer> {
  const { catalog, settings, membership, lastContact } = deps
  const { limits, datacenter } = settings()
  const ops = readTransaction(request.body, limits.kvMaxValueSize)
  if (ops.some(isWriteOp)) {
    const outcome = await runTransaction(catalog, ops)
    return answer(`{${txnJson(outcome, datacenter)}}`, 'errors' in outcome, request)
  }
  const { consistency } = readOptions(request.query, request.header('cache-control'), settings(), {
    path: request.path,
    age: lastContact(),
  })
  if (consistency !== 'stale') await catalog.barrier()
  const outcome = answerFrom(catalog, ops)
  const knownLeader = membership.leader() !== ''
  const about = {
    Index: catalog.revision,
    LastContact: lastContact(),
    KnownLeader: knownLeader,
    ConsistencyLevel: consistency,
    NotModified: false,
    Backend: 0,
  }
  return answer(`{${txnJson(outcome, datacenter)},${JSON.stringify(about).slice(1)}`, 'errors' in outcome, request, [
    'X-Consul-Knownleader',
    String(knownLeader),
    'X-Consul-Lastcontact',
    String(about.LastContact),
  ])
}

const answer = (jsonText: string, conflict: boolean, { pretty }: ApiRequest, headers: HeaderList = []): Answer =>
  text(pretty ? layoutJson(jsonText) : jsonText, conflict ? 409 : 200, headers, 'application/json')
