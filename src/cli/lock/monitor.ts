import { MusterError } from '../../common/errors.js'
import { pause } from '../pause.js'
import type { Lock } from './types.js'

/** Pause after a question that could not be answered. */
const retryPause = 2000

/**
 * Resolves when a held lock is lost, or cannot be told to be held although it was asked for `retries` times more; or when `signal` is aborted.
 * True: it is lost.
 */
export async function untilLost(lock: Lock, retries: number, signal: AbortSignal): Promise<boolean> {
  let index = ''
  let failures = 0
  while (!signal.aborted) {
    try {
      const now = await lock.isHeld(index, signal)
      if (!now.held) return true
      index = now.index
      failures = 0
    } catch (error) {
      if (signal.aborted) return false
      if (!(error instanceof MusterError) || ++failures > retries) return true
      index = ''
      await pause(retryPause, signal)
    }
  }
  return false
}
