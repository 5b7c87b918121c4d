import { MusterError } from '../../common/errors.js'
import { kvKey, lockDelayKey, lockKey, sessionGuardKey, sessionKey } from '../keys.js'
import { encodeKv } from '../kv/kv-codec.js'
import { encodeLock } from '../kv/lock-codec.js'
import type { KvData } from '../kv/types.js'
import { uuidFault } from '../uuid-fault.js'
import type { Session } from '../sessions/types.js'
import type { KeyDraft } from './key-draft.js'
import { sameContent } from './kv-write.js'

/** How an attempt to take a lock went. */
export type LockOutcome = 'taken' | 'held by another' | 'delayed'

const nothing = new Uint8Array(0)

/**
 * Writes an entry and locks it for a session. The holder just writes it. Relies on the session to live until the
 * commit.
 * @throws MusterError KV_SESSION for a session that is none
 */
export function acquireKv(draft: KeyDraft, data: KvData, sessionId: string): LockOutcome {
  const { key } = data
  if (draft.state.lockDelays.has(key)) return 'delayed'
  const session = livingSession(draft, sessionId)
  draft.relyOnKey(lockDelayKey(key), undefined)
  draft.relyOnKey(sessionKey(session.id), session.modified)
  const lock = draft.state.locks.get(key)
  if (lock !== undefined && lock.session !== '' && lock.session !== session.id) return 'held by another'
  draft.relyOnKey(lockKey(key), lock?.modified)
  if (lock?.session === session.id) {
    const standing = draft.state.kv.get(key)
    if (standing === undefined || !sameContent(standing, data)) draft.put(kvKey(key), encodeKv(data))
    return 'taken'
  }
  draft.put(kvKey(key), encodeKv(data))
  draft.put(lockKey(key), encodeLock({ session: session.id, lockIndex: (lock?.lockIndex ?? 0) + 1 }))
  draft.put(sessionGuardKey(session.id, key), nothing)
  return 'taken'
}

/**
 * Writes an entry and releases its lock. False when the session does not hold it.
 * @throws MusterError KV_SESSION without a session
 */
export function releaseKv(draft: KeyDraft, data: KvData, sessionId: string): boolean {
  if (sessionId === '') throw missingSession()
  const lock = draft.state.locks.get(data.key)
  if (lock?.session !== sessionId.toLowerCase()) return false
  draft.relyOnKey(lockKey(data.key), lock.modified)
  draft.put(kvKey(data.key), encodeKv(data))
  releaseLock(draft, data.key, lock.lockIndex)
  return true
}

/** Nobody holds the key any more; how often it was taken stays known. */
export function releaseLock(draft: KeyDraft, key: string, lockIndex: number): void {
  if (lockIndex === 0) draft.delete(lockKey(key))
  else draft.put(lockKey(key), encodeLock({ session: '', lockIndex }))
}

function livingSession(draft: KeyDraft, id: string): Session {
  if (id === '') throw missingSession()
  const fault = uuidFault(id)
  if (fault !== undefined) throw refusal(`failed session lookup: ${fault}`)
  const session = draft.state.sessions.get(id)
  if (session === undefined) throw refusal(`invalid session ${JSON.stringify(id)}`)
  return session
}

const refusal = (message: string): MusterError => new MusterError('KV_SESSION', message)
const missingSession = (): MusterError => refusal('missing session')
