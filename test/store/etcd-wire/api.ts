import protobuf from 'protobufjs'

/**
 * What muster uses of etcd's API, with the numbers that etcd gives to its fields, and beside it fields of every kind
 * that muster does not know: a newer etcd may send them.
 */
const api = protobuf.parse(
  `
  syntax = "proto3";
  package etcd;

  message Unknown { string text = 1; repeated Unknown more = 2; }

  message ResponseHeader {
    uint64 cluster_id = 1; uint64 member_id = 2; int64 revision = 3; uint64 raft_term = 4;
    fixed64 extra_fixed64 = 900; Unknown extra_message = 901;
  }
  message KeyValue {
    bytes key = 1; int64 create_revision = 2; int64 mod_revision = 3; int64 version = 4; bytes value = 5;
    int64 lease = 6;
    fixed32 extra_fixed32 = 900;
  }
  message Event { int32 type = 1; KeyValue kv = 2; KeyValue prev_kv = 3; }

  message RangeRequest {
    bytes key = 1; bytes range_end = 2; int64 limit = 3; int64 revision = 4; int32 sort_order = 5;
    int32 sort_target = 6; bool serializable = 7; bool keys_only = 8; bool count_only = 9;
    int64 min_mod_revision = 10;
  }
  message RangeResponse {
    ResponseHeader header = 1; repeated KeyValue kvs = 2; bool more = 3; int64 count = 4;
    Unknown extra_message = 901;
  }
  message PutRequest { bytes key = 1; bytes value = 2; int64 lease = 3; bool prev_kv = 4; }
  message PutResponse { ResponseHeader header = 1; KeyValue prev_kv = 2; }
  message DeleteRangeRequest { bytes key = 1; bytes range_end = 2; bool prev_kv = 3; }
  message DeleteRangeResponse { ResponseHeader header = 1; int64 deleted = 2; repeated KeyValue prev_kvs = 3; }
  message RequestOp {
    oneof request {
      RangeRequest request_range = 1; PutRequest request_put = 2; DeleteRangeRequest request_delete_range = 3;
      TxnRequest request_txn = 4;
    }
  }
  message ResponseOp {
    oneof response {
      RangeResponse response_range = 1; PutResponse response_put = 2;
      DeleteRangeResponse response_delete_range = 3; TxnResponse response_txn = 4;
    }
  }
  message Compare {
    int32 result = 1; int32 target = 2; bytes key = 3;
    oneof target_union { int64 version = 4; int64 create_revision = 5; int64 mod_revision = 6; }
    bytes range_end = 64;
  }
  message TxnRequest { repeated Compare compare = 1; repeated RequestOp success = 2; repeated RequestOp failure = 3; }
  message TxnResponse { ResponseHeader header = 1; bool succeeded = 2; repeated ResponseOp responses = 3; }
  message CompactionRequest { int64 revision = 1; bool physical = 2; }

  message WatchCreateRequest {
    bytes key = 1; bytes range_end = 2; int64 start_revision = 3; bool progress_notify = 4; bool prev_kv = 6;
    int64 watch_id = 7; bool fragment = 8;
  }
  message WatchProgressRequest {}
  message WatchRequest {
    oneof request_union { WatchCreateRequest create_request = 1; WatchProgressRequest progress_request = 3; }
  }
  message WatchResponse {
    ResponseHeader header = 1; int64 watch_id = 2; bool created = 3; bool canceled = 4; int64 compact_revision = 5;
    string cancel_reason = 6; bool fragment = 7; repeated Event events = 11;
    Unknown extra_message = 901;
  }

  message LeaseGrantRequest { int64 TTL = 1; }
  message LeaseGrantResponse { ResponseHeader header = 1; int64 ID = 2; int64 TTL = 3; string error = 4; }
  message LeaseRevokeRequest { int64 ID = 1; }
  message LeaseRevokeResponse { ResponseHeader header = 1; }
  message LeaseKeepAliveRequest { int64 ID = 1; }
  message LeaseKeepAliveResponse { ResponseHeader header = 1; int64 ID = 2; int64 TTL = 3; }

  message Member {
    uint64 ID = 1; string name = 2; repeated string peerURLs = 3; repeated string clientURLs = 4; bool isLearner = 5;
  }
  message MemberAddRequest { repeated string peerURLs = 1; bool isLearner = 2; }
  message MemberAddResponse { ResponseHeader header = 1; Member member = 2; repeated Member members = 3; }
  message MemberRemoveRequest { uint64 ID = 1; }
  message MemberUpdateRequest { uint64 ID = 1; repeated string peerURLs = 2; }
  message MemberListRequest { bool linearizable = 1; }
  message MemberListResponse { ResponseHeader header = 1; repeated Member members = 2; }

  message AlarmRequest { int32 action = 1; uint64 memberID = 2; int32 alarm = 3; }
  message AlarmMember { uint64 memberID = 1; int32 alarm = 2; }
  message AlarmResponse { ResponseHeader header = 1; repeated AlarmMember alarms = 2; }
  message StatusResponse {
    ResponseHeader header = 1; string version = 2; int64 dbSize = 3; uint64 leader = 4; uint64 raftIndex = 5;
    uint64 raftTerm = 6; uint64 raftAppliedIndex = 7; repeated string errors = 8; int64 dbSizeInUse = 9;
    bool isLearner = 10; string storageVersion = 11; int64 dbSizeQuota = 12;
  }
  message MoveLeaderRequest { uint64 targetID = 1; }
  message AuthenticateRequest { string name = 1; string password = 2; }
  message AuthenticateResponse { ResponseHeader header = 1; string token = 2; }
`,
).root

/** A message of fields as protobufjs takes them. */
export const encodeWith = (type: string, fields: object): Buffer => {
  const message = api.lookupType(`etcd.${type}`)
  return Buffer.from(message.encode(message.fromObject(fields)).finish())
}

/** A message's fields as protobufjs reads them, defaults included: 64-bit numbers as texts, bytes as hexadecimal. */
export function decodeWith(type: string, bytes: Uint8Array): unknown {
  const message = api.lookupType(`etcd.${type}`)
  return plain(message.toObject(message.decode(bytes), { longs: String, defaults: true }))
}

/** The same with bytes as hexadecimal, and objects that are nothing but their fields. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}
