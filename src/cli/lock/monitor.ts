import { parseDuration } from '../../common/duration.js'
import { MusterError } from '../../common/errors.js'
import { limitedSignal } from '../../common/limited-signal.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'
import { answerTime, questionWait, type Lock } from './types.js'

/** How long things take, in ms. */
export interface MonitorTimes {
  /** The pause after a question that could not be answered. */
  readonly pause: number
  /** How long an answer that is there at once may take. */
  readonly answer: number
  /** How long one that waits for a change may take: servers add up to a sixteenth. */
  readonly change: number
}

const usual: MonitorTimes = {
  pause: 1000,
  answer: answerTime,
  change: Math.ceil(((parseDuration(questionWait) ?? 0) * 17) / 16) + answerTime,
}

/**
 * Resolves when a held lock is lost, or cannot be told to be held although it was asked for `retries` times more; or
 * when `signal` is aborted. True: it is lost.
 */
export async function untilLost(
  lock: Pick<Lock, 'isHeld'>,
  retries: number,
  signal: AbortSignal,
  times: MonitorTimes = usual,
): Promise<boolean> {
  let index = ''
  let failures = 0
  while (!signal.aborted) {
    const limited = limitedSignal(signal, index === '' ? times.answer : times.change)
    try {
      const now = await lock.isHeld(index, limited.signal).finally(limited.release)
      if (!now.held) return true
      index = now.index
      failures = 0
    } catch (error) {
      if (signal.aborted) return false
      if (!(error instanceof MusterError) || ++failures > retries) return true
      index = ''
      await pause(commandClock, times.pause, signal)
    }
  }
  return false
}
