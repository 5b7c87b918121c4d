import { revision } from '../../store/index.js'
import type { Entry, Revision } from '../../store/index.js'
import type { PlannedWrite, RangeDelete } from '../api.js'
import { decodeCheck, decodeNode, decodeService } from '../entry-codec.js'
import type { DraftReads } from '../commands/key-draft.js'
import { checkKey, kvKey, lockDelayKey, lockKey, nodeKey, serviceKey, sessionKey, tableOf } from '../keys.js'
import { assertKv, decodeKv } from '../kv/kv-codec.js'
import { decodeLock } from '../kv/lock-codec.js'
import type { KvEntry, Lock } from '../kv/types.js'
import { sameName } from '../../common/same-name.js'
import { compareText } from '../../common/text-order.js'
import { decodeSession } from '../sessions/session-codec.js'
import type { Session } from '../sessions/types.js'
import type { Check, Node, Service } from '../types.js'

/**
 * Stands for the revision that the transaction will get. No client can have seen it, so no comparison with it holds.
 */
export const pending = revision(-1)

/** The values that the transaction has written, by key; undefined for deleted keys. */
type Layer<Value> = Map<string, Value | undefined>

type KeyWrite = Exclude<PlannedWrite, RangeDelete>

/** A catalog with the writes of a transaction's first operations on top, for the next one to read. */
export class Overlay implements DraftReads {
  readonly #base: DraftReads
  readonly #nodes: Layer<Node> = new Map()
  readonly #services: Layer<Service> = new Map()
  readonly #checks: Layer<Check> = new Map()
  readonly #sessions: Layer<Session> = new Map()
  readonly #kv: Layer<KvEntry> = new Map()
  readonly #locks: Layer<Lock> = new Map()
  readonly #marks: Layer<true> = new Map()

  readonly nodes: DraftReads['nodes'] = { find: nameOrId => this.#findNode(nameOrId) }

  readonly services: DraftReads['services'] = {
    get: (node, id) => layered(this.#services, serviceKey(node, id), () => this.#base.services.get(node, id)),
    ofNode: node =>
      merged(
        this.#base.services.ofNode(node),
        this.#services,
        one => serviceKey(one.node, one.id),
        one => sameName(one.node, node),
      ),
  }

  readonly checks: DraftReads['checks'] = {
    get: (node, id) => layered(this.#checks, checkKey(node, id), () => this.#base.checks.get(node, id)),
    ofNode: node =>
      merged(
        this.#base.checks.ofNode(node),
        this.#checks,
        one => checkKey(one.node, one.id),
        one => sameName(one.node, node),
      ),
    ofInstance: (node, serviceId) => this.checks.ofNode(node).filter(check => check.serviceId === serviceId),
  }

  // Transactions can end sessions but not create them.
  readonly sessions: DraftReads['sessions'] = {
    get: id => layered(this.#sessions, sessionKey(id.toLowerCase()), () => this.#base.sessions.get(id)),
    ofNode: node => this.#base.sessions.ofNode(node).filter(one => this.sessions.get(one.id) !== undefined),
    ofCheck: (node, check) =>
      this.#base.sessions.ofCheck(node, check).filter(one => this.sessions.get(one.id) !== undefined),
  }

  readonly kv: DraftReads['kv'] = {
    get: key => {
      const entry = layered(this.#kv, kvKey(key), () => this.#base.kv.get(key))
      const lock = this.locks.get(key)
      return entry && { ...entry, session: lock?.session ?? '', lockIndex: lock?.lockIndex ?? 0 }
    },
    below: prefix => this.#kvBelow(prefix),
    keysBelow: prefix => {
      if (this.#kv.size === 0) return this.#base.kv.keysBelow(prefix)
      const keys = new Set(this.#base.kv.keysBelow(prefix))
      for (const [storeKey, entry] of this.#kv) {
        const key = storeKey.slice(kvKey('').length)
        if (entry === undefined) keys.delete(key)
        else if (key.startsWith(prefix)) keys.add(key)
      }
      return [...keys].sort(compareText)
    },
  }

  readonly locks: DraftReads['locks'] = {
    get: key => layered(this.#locks, lockKey(key), () => this.#base.locks.get(key)),
    heldBy: session => {
      const held = new Set(this.#base.locks.heldBy(session))
      for (const [storeKey, lock] of this.#locks) {
        const key = storeKey.slice(lockKey('').length)
        if (lock?.session === session) held.add(key)
        else held.delete(key)
      }
      return [...held].sort(compareText)
    },
  }

  readonly lockDelays: DraftReads['lockDelays'] = {
    has: key =>
      layered(this.#marks, lockDelayKey(key), () => (this.#base.lockDelays.has(key) ? true : undefined)) === true,
  }

  readonly guards: DraftReads['guards'] = {
    get: storeKey => (this.#marks.has(storeKey) ? pending : this.#base.guards.get(storeKey)),
  }

  constructor(base: DraftReads) {
    this.#base = base
  }

  /** That of what lies below. */
  get revision(): Revision {
    return this.#base.revision
  }
  get queries(): DraftReads['queries'] {
    return this.#base.queries
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
          this.#services.set(
            key,
            entry && since(decodeService(entry), ({ node, id }) => this.#base.services.get(node, id)),
          )
          break
        case 'check':
          this.#checks.set(key, entry && since(decodeCheck(entry), ({ node, id }) => this.#base.checks.get(node, id)))
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

  #findNode(nameOrId: string): Node | undefined {
    const key = nodeKey(nameOrId)
    if (this.#nodes.has(key)) return this.#nodes.get(key)
    for (const node of this.#nodes.values())
      if (node?.id !== '' && node?.id.toLowerCase() === nameOrId.toLowerCase()) return node
    const found = this.#base.nodes.find(nameOrId)
    return found !== undefined && this.#nodes.has(nodeKey(found.node)) ? this.#nodes.get(nodeKey(found.node)) : found
  }

  *#kvBelow(prefix: string): Iterable<KvEntry> {
    for (const key of this.kv.keysBelow(prefix)) {
      const entry = this.kv.get(key)
      if (entry !== undefined) yield entry
    }
  }

  /** The node of exactly this name below. */
  #standing(name: string): Node | undefined {
    const found = this.#base.nodes.find(name)
    return found !== undefined && sameName(found.node, name) ? found : undefined
  }

  #kvEntry(entry: Entry): KvEntry {
    const key = entry.key.slice(kvKey('').length)
    return {
      key,
      ...decodeKv(assertKv(entry)),
      session: '',
      lockIndex: 0,
      created: this.#base.kv.get(key)?.created ?? pending,
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
