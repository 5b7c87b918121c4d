import type {
  AlarmRequest,
  AuthenticateRequest,
  CompactionRequest,
  Compare,
  DeleteRangeRequest,
  Empty,
  KeepAliveRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  MemberAddRequest,
  MemberIdRequest,
  MemberListRequest,
  MemberUpdateRequest,
  MoveLeaderRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchRequest,
} from './etcd-messages.js'
import { Writer } from '../../common/protobuf.js'

// The numbers are those of the fields in etcd's API; fields are written from the last to the first.

/** Writes the fields of a request. */
export type Write<Request> = (writer: Writer, request: Request) => void

/** A request as bytes. */
export function encoded<Request>(write: Write<Request>, request: Request): Buffer {
  const writer = new Writer()
  write(writer, request)
  return writer.finish()
}

export const writeEmpty: Write<Empty> = () => undefined

export const writeRange: Write<RangeRequest> = (writer, request) => {
  writer.integer(10, request.minModRevision)
  writer.flag(9, request.countOnly)
  writer.flag(8, request.keysOnly)
  writer.flag(7, request.serializable)
  writer.integer(4, request.revision)
  writer.integer(3, request.limit)
  writer.bytes(2, request.rangeEnd)
  writer.bytes(1, request.key)
}

const writePut: Write<PutRequest> = (writer, { key, value, lease }) => {
  writer.id(3, lease)
  writer.bytes(2, value)
  writer.bytes(1, key)
}

const writeDeleteRange: Write<DeleteRangeRequest> = (writer, { key, rangeEnd }) => {
  writer.bytes(2, rangeEnd)
  writer.bytes(1, key)
}

const writeCompare: Write<Compare> = (writer, compare) => {
  writer.bytes(64, compare.rangeEnd)
  writer.alternative(6, compare.modRevision)
  writer.alternative(5, compare.createRevision)
  writer.alternative(4, compare.version)
  writer.bytes(3, compare.key)
  writer.integer(2, compare.target)
  writer.integer(1, compare.result)
}

const writeRequestOp: Write<RequestOp> = (writer, operation) => {
  writer.message(4, operation.requestTxn, writeTxn)
  writer.message(3, operation.requestDeleteRange, writeDeleteRange)
  writer.message(2, operation.requestPut, writePut)
  writer.message(1, operation.requestRange, writeRange)
}

// A function declaration, since operations and transactions contain each other.
export function writeTxn(writer: Writer, { compare, success, failure = [] }: TxnRequest): void {
  writer.messages(3, failure, writeRequestOp)
  writer.messages(2, success, writeRequestOp)
  writer.messages(1, compare, writeCompare)
}

export const writeCompaction: Write<CompactionRequest> = (writer, { revision, physical }) => {
  writer.flag(2, physical)
  writer.integer(1, revision)
}

const writeWatchCreate: Write<NonNullable<WatchRequest['createRequest']>> = (writer, request) => {
  writer.flag(8, request.fragment)
  writer.flag(4, request.progressNotify)
  writer.integer(3, request.startRevision)
  writer.bytes(2, request.rangeEnd)
  writer.bytes(1, request.key)
}

export const writeWatch: Write<WatchRequest> = (writer, { createRequest, progressRequest }) => {
  writer.message(3, progressRequest, writeEmpty)
  writer.message(1, createRequest, writeWatchCreate)
}

export const writeLeaseGrant: Write<LeaseGrantRequest> = (writer, { TTL }) => {
  writer.integer(1, TTL)
}

/** A lease or a member, which a request names and nothing else. */
export const writeId: Write<LeaseRevokeRequest | KeepAliveRequest | MemberIdRequest> = (writer, { ID }) => {
  writer.id(1, ID)
}

export const writeMemberAdd: Write<MemberAddRequest> = (writer, { peerURLs, isLearner }) => {
  writer.flag(2, isLearner)
  writer.texts(1, peerURLs)
}

export const writeMemberUpdate: Write<MemberUpdateRequest> = (writer, { ID, peerURLs }) => {
  writer.texts(2, peerURLs)
  writer.id(1, ID)
}

export const writeMemberList: Write<MemberListRequest> = (writer, { linearizable }) => {
  writer.flag(1, linearizable)
}

export const writeAlarm: Write<AlarmRequest> = (writer, { action, memberID, alarm }) => {
  writer.integer(3, alarm)
  writer.id(2, memberID)
  writer.integer(1, action)
}

export const writeMoveLeader: Write<MoveLeaderRequest> = (writer, { targetID }) => {
  writer.id(1, targetID)
}

export const writeAuthenticate: Write<AuthenticateRequest> = (writer, { name, password }) => {
  writer.text(2, password)
  writer.text(1, name)
}
