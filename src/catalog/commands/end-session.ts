import { milliseconds } from '../../common/duration.js'
import {
  lockDelayKey,
  kvKey,
  lockKey,
  nodeSessionKey,
  sessionGuardKeys,
  sessionGuardsRange,
  sessionKey,
} from '../keys.js'
import { encodeKv } from '../kv/kv-codec.js'
import type { Session } from '../sessions/types.js'
import type { KeyDraft } from './key-draft.js'
import { releaseLock } from './kv-lock.js'
import { endQueries } from './query-removal.js'

/** Longest lock-delay that is applied, whatever a session asked for. */
const maxLockDelay = milliseconds(60_000)

const nothing = new Uint8Array(0)

/** Releases the keys that a session holds, or deletes them, and blocks their acquisition for its lock-delay. */
function endLocks(draft: KeyDraft, { id, behavior, lockDelay }: Session): void {
  const delay = lockDelay < maxLockDelay ? lockDelay : maxLockDelay
  for (const key of draft.state.locks.heldBy(id)) {
    const entry = draft.state.kv.get(key)
    const lock = draft.state.locks.get(key)
    if (entry === undefined || lock === undefined) continue
    draft.relyOnKey(lockKey(key), lock.modified)
    if (behavior === 'delete') {
      draft.delete(kvKey(key))
      draft.delete(lockKey(key))
    } else {
      draft.relyOnKey(kvKey(key), entry.modified)
      draft.put(kvKey(key), encodeKv(entry))
      releaseLock(draft, key, lock.lockIndex)
    }
    if (delay > 0) draft.put(lockDelayKey(key), nothing, { ttl: delay })
  }
  draft.relyOnQuiet(sessionGuardsRange(id))
  for (const guard of sessionGuardKeys(id)) if (draft.state.guards.get(guard) !== undefined) draft.delete(guard)
}

/**
 * Everything that is bound to a session and ends with it, in the same transaction. Another kind of thing is another
 * line here.
 */
const bound: readonly ((draft: KeyDraft, session: Session) => void)[] = [endLocks, endQueries]

/** Ends a session, and what is bound to it. */
export function endSession(draft: KeyDraft, session: Session): void {
  const key = sessionKey(session.id)
  if (draft.deletes(key)) return
  draft.relyOnKey(key, session.modified)
  draft.delete(key)
  draft.delete(nodeSessionKey(session.node, session.id))
  for (const end of bound) end(draft, session)
}
