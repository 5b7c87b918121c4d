import type {
  AlarmResponse,
  AuthenticateResponse,
  Empty,
  Header,
  KeepAliveResponse,
  KeyValue,
  LeaseGrantResponse,
  LeaseRevokeResponse,
  Member,
  MemberAddResponse,
  MemberListResponse,
  NamedHeader,
  RangeResponse,
  ResponseOp,
  StatusResponse,
  TxnResponse,
  WatchEvent,
  WatchResponse,
} from './etcd-messages.js'
import { Reader } from '../../common/protobuf.js'

/** Reads the fields of a response until there are no more. */
export type Read<Response> = (reader: Reader) => Response

/** A response of bytes. Its keys and values are parts of them. @throws MalformedMessage */
export const decoded = <Response>(read: Read<Response>, bytes: Buffer): Response => read(new Reader(bytes))

/** The tag of a field on the wire: its number in etcd's API, and how its value is written. */
const number = (field: number): number => field * 8
const part = (field: number): number => field * 8 + 2

const [number1, number2, number3, number4, number5] = [number(1), number(2), number(3), number(4), number(5)]
const [number6, number7, number9, number10] = [number(6), number(7), number(9), number(10)]
const [part1, part2, part3, part4, part5] = [part(1), part(2), part(3), part(4), part(5)]
const [part6, part8, part11] = [part(6), part(8), part(11)]

const noHeader: Header = { revision: 0, raftTerm: 0 }
const noNames: NamedHeader = { clusterId: '0', memberId: '0', revision: '0' }
const nothing = Buffer.alloc(0)
const noKeyValue: KeyValue = { key: nothing, value: nothing, createRevision: 0, modRevision: 0, version: 0 }
const noMember: Member = { ID: '0', name: '', peerURLs: [], isLearner: false }

/** Of a response of which nothing is needed: that it came. */
export const readEmpty: Read<Empty> = () => ({})

const readHeader: Read<Header> = reader => {
  let [revision, raftTerm] = [0, 0]
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number3) revision = reader.integer()
    else if (tag === number4) raftTerm = reader.integer()
    else reader.skip(tag)
  }
  return { revision, raftTerm }
}

const readNamedHeader: Read<NamedHeader> = reader => {
  let { clusterId, memberId, revision } = noNames
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number1) clusterId = reader.id()
    else if (tag === number2) memberId = reader.id()
    else if (tag === number3) revision = reader.signedId()
    else reader.skip(tag)
  }
  return { clusterId, memberId, revision }
}

const readKeyValue: Read<KeyValue> = reader => {
  let { key, value, createRevision, modRevision, version } = noKeyValue
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) key = reader.bytes()
    else if (tag === number2) createRevision = reader.integer()
    else if (tag === number3) modRevision = reader.integer()
    else if (tag === number4) version = reader.integer()
    else if (tag === part5) value = reader.bytes()
    else reader.skip(tag)
  }
  return { key, value, createRevision, modRevision, version }
}

export const readRange: Read<RangeResponse> = reader => {
  let [header, more] = [noHeader, false]
  const kvs: KeyValue[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) header = reader.message(readHeader)
    else if (tag === part2) kvs.push(reader.message(readKeyValue))
    else if (tag === number3) more = reader.flag()
    else reader.skip(tag)
  }
  return { header, kvs, more }
}

/** Of a transaction within another one: whether its conditions held. */
const readInnerTxn: Read<{ readonly succeeded: boolean }> = reader => {
  let succeeded = false
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number2) succeeded = reader.flag()
    else reader.skip(tag)
  }
  return { succeeded }
}

const readResponseOp: Read<ResponseOp> = reader => {
  let response: ResponseOp = {}
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) response = { responseRange: reader.message(readRange) }
    else if (tag === part4) response = { responseTxn: reader.message(readInnerTxn) }
    else reader.skip(tag)
  }
  return response
}

export const readTxn: Read<TxnResponse> = reader => {
  let [header, succeeded] = [noHeader, false]
  const responses: ResponseOp[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) header = reader.message(readHeader)
    else if (tag === number2) succeeded = reader.flag()
    else if (tag === part3) responses.push(reader.message(readResponseOp))
    else reader.skip(tag)
  }
  return { header, succeeded, responses }
}

