import { revision } from '../../store/index.js'
import type { Entry, Revision } from '../../store/index.js'
import type { PlannedWrite, RangeDelete } from '../api.js'
import { decodeCheck, decodeNode, decodeService } from '../codec.js'
import type { DraftReads } from '../commands/draft.js'
import { checkKey, kvKey, lockDelayKey, lockKey, nodeKey, serviceKey, sessionKey, tableOf } from '../keys.js'
import { assertKv, decodeKv } from '../kv/kv-codec.js'
import { decodeLock } from '../kv/lock-codec.js'
import type { KvEntry, Lock } from '../kv/types.js'
import { compareText } from '../order.js'
import type { PreparedQuery } from '../queries/types.js'
import { decodeSession } from '../sessions/codec.js'
import type { Session } from '../sessions/types.js'
import type { Check, Node, Service } from '../types.js'

/**
 * Stands for the revision that the transaction will get. No client can have seen it, so no comparison with it holds.
 */
export const pending = revision(-1)

/** What writes made of the keys of one kind; undefined stands for deleted. */
type Layer<Value> = Map<string, Value | undefined>

type KeyWrite = Exclude<PlannedWrite, RangeDelete>

/** A catalog with the writes of a transaction's first operations on top, for the next one to read. */
export class Overlay implements DraftReads {
  readonly #nodes: Layer<Node> = new Map()
  readonly #services: Layer<Service> = new Map()
  readonly #checks: Layer<Check> = new Map()
  readonly #sessions: Layer<Session> = new Map()
  readonly #kv: Layer<KvEntry> = new Map()
  readonly #locks: Layer<Lock> = new Map()
  readonly #marks: Layer<true> = new Map()

  constructor(private readonly base: DraftReads) {}

  /** That of what lies below. */
  get revision(): Revision {
    return this.base.revision
  }

  /** Puts writes on top. */
  adopt(writes: readonly PlannedWrite[]): void {
    for (const write of writes.flatMap(eachKey)) {
      const { key } = write
      const entry = write.kind === 'put' ? { key, value: write.value, created: pending, modified: pending } : undefined
      switch (tableOf(key)) {
        case 'node':
          this.#nodes.set(key, entry && since(decodeNode(entry), decoded => this.#standing(decoded.node)))
          break
        case 'service':
          this.#services.set(key, entry && since(decodeService(entry), ({ node, id }) => this.base.service(node, id)))
          break
        case 'check':
          this.#checks.set(key, entry && since(decodeCheck(entry), ({ node, id }) => this.base.check(node, id)))
          break
        case 'session':
          this.#sessions.set(key, entry && decodeSession(entry))
          break
        case 'kv':
          this.#kv.set(key, entry && this.#kvEntry(entry))
          break
        case 'lock':
          this.#locks.set(key, entry && decodeLock(entry))
          break
        default:
          this.#marks.set(key, entry && true)
      }
    }
  }

