// Etcd's messages (etcdserverpb), as far as muster uses them. 64-bit numbers are numbers in those of keys, and texts of
// decimal digits in those of leases, members and maintenance. A field left out of a request has protobuf's default;
// responses have them all.

export type Empty = Readonly<Record<string, never>>

/** With every response: where the store stood when the request was applied. */
export interface Header {
  readonly revision: number
  readonly raftTerm: number
}

/** The same with ids, where numbers are texts. */
export interface NamedHeader {
  readonly clusterId: string
  readonly memberId: string
  readonly revision: string
}

export interface RangeRequest {
  readonly key: Buffer
  readonly rangeEnd?: Buffer
  readonly limit?: number
  /** 0: the newest. */
  readonly revision?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  readonly minModRevision?: number
  /** As far as the member that is asked knows: it asks no other. */
  readonly serializable?: boolean
}

export interface KeyValue {
  readonly key: Buffer
  readonly value: Buffer
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

export interface RangeResponse {
  readonly header: Header
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
}

export interface PutRequest {
  readonly key: Buffer
  readonly value: Uint8Array
  readonly lease?: string
}

export interface DeleteRangeRequest {
  readonly key: Buffer
  readonly rangeEnd?: Buffer
}

export interface RequestOp {
  readonly requestRange?: RangeRequest
  readonly requestPut?: PutRequest
  readonly requestDeleteRange?: DeleteRangeRequest
  readonly requestTxn?: TxnRequest
}

export const compareResult = { equal: 0, greater: 1, less: 2, notEqual: 3 } as const
export const compareTarget = { version: 0, create: 1, mod: 2 } as const

export interface Compare {
  readonly result: number
  readonly target: number
  readonly key: Buffer
  readonly rangeEnd?: Buffer
  readonly version?: number
  readonly createRevision?: number
  readonly modRevision?: number
}

export interface TxnRequest {
  readonly compare: readonly Compare[]
  readonly success: readonly RequestOp[]
  readonly failure?: readonly RequestOp[]
}

export interface TxnResponse {
  readonly header: Header
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}

export interface ResponseOp {
  readonly responseRange?: RangeResponse
  readonly responseTxn?: { readonly succeeded: boolean }
}

export interface WatchRequest {
  readonly createRequest?: {
    readonly key: Buffer
    readonly rangeEnd: Buffer
    readonly startRevision: number
    readonly progressNotify: boolean
    readonly fragment: boolean
  }
  readonly progressRequest?: Empty
}

export interface CompactionRequest {
  readonly revision: number
  /** Answers only when what is forgotten is gone from the disk. */
  readonly physical: boolean
}

export const eventType = { put: 0, delete: 1 } as const

/** `type` is one of {@link eventType}. */
export interface WatchEvent {
  readonly type: number
  readonly kv: KeyValue
}

export interface WatchResponse {
  readonly header: Header
  /** -1: the answer to a progress request, which concerns the whole stream. */
  readonly watchId: number
  readonly created: boolean
  readonly canceled: boolean
  readonly compactRevision: number
  readonly cancelReason: string
  /** More of the same revision follows. */
  readonly fragment: boolean
  readonly events: readonly WatchEvent[]
}

/** TTLs are whole seconds. */
export interface LeaseGrantRequest {
  readonly TTL: number
}
export interface LeaseGrantResponse {
  readonly ID: string
}
export interface LeaseRevokeRequest {
  readonly ID: string
}
export interface LeaseRevokeResponse {
  readonly header: Header
}
export interface KeepAliveRequest {
  readonly ID: string
}
/** `TTL` '0': the lease has ended. */
export interface KeepAliveResponse {
  readonly ID: string
  readonly TTL: string
}

export interface Member {
  readonly ID: string
  readonly name: string
  readonly peerURLs: readonly string[]
  readonly isLearner: boolean
}

export interface MemberAddRequest {
  readonly peerURLs: readonly string[]
  readonly isLearner: boolean
}
export interface MemberAddResponse {
  readonly member: Member
  readonly members: readonly Member[]
}
export interface MemberIdRequest {
  readonly ID: string
}
export interface MemberUpdateRequest {
  readonly ID: string
  readonly peerURLs: readonly string[]
}
export interface MemberListRequest {
  readonly linearizable: boolean
}
export interface MemberListResponse {
  readonly members: readonly Member[]
}

export const alarmAction = { get: 0, deactivate: 2 } as const

export const alarmKind = { noSpace: 1 } as const

export interface AlarmRequest {
  readonly action: number
  readonly memberID: string
  readonly alarm: number
}
export interface AlarmResponse {
  readonly alarms: readonly { readonly memberID: string; readonly alarm: number }[]
}

export interface StatusResponse {
  readonly header: NamedHeader
  readonly version: string
  readonly dbSize: string
  readonly dbSizeInUse: string
  readonly leader: string
  readonly raftIndex: string
  readonly raftTerm: string
  readonly raftAppliedIndex: string
  /** Such as `memberID:1 alarm:NOSPACE `. */
  readonly errors: readonly string[]
  readonly isLearner: boolean
}

export interface MoveLeaderRequest {
  readonly targetID: string
}

export interface AuthenticateRequest {
  readonly name: string
  readonly password: string
}
export interface AuthenticateResponse {
  readonly token: string
}
