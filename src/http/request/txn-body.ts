import type { TxnOp } from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { decodeExactly, uint64 } from './big-numbers.js'
import { integer, list, map, object, string, type Decoded, type Reader } from './decode.js'
import { decodedAs, decodeFailed } from './json-body.js'
import { check, registerCheck, registerService, transactionService } from './registration-body.js'

/** Most operations of one transaction. */
const maxOps = 64

/** Text that UTF-8 can say: half a surrogate pair becomes U+FFFD, as Go reads it. */
const utf8: Reader<string> = (value, where) => Buffer.from(string(value, where)).toString()

/** Bytes in base64, refused in the words of Go's decoder. */
const base64: Reader<Buffer> = (value, where) => {
  const text = string(value, where).replace(/[\r\n]/g, '')
  const odd = /[^A-Za-z0-9+/]/.exec(text)?.index ?? text.length
  const isWhole =
    odd === text.length
      ? text.length % 4 === 0
      : text.length % 4 === 0 && odd >= text.length - 2 && /^={1,2}$/.test(text.slice(odd))
  if (!isWhole) throw decodeFailed(`illegal base64 data at input byte ${odd}`)
  return Buffer.from(text, 'base64')
}

const kvOp = object({
  Verb: string,
  Key: utf8,
  Value: base64,
  Flags: uint64,
  Index: uint64,
  Session: string,
  Namespace: string,
})

const nodeOp = object({
  Verb: string,
  Node: object({
    ID: string,
    Node: string,
    Address: string,
    Datacenter: string,
    TaggedAddresses: map(string),
    Meta: map(string),
    CreateIndex: integer,
    ModifyIndex: uint64,
  }),
})

const serviceOp = object({ Verb: string, Node: string, Service: transactionService })

const checkOp = object({ Verb: string, Check: check })

const operations = list(object({ KV: kvOp, Node: nodeOp, Service: serviceOp, Check: checkOp }))

type KvBody = typeof kvOp extends Reader<infer Body> ? Body : never
type NodeBody = typeof nodeOp extends Reader<infer Body> ? Body : never
type OperationBody = Decoded<{ KV: typeof kvOp; Node: typeof nodeOp; Service: typeof serviceOp; Check: typeof checkOp }>

/**
 * The body of `PUT /v1/txn`.
 * @param maxValueSize what `limits.kv_max_value_size` says, in bytes
 * @throws MusterError 400 for what cannot be read, 413 for too many operations and too large values
 */
export function readTransaction(body: Buffer, maxValueSize: number): readonly TxnOp[] {
  const given = decodedAs('Failed to parse body: ', () => decodeExactly(body, operations))
  if (given.length > maxOps) throw tooLarge(`Transaction contains too many operations (${given.length} > ${maxOps})`)
  for (const { KV: kv } of given) {
    const size = kv?.Value?.length ?? 0
    if (size > maxValueSize)
      throw tooLarge(`Value for key ${JSON.stringify(kv?.Key ?? '')} is too large (${size} > ${maxValueSize} bytes)`)
  }
  return given.map(operation)
}

function operation(body: OperationBody, place: number): TxnOp {
  const { KV: kv, Node: node, Service: service, Check: given } = body
  const kinds = Object.keys(body)
  // Refuse items with several operations: to do only one of them and report success would hide the others.
  if (kinds.length > 1) throw unreadable(`operation ${place} has both ${kinds[0]} and ${kinds[1]}, one kind is allowed`)
  if (kv !== undefined) return kvOperation(kv)
  if (node !== undefined) return nodeOperation(node)
  if (service !== undefined) {
    const { Verb: verb = '', Node: on = '', Service: what = {} } = service
    return { kind: 'service', verb, node: on, service: registerService(what), index: what.ModifyIndex ?? 0 }
  }
  if (given === undefined) throw unreadable(`operation ${place} has none of KV, Node, Service and Check`)
  const { Verb: verb = '', Check: what = {} } = given
  return { kind: 'check', verb, check: registerCheck(what), index: what.ModifyIndex ?? 0 }
}

const kvOperation = ({
  Verb: verb = '',
  Key: key = '',
  Value: value = Buffer.alloc(0),
  Flags: flags = 0n,
  Index: index = 0n,
  Session: session = '',
}: KvBody): TxnOp => ({ kind: 'kv', verb, data: { key, value, flags }, index: Number(index), session })

const nodeOperation = ({ Verb: verb = '', Node: given = {} }: NodeBody): TxnOp => ({
  kind: 'node',
  verb,
  index: Number(given.ModifyIndex ?? 0n),
  node: {
    node: given.Node ?? '',
    id: given.ID ?? '',
    address: given.Address ?? '',
    taggedAddresses: given.TaggedAddresses ?? null,
    meta: given.Meta ?? null,
  },
})

const unreadable = (detail: string): MusterError =>
  new MusterError('HTTP_DECODE', `Failed to parse body: ${detail}`, { status: 400 })
const tooLarge = (message: string): MusterError => new MusterError('HTTP_TOO_LARGE', message, { status: 413 })
