import * as from from './read-messages.js'
import * as to from './write-messages.js'
import { decoded, type Read } from './read-messages.js'
import { encoded, type Write } from './write-messages.js'

/** One call of etcd's API: where it goes and how its messages become bytes. */
export interface Method<Request, Response> {
  readonly path: string
  readonly encode: (request: Request) => Buffer
  /** @throws MalformedMessage */
  readonly decode: (bytes: Buffer) => Response
}

const method = <Request, Response>(
  name: string,
  write: Write<Request>,
  read: Read<Response>,
): Method<Request, Response> => ({
  path: `/etcdserverpb.${name}`,
  encode: request => encoded(write, request),
  decode: bytes => decoded(read, bytes),
})

/** The calls of etcd that muster makes. */
export const methods = {
  range: method('KV/Range', to.writeRange, from.readRange),
  txn: method('KV/Txn', to.writeTxn, from.readTxn),
  compact: method('KV/Compact', to.writeCompaction, from.readEmpty),
  watch: method('Watch/Watch', to.writeWatch, from.readWatch),
  leaseGrant: method('Lease/LeaseGrant', to.writeLeaseGrant, from.readLeaseGrant),
  leaseRevoke: method('Lease/LeaseRevoke', to.writeId, from.readLeaseRevoke),
  leaseKeepAlive: method('Lease/LeaseKeepAlive', to.writeId, from.readKeepAlive),
  memberAdd: method('Cluster/MemberAdd', to.writeMemberAdd, from.readMemberAdd),
  memberRemove: method('Cluster/MemberRemove', to.writeId, from.readEmpty),
  memberUpdate: method('Cluster/MemberUpdate', to.writeMemberUpdate, from.readEmpty),
  memberList: method('Cluster/MemberList', to.writeMemberList, from.readMemberList),
  memberPromote: method('Cluster/MemberPromote', to.writeId, from.readEmpty),
  alarm: method('Maintenance/Alarm', to.writeAlarm, from.readAlarm),
  status: method('Maintenance/Status', to.writeEmpty, from.readStatus),
  defragment: method('Maintenance/Defragment', to.writeEmpty, from.readEmpty),
  moveLeader: method('Maintenance/MoveLeader', to.writeMoveLeader, from.readEmpty),
  authenticate: method('Auth/Authenticate', to.writeAuthenticate, from.readAuthenticate),
}
