import { displacedCause, explainExit, type ExitCause } from '../exit-cause.js'
import type { ExitFacts } from './events.js'
import type { ChildState } from './phases.js'

/**
 * Why a process has ended, and the state that remembers what the next end is judged by. What a full disk has cut off,
 * etcd mends once there is room: it gets one more start after that before its data counts as damaged.
 */
export function causeOfExit<State extends ChildState>(
  now: State,
  { code, signal, lines, lacksRoom, isInPlace }: ExitFacts,
): { readonly cause: ExitCause; readonly state: State } {
  if (!isInPlace) return { cause: displacedCause, state: now }
  return {
    cause: explainExit(lines, code, signal, lacksRoom || now.diskLackedRoom),
    state: { ...now, diskLackedRoom: lacksRoom },
  }
}
