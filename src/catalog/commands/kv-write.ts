import type { Revision } from '../../store/index.js'
import type { PlannedWrite } from '../api.js'
import { kvKey, lockKey, prefixRange } from '../keys.js'
import { encodeKv } from '../kv/kv-codec.js'
import { encodeLock } from '../kv/lock-codec.js'
import type { KvData } from '../kv/types.js'
import type { DraftReads, KeyDraft } from './key-draft.js'

/** Whether two entries have the same flags and bytes. */
export const sameContent = (a: Pick<KvData, 'flags' | 'value'>, b: Pick<KvData, 'flags' | 'value'>): boolean =>
  a.flags === b.flags && Buffer.compare(a.value, b.value) === 0

/** The write of an entry that was never locked, which relies on nothing; none where it stands so already. */
export const plainPut = (state: DraftReads, data: KvData): readonly PlannedWrite[] =>
  stands(state, data) ? [] : [{ kind: 'put', key: kvKey(data.key), value: encodeKv(data) }]

/**
 * Writes an entry when it differs. Who holds it goes on holding it, but its LockIndex begins again, as in Consul 1.10.
 * An entry that was never locked is written without any condition, so writers of one key do not disturb each other.
 */
export function setKv(draft: KeyDraft, data: KvData): void {
  const lock = draft.state.locks.get(data.key)
  if (lock !== undefined) draft.relyOnKey(lockKey(data.key), lock.modified)
  const lockIndex = lock?.lockIndex ?? 0
  if (lockIndex === 0 && stands(draft.state, data)) return
  draft.put(kvKey(data.key), encodeKv(data))
  if (lock === undefined || lockIndex === 0) return
  if (lock.session === '') draft.delete(lockKey(data.key))
  else draft.put(lockKey(data.key), encodeLock({ session: lock.session, lockIndex: 0 }))
}

/** As {@link setKv}, if the entry still has that ModifyIndex; 0: if there is none. False when not. */
export function casKv(draft: KeyDraft, data: KvData, index: number): boolean {
  if (!standsAt(draft, data.key, index)) return false
  setKv(draft, data)
  return true
}

/** Deletes an entry, whoever holds it. */
export function deleteKv(draft: KeyDraft, key: string): void {
  if (draft.state.kv.get(key) === undefined) return
  draft.delete(kvKey(key))
  // Delete the lock key even if it does not exist, so that a concurrent acquire conflicts with this write and waits for
  // it.
  draft.delete(lockKey(key))
}

/** Deletes an entry if it still has that ModifyIndex. False when it has another; nothing there is fine. */
export function deleteCasKv(draft: KeyDraft, key: string, index: number): boolean {
  if (draft.state.kv.get(key) === undefined) {
    draft.relyOnKey(kvKey(key), undefined)
    return true
  }
  if (index === 0 || !standsAt(draft, key, index)) return false
  deleteKv(draft, key)
  return true
}

/** Deletes all entries below a prefix, whoever holds them, those included that come in while this is committed. */
export function deleteTreeKv(draft: KeyDraft, prefix: string): void {
  const keys = [...draft.state.kv.keysBelow(prefix)]
  if (keys.length === 0) return
  draft.deleteRange(prefixRange(kvKey(prefix)), keys.map(kvKey))
  draft.deleteRange(prefixRange(lockKey(prefix)), keys.map(lockKey))
}

function stands(state: DraftReads, data: KvData): boolean {
  const standing = state.kv.get(data.key)
  return standing !== undefined && sameContent(standing, data)
}

function standsAt(draft: KeyDraft, key: string, index: number): boolean {
  const standing: Revision | undefined = draft.state.kv.get(key)?.modified
  if ((standing ?? 0) !== index) return false
  draft.relyOnKey(kvKey(key), standing)
  return true
}
