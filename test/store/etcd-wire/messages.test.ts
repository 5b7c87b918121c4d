import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type {
  Header,
  KeyValue,
  Member,
  NamedHeader,
  RangeRequest,
  RangeResponse,
  RequestOp,
  TxnRequest,
  TxnResponse,
  WatchResponse,
} from '../../../src/store/etcd/etcd-messages.js'
import { methods, type Method } from '../../../src/store/etcd/methods.js'
import { MalformedMessage } from '../../../src/common/protobuf.js'
import { decodeWith, encodeWith, plain } from './api.js'

const runs = 300

const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array))
const count = fc.oneof(fc.maxSafeNat(), fc.nat(300))
const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const text = fc.string({ unit: 'binary' })
const texts = fc.array(text, { maxLength: 4 })

const range: fc.Arbitrary<RangeRequest> = fc.record(
  {
    key: bytes,
    rangeEnd: bytes,
    limit: count,
    revision: count,
    minModRevision: count,
    keysOnly: fc.boolean(),
    countOnly: fc.boolean(),
    serializable: fc.boolean(),
  },
  { requiredKeys: ['key'] },
)
const compare = fc
  .record({ result: fc.nat(3), target: fc.nat(2), key: bytes }, { requiredKeys: ['result', 'target', 'key'] })
  .chain(base =>
    fc
      .record({
        end: fc.option(bytes.filter(({ length }) => length > 0)),
        value: fc.option(fc.tuple(fc.constantFrom('version', 'createRevision', 'modRevision'), count)),
      })
      .map(({ end, value }) => ({
        ...base,
        ...(end === null ? {} : { rangeEnd: end }),
        ...(value === null ? {} : { [value[0]]: value[1] }),
      })),
  )
const { txn } = fc.letrec<{ txn: TxnRequest; operation: RequestOp }>(tie => ({
  txn: fc.record(
    {
      compare: fc.array(compare, { maxLength: 4 }),
      success: fc.array(tie('operation'), { maxLength: 4 }),
      failure: fc.array(tie('operation'), { maxLength: 2 }),
    },
    { requiredKeys: ['compare', 'success'] },
  ),
  operation: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .record({ key: bytes, value: bytes, lease: signed }, { requiredKeys: ['key', 'value'] })
      .map(requestPut => ({ requestPut })),
    range.map(requestRange => ({ requestRange })),
    fc
      .record({ key: bytes, rangeEnd: bytes }, { requiredKeys: ['key'] })
      .map(requestDeleteRange => ({ requestDeleteRange })),
    tie('txn').map(requestTxn => ({ requestTxn })),
  ),
}))
const watchCreate = fc.record({
  key: bytes,
  rangeEnd: bytes,
  startRevision: count,
  progressNotify: fc.boolean(),
  fragment: fc.boolean(),
})

/** The requests that muster makes, as protobufjs reads them. */
function written<Request extends object>(
  type: string,
  method: Method<Request, unknown>,
  requests: fc.Arbitrary<Request>,
): void {
  void t.test(`${type} as it is written`, t => {
    fc.assert(
      fc.property(requests, request => {
        assert.deepEqual(decodeWith(type, method.encode(request)), decodeWith(type, encodeWith(type, request)))
      }),
      { numRuns: runs },
    )
    t.end()
  })
}

written('RangeRequest', methods.range, range)
written('TxnRequest', methods.txn, txn)
written('CompactionRequest', methods.compact, fc.record({ revision: count, physical: fc.boolean() }))
written(
  'WatchRequest',
  methods.watch,
  fc.oneof(
    watchCreate.map(createRequest => ({ createRequest })),
    fc.constant({ progressRequest: {} }),
  ),
)
written('LeaseGrantRequest', methods.leaseGrant, fc.record({ TTL: count }))
written('LeaseRevokeRequest', methods.leaseRevoke, fc.record({ ID: signed }))
written('LeaseKeepAliveRequest', methods.leaseKeepAlive, fc.record({ ID: signed }))
written('MemberAddRequest', methods.memberAdd, fc.record({ peerURLs: texts, isLearner: fc.boolean() }))
written('MemberRemoveRequest', methods.memberRemove, fc.record({ ID: unsigned }))
written('MemberUpdateRequest', methods.memberUpdate, fc.record({ ID: unsigned, peerURLs: texts }))
written('MemberListRequest', methods.memberList, fc.record({ linearizable: fc.boolean() }))
written('AlarmRequest', methods.alarm, fc.record({ action: fc.nat(2), memberID: unsigned, alarm: fc.nat(2) }))
written('MoveLeaderRequest', methods.moveLeader, fc.record({ targetID: unsigned }))
written('AuthenticateRequest', methods.authenticate, fc.record({ name: text, password: text }))

/** Fields that muster does not read. Etcd sends some of them; the others stand for those of a newer one. */
const unread = fc.record(
  { clusterId: unsigned, memberId: unsigned, extraFixed64: unsigned, extraMessage: fc.constant({ text: 'new' }) },
  { requiredKeys: [] },
)

