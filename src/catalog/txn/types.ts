import type { RegisterCheck, RegisterService } from '../commands/register.js'
import type { KvData, KvEntry } from '../kv/types.js'
import type { Check, Node, NodeData, Service } from '../types.js'

/** An operation on a KV entry. `index` is the ModifyIndex that `cas` and the like compare with. */
export interface KvOp {
  readonly kind: 'kv'
  readonly verb: string
  readonly data: KvData
  readonly index: number
  readonly session: string
}

/** An operation on a node. */
export interface NodeOp {
  readonly kind: 'node'
  readonly verb: string
  readonly node: NodeData
  readonly index: number
}

/** An operation on a service of a node. */
export interface ServiceOp {
  readonly kind: 'service'
  readonly verb: string
  readonly node: string
  readonly service: RegisterService
  readonly index: number
}

/** An operation on a check of a node. */
export interface CheckOp {
  readonly kind: 'check'
  readonly verb: string
  readonly check: RegisterCheck
  readonly index: number
}

/** One operation of a transaction; its verb is as the client wrote it. */
export type TxnOp = KvOp | NodeOp | ServiceOp | CheckOp

/**
 * What an operation gives back: the entry as it is after it. `withValue` false: the bytes of a KV entry are not to be
 * shown.
 */
export type TxnResult =
  | { readonly kind: 'kv'; readonly entry: KvEntry; readonly withValue: boolean }
  | { readonly kind: 'node'; readonly entry: Node }
  | { readonly kind: 'service'; readonly entry: Service }
  | { readonly kind: 'check'; readonly entry: Check }

/** Why an operation failed, by its place in the list. */
export interface TxnError {
  readonly opIndex: number
  readonly what: string
}

/** How a transaction ended: all of it is done, or nothing. Both lists are in the order of the operations. */
export type TxnOutcome = { readonly results: readonly TxnResult[] } | { readonly errors: readonly TxnError[] }
