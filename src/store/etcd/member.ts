import type { MusterError } from '../../common/errors.js'
import type { Committed, LeaseId, Transaction } from '../store.js'
import type { Claims, Footprint } from './claims.js'
import type { Encoded } from './encode.js'

/** A transaction on its way, and who waits for its outcome. */
export interface Member {
  readonly transaction: Transaction
  readonly footprint: Footprint
  readonly encoded: Encoded
  /** When (monotonic) it was asked for; its hold time runs from then. */
  readonly since: number
  readonly resolve: (committed: Committed) => void
  readonly reject: (reason: MusterError | Error) => void
}

/** Transactions that travel together. */
export interface Group {
  readonly members: readonly Member[]
  readonly claims: Claims
  readonly bytes: number
  /** What it counts against etcd's limit, its own conditions included. */
  readonly operations: number
}

export const leaseOf = ({ transaction }: Member): LeaseId | undefined => {
  for (const write of transaction.then) if (write.kind === 'put' && write.lease !== undefined) return write.lease
  return undefined
}

export const puts = ({ transaction }: Member): boolean => transaction.then.some(({ kind }) => kind === 'put')
