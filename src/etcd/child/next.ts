import { ending } from './end-phases.js'
import type { ChildEvent } from './events.js'
import type { ChildState, Phase } from './phases.js'
import { adopting, announcing, cancelling, launching, opening, rising, stopped } from './start-phases.js'
import type { Row, Transition } from './transition.js'
import { backingOff, ended, parting, relaunching, up } from './up-phases.js'

const table: { readonly [Kind in Phase['kind']]: Row<Kind> } = {
  stopped,
  opening,
  adopting,
  announcing,
  launching,
  rising,
  up,
  parting,
  ending,
  'backing-off': backingOff,
  relaunching,
  cancelling,
  ended,
}

/** The transition for an event. Pure: the caller carries the actions out, and feeds their outcomes back as events. */
export function next(state: ChildState, event: ChildEvent): Transition {
  // The compiler cannot relate the row's phase to the cell's event.
  const cell = table[state.phase.kind][event.on] as ((now: ChildState, event: ChildEvent) => Transition) | undefined
  return cell?.(state, event) ?? { state, actions: [] }
}

/** Whether a start may begin. */
export const mayStart = ({ kind }: Phase): boolean => kind === 'stopped' || kind === 'ended'
