import { createRequire } from 'node:module'
import type * as Grpc from '@grpc/grpc-js'
import type {
  AlarmRequest,
  AlarmResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  Empty,
  KeepAliveRequest,
  KeepAliveResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
  MemberAddRequest,
  MemberAddResponse,
  MemberIdRequest,
  MemberListRequest,
  MemberListResponse,
  MemberUpdateRequest,
  MoveLeaderRequest,
  RangeRequest,
  RangeResponse,
  StatusResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from './etcd-messages.js'

/** One call of etcd's API: where it goes and how its messages become bytes. */
export interface Method<Request, Response> {
  readonly path: string
  readonly requestSerialize: (request: Request) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Response
}

/** The calls of etcd that muster makes, and the library they are made with. */
export interface Protocol {
  readonly grpc: typeof Grpc
  readonly range: Method<RangeRequest, RangeResponse>
  readonly txn: Method<TxnRequest, TxnResponse>
  readonly compact: Method<{ readonly revision: number; readonly physical: boolean }, Empty>
  readonly watch: Method<WatchRequest, WatchResponse>
  readonly leaseGrant: Method<LeaseGrantRequest, LeaseGrantResponse>
  readonly leaseRevoke: Method<LeaseRevokeRequest, LeaseGrantResponse>
  readonly leaseKeepAlive: Method<KeepAliveRequest, KeepAliveResponse>
  readonly memberAdd: Method<MemberAddRequest, MemberAddResponse>
  readonly memberRemove: Method<MemberIdRequest, Empty>
  readonly memberUpdate: Method<MemberUpdateRequest, Empty>
  readonly memberList: Method<MemberListRequest, MemberListResponse>
  readonly memberPromote: Method<MemberIdRequest, Empty>
  readonly alarm: Method<AlarmRequest, AlarmResponse>
  readonly status: Method<Empty, StatusResponse>
  readonly defragment: Method<Empty, Empty>
  readonly moveLeader: Method<MoveLeaderRequest, Empty>
  readonly authenticate: Method<AuthenticateRequest, AuthenticateResponse>
}

interface LoaderOptions {
  readonly longs: typeof Number | typeof String
  readonly defaults: boolean
}

type Definitions = Readonly<Record<string, Readonly<Record<string, Method<never, unknown>>>>>

interface Loader {
  load(file: string, options: LoaderOptions): Promise<Definitions>
}

let loading: Promise<Protocol> | undefined

/**
 * Loads gRPC and etcd's message definitions, once. It takes about as long as the rest of the agent, so only those who
 * use etcd do.
 */
export const loadProtocol = (): Promise<Protocol> => (loading ??= load())

async function load(): Promise<Protocol> {
  // The definitions, and the loader that goes with them, are those of the etcd3 package.
  const require = createRequire(import.meta.url)
  const file = require.resolve('etcd3/proto/rpc.proto')
  const loader = createRequire(file)('@grpc/proto-loader') as Loader
  const [grpc, counted, named] = await Promise.all([
    import('@grpc/grpc-js'),
    // Revisions fit into a number; ids of members, clusters and leases use all 64 bits, so they stay text.
    loader.load(file, { longs: Number, defaults: true }),
    loader.load(file, { longs: String, defaults: true }),
  ])
  const method = <Request, Response>(from: Definitions, service: string, name: string): Method<Request, Response> => {
    const found = from[`etcdserverpb.${service}`]?.[name]
    if (found === undefined) throw new Error(`etcd's API has no ${service}.${name}`)
    return found as unknown as Method<Request, Response>
  }
  return {
    grpc,
    range: method(counted, 'KV', 'Range'),
    txn: method(counted, 'KV', 'Txn'),
    compact: method(counted, 'KV', 'Compact'),
    watch: method(counted, 'Watch', 'Watch'),
    leaseGrant: method(named, 'Lease', 'LeaseGrant'),
    leaseRevoke: method(named, 'Lease', 'LeaseRevoke'),
    leaseKeepAlive: method(named, 'Lease', 'LeaseKeepAlive'),
    memberAdd: method(named, 'Cluster', 'MemberAdd'),
    memberRemove: method(named, 'Cluster', 'MemberRemove'),
    memberUpdate: method(named, 'Cluster', 'MemberUpdate'),
    memberList: method(named, 'Cluster', 'MemberList'),
    memberPromote: method(named, 'Cluster', 'MemberPromote'),
    alarm: method(named, 'Maintenance', 'Alarm'),
    status: method(named, 'Maintenance', 'Status'),
    defragment: method(named, 'Maintenance', 'Defragment'),
    moveLeader: method(named, 'Maintenance', 'MoveLeader'),
    authenticate: method(named, 'Auth', 'Authenticate'),
  }
}
