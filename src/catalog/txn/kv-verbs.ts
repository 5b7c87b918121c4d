import type { DraftReads, KeyDraft } from '../commands/key-draft.js'
import { acquireKv, releaseKv } from '../commands/kv-lock.js'
import { casKv, deleteCasKv, deleteKv, deleteTreeKv, setKv } from '../commands/kv-write.js'
import { assertKvKey, kvKey, prefixRange } from '../keys.js'
import type { KvEntry } from '../kv/types.js'
import { failure, quoted } from './failure.js'
import type { KvOp, TxnResult } from './types.js'

/** What an operation gives back, worked out when its writes can be read. */
export type After = (state: DraftReads) => readonly TxnResult[]

const none: After = () => []

/** The verbs that write nothing. */
const kvReadVerbs: ReadonlySet<string> = new Set([
  'get',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
])
/** The verbs that write. */
export const kvWriteVerbs: ReadonlySet<string> = new Set([
  'set',
  'cas',
  'lock',
  'unlock',
  'delete',
  'delete-tree',
  'delete-cas',
])

/** Puts one KV operation into a draft. @throws MusterError when it fails */
export function runKvOp(draft: KeyDraft, op: KvOp): After {
  const {
    data: { key },
  } = op
  if (!kvReadVerbs.has(op.verb) && !kvWriteVerbs.has(op.verb)) throw failure(`unknown KV verb ${quoted(op.verb)}`)
  if (key === '' && op.verb !== 'delete-tree') throw failure('Must provide key')
  assertKvKey(key)
  return kvReadVerbs.has(op.verb) ? read(draft, op) : write(draft, op)
}

function write(draft: KeyDraft, { verb, data, index, session }: KvOp): After {
  const { key } = data
  const written: After = state => shown(state.kv.get(key), false)
  switch (verb) {
    case 'set':
      setKv(draft, data)
      return written
    case 'cas':
      if (!casKv(draft, data, index)) throw failure(`failed to set key ${quoted(key)}, index is stale`)
      return written
    case 'lock': {
      const outcome = acquireKv(draft, data, session)
      if (outcome === 'delayed') throw failure(`failed to lock key ${quoted(key)} due to lock delay`)
      if (outcome === 'held by another') throw failure(`failed to lock key ${quoted(key)}, lock is already held`)
      return written
    }
    case 'unlock':
      if (!releaseKv(draft, data, session))
        throw failure(`failed to unlock key ${quoted(key)}, lock isn't held, or is held by another session`)
      return written
    case 'delete-tree':
      deleteTreeKv(draft, key)
      return none
    case 'delete-cas':
      if (!deleteCasKv(draft, key, index)) throw failure(`failed to delete key ${quoted(key)}, index is stale`)
      return none
    default:
      deleteKv(draft, key)
      return none
  }
}

function read(draft: KeyDraft, { verb, data: { key }, index, session }: KvOp): After {
  if (verb === 'get-tree') {
    const entries = [...draft.state.kv.below(key)]
    // Both conditions are needed: the one on the range fails for added and changed keys, the one on each key for
    // deleted ones.
    draft.relyOnQuiet(prefixRange(kvKey(key)))
    for (const entry of entries) draft.relyOnKey(kvKey(entry.key), entry.modified)
    return () => entries.flatMap(entry => shown(entry, true))
  }
  const entry = draft.state.kv.get(key)
  draft.relyOnKey(kvKey(key), entry?.modified)
  if (verb === 'check-not-exists') {
    if (entry !== undefined) throw failure(`key ${quoted(key)} exists`)
    return none
  }
  if (entry === undefined) {
    const attempt =
      verb === 'check-index' ? 'failed to check index, ' : verb === 'check-session' ? 'failed to check session, ' : ''
    throw failure(`${attempt}key ${quoted(key)} doesn't exist`)
  }
  if (verb === 'check-index' && entry.modified !== index) {
    throw failure(
      `failed index check for key ${quoted(key)}, current modify index ${Math.max(0, entry.modified)} != ${index}`,
    )
  }
  if (verb === 'check-session' && entry.session !== session.toLowerCase()) {
    throw failure(
      `failed session check for key ${quoted(key)}, current session ${quoted(entry.session)} != ${quoted(session)}`,
    )
  }
  return () => shown(entry, verb === 'get')
}

const shown = (entry: KvEntry | undefined, withValue: boolean): readonly TxnResult[] =>
  entry === undefined ? [] : [{ kind: 'kv', entry, withValue }]