const header: fc.Arbitrary<Header> = fc.record({ revision: count, raftTerm: count })
const namedHeader: fc.Arbitrary<NamedHeader> = fc.record({ clusterId: unsigned, memberId: unsigned, revision: signed })
const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key: bytes,
  value: bytes,
  createRevision: count,
  modRevision: count,
  version: count,
})
const rangeResponse: fc.Arbitrary<RangeResponse> = fc.record({
  header,
  kvs: fc.array(keyValue, { maxLength: 5 }),
  more: fc.boolean(),
})
const txnResponse: fc.Arbitrary<TxnResponse> = fc.record({
  header,
  succeeded: fc.boolean(),
  responses: fc.array(
    fc.oneof(
      rangeResponse.map(responseRange => ({ responseRange })),
      fc.record({ succeeded: fc.boolean() }).map(responseTxn => ({ responseTxn })),
    ),
    { maxLength: 5 },
  ),
})
const watchResponse: fc.Arbitrary<WatchResponse> = fc.record({
  header,
  watchId: fc.integer({ min: -1 }),
  created: fc.boolean(),
  canceled: fc.boolean(),
  compactRevision: count,
  cancelReason: text,
  fragment: fc.boolean(),
  events: fc.array(fc.record({ type: fc.nat(1), kv: keyValue }), { maxLength: 5 }),
})
const member: fc.Arbitrary<Member> = fc.record({
  ID: unsigned,
  name: text,
  peerURLs: texts,
  isLearner: fc.boolean(),
})

/** The responses of etcd as protobufjs writes them, with what muster does not read, and as muster reads them. */
function read<Response extends object>(
  type: string,
  method: Method<never, Response>,
  responses: fc.Arbitrary<Response>,
): void {
  void t.test(`${type} as it is read`, t => {
    fc.assert(
      fc.property(responses, unread, fc.nat(), (response, more, cut) => {
        const known = 'header' in response ? (response.header as object) : { revision: 7 }
        const sent = encodeWith(type, { ...response, header: { ...more, ...known }, extraMessage: more.extraMessage })
        assert.deepEqual(plain(method.decode(sent)), plain(response))
        try {
          method.decode(sent.subarray(0, cut % (sent.length + 1)))
        } catch (fault) {
          assert(fault instanceof MalformedMessage)
        }
      }),
      { numRuns: runs },
    )
    t.end()
  })
}

read('RangeResponse', methods.range, rangeResponse)
read('TxnResponse', methods.txn, txnResponse)
read('WatchResponse', methods.watch, watchResponse)
read('LeaseGrantResponse', methods.leaseGrant, fc.record({ ID: signed }))
read('LeaseRevokeResponse', methods.leaseRevoke, fc.record({ header }))
read('LeaseKeepAliveResponse', methods.leaseKeepAlive, fc.record({ ID: signed, TTL: signed }))
read('MemberAddResponse', methods.memberAdd, fc.record({ member, members: fc.array(member, { maxLength: 3 }) }))
read('MemberListResponse', methods.memberList, fc.record({ members: fc.array(member, { maxLength: 3 }) }))
read(
  'AlarmResponse',
  methods.alarm,
  fc.record({ alarms: fc.array(fc.record({ memberID: unsigned, alarm: fc.nat(2) }), { maxLength: 3 }) }),
)
read(
  'StatusResponse',
  methods.status,
  fc.record({
    header: namedHeader,
    version: text,
    dbSize: signed,
    dbSizeInUse: signed,
    leader: unsigned,
    raftIndex: unsigned,
    raftTerm: unsigned,
    raftAppliedIndex: unsigned,
    errors: texts,
    isLearner: fc.boolean(),
  }),
)
read('AuthenticateResponse', methods.authenticate, fc.record({ token: text }))

void t.test('bytes that are no message', t => {
  for (const [what, hex] of [
    ['a length beyond the end', '0a05'],
    ['a length of more than 32 bits', '0affffffffff01'],
    ['a number that ends too early', '1080'],
    ['a number of eleven bytes', '10ffffffffffffffffffff01'],
    ['a number that no number holds', '0a0918ffffffffffffff7f'],
    ['a group', '0b0c'],
    ['field 0', '0001'],
    ['a fixed number that ends too early', '0d0102'],
  ] as const)
    t.throws(() => methods.range.decode(Buffer.from(hex, 'hex')), MalformedMessage, what)
  fc.assert(
    fc.property(bytes, some => {
      for (const { decode } of Object.values(methods))
        try {
          decode(some)
        } catch (fault) {
          if (!(fault instanceof MalformedMessage)) throw fault
        }
    }),
    { numRuns: runs },
  )
  t.end()
})

void t.test('values are parts of what was received', t => {
  const sent = encodeWith('RangeResponse', { kvs: [{ key: Buffer.from('k'), value: Buffer.alloc(1000, 'v') }] })
  const value = methods.range.decode(sent).kvs[0]?.value
  t.equal(value?.buffer, sent.buffer)
  t.end()
})
