import type { ClusterOperator, Membership } from '../../cluster/index.js'
import { MusterError } from '../../common/errors.js'
import { empty, json, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { readOptions } from '../reads/read-options.js'
import type { ApiRequest, Route } from '../route.js'

/** `/v1/operator/raft/*`: who votes, and changes to that. */
export const operatorRaftRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/operator/raft/configuration', reach: 'handed-on', GET: request => configuration(deps, request) },
  { path: '/v1/operator/raft/peer', reach: 'handed-on', DELETE: request => removePeer(deps, request) },
  {
    path: '/v1/operator/raft/transfer-leader',
    reach: 'handed-on',
    POST: request => transferLeader(deps, request),
    PUT: request => transferLeader(deps, request),
  },
]

/** @throws MusterError 500 on an agent that is no server and was asked itself, not a server for it. */
export function operatorOf({ operator }: Membership): ClusterOperator {
  if (operator === undefined) throw new MusterError('CLUSTER_NO_SERVERS', 'No known Consul servers')
  return operator
}

async function configuration({ membership, settings }: Deps, { query, header }: ApiRequest): Promise<Answer> {
  const { consistency } = readOptions(query, header('cache-control'), settings())
  const { index, servers } = await operatorOf(membership).raft({ stale: consistency === 'stale' })
  return json({
    Servers: servers.map(({ id, node, address, leader, voter }) => ({
      ID: id,
      Node: node,
      Address: address,
      Leader: leader,
      ProtocolVersion: raftProtocol,
      Voter: voter,
    })),
    Index: index,
  })
}

/** Of Consul's servers since 1.0; its clients print it. */
const raftProtocol = '3'

async function removePeer({ membership }: Deps, { query }: ApiRequest): Promise<Answer> {
  const id = query.first('id')
  const address = query.first('address')
  if (id === '' && address === '') {
    throw new MusterError(
      'HTTP_PARAMETER',
      "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
      { status: 400 },
    )
  }
  if (id !== '' && address !== '')
    throw new MusterError('HTTP_PARAMETER', 'Bad request: Must specify only one of ?id or ?address', { status: 400 })
  await operatorOf(membership).removePeer(id !== '' ? { id } : { address })
  return empty()
}

async function transferLeader({ membership }: Deps, { query }: ApiRequest): Promise<Answer> {
  const id = query.first('id')
  await operatorOf(membership).transferLeader(id === '' ? undefined : id)
  return json({ Success: true })
}
