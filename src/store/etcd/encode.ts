import type { Condition, Transaction, Write } from '../store.js'
import type { Keyspace } from './keyspace.js'
import { compareResult, compareTarget } from './etcd-messages.js'
import type { Compare, RequestOp, TxnRequest } from './etcd-messages.js'

/** A transaction as etcd takes it, and what it counts against etcd's limits. */
export interface Encoded {
  readonly request: TxnRequest
  /** About how many bytes it is on the wire. */
  readonly bytes: number
  /** The longer one of its lists. */
  readonly operations: number
}

/** Room for the fields around a key and a value. */
const overhead = 24

export function encode({ when, then }: Transaction, keys: Keyspace): Encoded {
  const compare: Compare[] = []
  const success: RequestOp[] = []
  let bytes = overhead
  for (const condition of when) {
    const made = encodeCondition(condition, keys)
    if (made === undefined) continue
    compare.push(made)
    bytes += overhead + made.key.length + (made.rangeEnd?.length ?? 0)
  }
  for (const write of then) {
    const made = encodeWrite(write, keys)
    if (made === undefined) continue
    success.push(made)
    bytes +=
      overhead
      + (made.requestPut === undefined
        ? (made.requestDeleteRange?.key.length ?? 0) + (made.requestDeleteRange?.rangeEnd?.length ?? 0)
        : made.requestPut.key.length + made.requestPut.value.length)
  }
  return { request: { compare, success }, bytes, operations: Math.max(compare.length, success.length) }
}

/** Undefined: holds in any case. */
function encodeCondition(condition: Condition, keys: Keyspace): Compare | undefined {
  if (condition.test === 'quiet') {
    const range = keys.range(condition.from, condition.to)
    return (
      range && { result: compareResult.less, target: compareTarget.mod, ...range, modRevision: condition.since + 1 }
    )
  }
  const key = keys.key(condition.key)
  switch (condition.test) {
    case 'absent':
      return { result: compareResult.equal, target: compareTarget.create, key, createRevision: 0 }
    case 'present':
      return { result: compareResult.greater, target: compareTarget.create, key, createRevision: 0 }
    case 'unmodified':
      return { result: compareResult.equal, target: compareTarget.mod, key, modRevision: condition.modified }
  }
}

/** Undefined: does nothing. */
function encodeWrite(write: Write, keys: Keyspace): RequestOp | undefined {
  switch (write.kind) {
    case 'put': {
      const { lease } = write
      return { requestPut: { key: keys.key(write.key), value: write.value, ...(lease === undefined ? {} : { lease }) } }
    }
    case 'delete':
      return { requestDeleteRange: { key: keys.key(write.key) } }
    case 'delete-range': {
      const range = keys.range(write.from, write.to)
      return range && { requestDeleteRange: range }
    }
  }
}