const readEvent: Read<WatchEvent> = reader => {
  let [type, kv] = [0, noKeyValue]
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number1) type = reader.integer()
    else if (tag === part2) kv = reader.message(readKeyValue)
    else reader.skip(tag)
  }
  return { type, kv }
}

export const readWatch: Read<WatchResponse> = reader => {
  let [header, watchId, compactRevision, cancelReason] = [noHeader, 0, 0, '']
  let [created, canceled, fragment] = [false, false, false]
  const events: WatchEvent[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) header = reader.message(readHeader)
    else if (tag === number2) watchId = reader.integer()
    else if (tag === number3) created = reader.flag()
    else if (tag === number4) canceled = reader.flag()
    else if (tag === number5) compactRevision = reader.integer()
    else if (tag === part6) cancelReason = reader.text()
    else if (tag === number7) fragment = reader.flag()
    else if (tag === part11) events.push(reader.message(readEvent))
    else reader.skip(tag)
  }
  return { header, watchId, created, canceled, compactRevision, cancelReason, fragment, events }
}

export const readLeaseGrant: Read<LeaseGrantResponse> = reader => {
  let ID = '0'
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number2) ID = reader.signedId()
    else reader.skip(tag)
  }
  return { ID }
}

export const readLeaseRevoke: Read<LeaseRevokeResponse> = reader => {
  let header = noHeader
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) header = reader.message(readHeader)
    else reader.skip(tag)
  }
  return { header }
}

export const readKeepAlive: Read<KeepAliveResponse> = reader => {
  let [ID, TTL] = ['0', '0']
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number2) ID = reader.signedId()
    else if (tag === number3) TTL = reader.signedId()
    else reader.skip(tag)
  }
  return { ID, TTL }
}

const readMember: Read<Member> = reader => {
  let { ID, name, isLearner } = noMember
  const peerURLs: string[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number1) ID = reader.id()
    else if (tag === part2) name = reader.text()
    else if (tag === part3) peerURLs.push(reader.text())
    else if (tag === number5) isLearner = reader.flag()
    else reader.skip(tag)
  }
  return { ID, name, peerURLs, isLearner }
}

export const readMemberAdd: Read<MemberAddResponse> = reader => {
  let member = noMember
  const members: Member[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part2) member = reader.message(readMember)
    else if (tag === part3) members.push(reader.message(readMember))
    else reader.skip(tag)
  }
  return { member, members }
}

export const readMemberList: Read<MemberListResponse> = reader => {
  const members: Member[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part2) members.push(reader.message(readMember))
    else reader.skip(tag)
  }
  return { members }
}

const readAlarmMember: Read<AlarmResponse['alarms'][number]> = reader => {
  let [memberID, alarm] = ['0', 0]
  while (reader.more) {
    const tag = reader.tag()
    if (tag === number1) memberID = reader.id()
    else if (tag === number2) alarm = reader.integer()
    else reader.skip(tag)
  }
  return { memberID, alarm }
}

export const readAlarm: Read<AlarmResponse> = reader => {
  const alarms: AlarmResponse['alarms'][number][] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part2) alarms.push(reader.message(readAlarmMember))
    else reader.skip(tag)
  }
  return { alarms }
}

export const readStatus: Read<StatusResponse> = reader => {
  let [header, version, dbSize, dbSizeInUse, leader] = [noNames, '', '0', '0', '0']
  let [raftIndex, raftTerm, raftAppliedIndex, isLearner] = ['0', '0', '0', false]
  const errors: string[] = []
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part1) header = reader.message(readNamedHeader)
    else if (tag === part2) version = reader.text()
    else if (tag === number3) dbSize = reader.signedId()
    else if (tag === number4) leader = reader.id()
    else if (tag === number5) raftIndex = reader.id()
    else if (tag === number6) raftTerm = reader.id()
    else if (tag === number7) raftAppliedIndex = reader.id()
    else if (tag === part8) errors.push(reader.text())
    else if (tag === number9) dbSizeInUse = reader.signedId()
    else if (tag === number10) isLearner = reader.flag()
    else reader.skip(tag)
  }
  return { header, version, dbSize, dbSizeInUse, leader, raftIndex, raftTerm, raftAppliedIndex, errors, isLearner }
}

export const readAuthenticate: Read<AuthenticateResponse> = reader => {
  let token = ''
  while (reader.more) {
    const tag = reader.tag()
    if (tag === part2) token = reader.text()
    else reader.skip(tag)
  }
  return { token }
}