  node(nameOrId: string): Node | undefined {
    const key = nodeKey(nameOrId)
    if (this.#nodes.has(key)) return this.#nodes.get(key)
    for (const node of this.#nodes.values())
      if (node?.id !== '' && node?.id.toLowerCase() === nameOrId.toLowerCase()) return node
    const found = this.base.node(nameOrId)
    return found !== undefined && this.#nodes.has(nodeKey(found.node)) ? this.#nodes.get(nodeKey(found.node)) : found
  }

  service(node: string, id: string): Service | undefined {
    return layered(this.#services, serviceKey(node, id), () => this.base.service(node, id))
  }

  servicesOfNode(node: string): readonly Service[] {
    return merged(
      this.base.servicesOfNode(node),
      this.#services,
      one => serviceKey(one.node, one.id),
      one => isSame(one.node, node),
    )
  }

  check(node: string, id: string): Check | undefined {
    return layered(this.#checks, checkKey(node, id), () => this.base.check(node, id))
  }

  checksOfNode(node: string): readonly Check[] {
    return merged(
      this.base.checksOfNode(node),
      this.#checks,
      one => checkKey(one.node, one.id),
      one => isSame(one.node, node),
    )
  }

  checksOfInstance(node: string, serviceId: string): readonly Check[] {
    return this.checksOfNode(node).filter(check => check.serviceId === serviceId)
  }

  session(id: string): Session | undefined {
    return layered(this.#sessions, sessionKey(id.toLowerCase()), () => this.base.session(id))
  }

  // A transaction ends sessions and makes none.
  sessionsOfNode(node: string): readonly Session[] {
    return this.base.sessionsOfNode(node).filter(one => this.session(one.id) !== undefined)
  }
  sessionsOfCheck(node: string, check: string): readonly Session[] {
    return this.base.sessionsOfCheck(node, check).filter(one => this.session(one.id) !== undefined)
  }

  kv(key: string): KvEntry | undefined {
    const entry = layered(this.#kv, kvKey(key), () => this.base.kv(key))
    const lock = this.kvLock(key)
    return entry && { ...entry, session: lock?.session ?? '', lockIndex: lock?.lockIndex ?? 0 }
  }

  *kvBelow(prefix: string): Iterable<KvEntry> {
    for (const key of this.kvKeysBelow(prefix)) {
      const entry = this.kv(key)
      if (entry !== undefined) yield entry
    }
  }

  kvKeysBelow(prefix: string): Iterable<string> {
    if (this.#kv.size === 0) return this.base.kvKeysBelow(prefix)
    const keys = new Set(this.base.kvKeysBelow(prefix))
    for (const [storeKey, entry] of this.#kv) {
      const key = storeKey.slice(kvKey('').length)
      if (entry === undefined) keys.delete(key)
      else if (key.startsWith(prefix)) keys.add(key)
    }
    return [...keys].sort(compareText)
  }

  kvLock(key: string): Lock | undefined {
    return layered(this.#locks, lockKey(key), () => this.base.kvLock(key))
  }

  kvHeldBy(session: string): readonly string[] {
    const held = new Set(this.base.kvHeldBy(session))
    for (const [storeKey, lock] of this.#locks) {
      const key = storeKey.slice(lockKey('').length)
      if (lock?.session === session) held.add(key)
      else held.delete(key)
    }
    return [...held].sort(compareText)
  }

  kvDelayed(key: string): boolean {
    return layered(this.#marks, lockDelayKey(key), () => (this.base.kvDelayed(key) ? true : undefined)) === true
  }
  guard(storeKey: string) {
    return this.#marks.has(storeKey) ? pending : this.base.guard(storeKey)
  }
  preparedQueriesOfSession(session: string): readonly PreparedQuery[] {
    return this.base.preparedQueriesOfSession(session)
  }

  /** The node of exactly this name below. */
  #standing(name: string): Node | undefined {
    const found = this.base.node(name)
    return found !== undefined && isSame(found.node, name) ? found : undefined
  }

  #kvEntry(entry: Entry): KvEntry {
    const key = entry.key.slice(kvKey('').length)
    return {
      key,
      ...decodeKv(assertKv(entry)),
      session: '',
      lockIndex: 0,
      created: this.base.kv(key)?.created ?? pending,
      modified: pending,
    }
  }
}

const eachKey = (write: PlannedWrite): readonly KeyWrite[] =>
  write.kind === 'delete-range' ? write.keys.map(key => ({ kind: 'delete' as const, key })) : [write]

const layered = <Value>(layer: Layer<Value>, key: string, below: () => Value | undefined): Value | undefined =>
  layer.has(key) ? layer.get(key) : below()

function merged<Value>(
  below: readonly Value[],
  layer: Layer<Value>,
  keyOf: (value: Value) => string,
  belongs: (value: Value) => boolean,
): readonly Value[] {
  const own = [...layer.values()].filter((value): value is Value & {} => value !== undefined && belongs(value))
  return [...below.filter(value => !layer.has(keyOf(value))), ...own]
}

/** The entry with the revision that created what it replaces. */
const since = <Value extends Node | Service | Check>(
  value: Value,
  standing: (value: Value) => { readonly created: Node['created'] } | undefined,
): Value => ({ ...value, created: standing(value)?.created ?? pending })

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
