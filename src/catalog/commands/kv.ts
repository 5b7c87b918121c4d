import { MusterError } from '../../common/errors.js'
import type { Command } from '../api.js'
import { assertKvKey, isKvKey } from '../keys.js'
import type { KvData } from '../kv/types.js'
import { drafted } from './draft.js'
import { acquireKv, releaseKv } from './kv-lock.js'
import { casKv, deleteCasKv, deleteKv, deleteTreeKv, plainPut, setKv } from './kv-write.js'

/** Writes a KV entry. Same flags, same bytes, nothing to be said about its lock: nothing is written. */
export const kvPut =
  (data: KvData): Command<true> =>
  state => {
    // Few entries were ever locked. Other entries are written without a draft, which would take much of the time of a
    // small write.
    if (state.locks.get(data.key) === undefined && isKvKey(data.key))
      return { when: [], then: plainPut(state, data), result: true }
    return lockedPut(data)(state)
  }

const lockedPut = (data: KvData): Command<true> =>
  drafted(draft => {
    assertKvKey(data.key)
    setKv(draft, data)
    return true
  })

/**
 * Check-and-set: writes if the entry's ModifyIndex is `index`, or, with 0, if there is none. The result tells whether
 * it was.
 */
export const kvCas = (data: KvData, index: number): Command<boolean> =>
  drafted(draft => {
    assertKvKey(data.key)
    return casKv(draft, data, index)
  })

/**
 * Writes and takes the lock. False when another session holds it, or its lock-delay has not passed. Refused without a
 * session (KV_SESSION).
 */
export const kvAcquire = (data: KvData, session: string): Command<boolean> =>
  drafted(draft => {
    assertKvKey(data.key)
    return applied(() => acquireKv(draft, data, session)) === 'taken'
  })

/** Writes and gives the lock back. False when the session does not hold it. Refused without a session (KV_SESSION). */
export const kvRelease = (data: KvData, session: string): Command<boolean> =>
  drafted(draft => {
    assertKvKey(data.key)
    return applied(() => releaseKv(draft, data, session))
  })

/** Deletes a KV entry; nothing there is fine. */
export const kvDelete = (key: string): Command<true> =>
  drafted(draft => {
    deleteKv(draft, key)
    return true
  })

/** Deletes a KV entry if its ModifyIndex is `index`. False when it is another. */
export const kvDeleteCas = (key: string, index: number): Command<boolean> =>
  drafted(draft => deleteCasKv(draft, key, index))

/** Deletes all KV entries whose names begin with `prefix`, in one transaction. */
export const kvDeleteTree = (prefix: string): Command<true> =>
  drafted(draft => {
    deleteTreeKv(draft, prefix)
    return true
  })

/** Refusals of locks begin with these words where they do not stand in a transaction's list. */
function applied<Result>(run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof MusterError)) throw error
    throw new MusterError(error.code, `raft apply failed: ${error.message}`, { status: error.status })
  }
}
