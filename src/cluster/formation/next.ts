import type { Event } from './event.js'
import { awaitingVote } from './phases/awaiting-vote.js'
import { clearing } from './phases/clearing.js'
import { closed } from './phases/closed.js'
import { closing } from './phases/closing.js'
import { departing } from './phases/departing.js'
import { entering } from './phases/entering.js'
import { founding } from './phases/founding.js'
import { halted } from './phases/halted.js'
import { leaving } from './phases/leaving.js'
import { left } from './phases/left.js'
import { moving } from './phases/moving.js'
import { recovering } from './phases/recovering.js'
import { resuming } from './phases/resuming.js'
import { searching } from './phases/searching.js'
import { serving } from './phases/serving.js'
import { starting } from './phases/starting.js'
import { go, run, type Row, type Transition } from './phases/transition.js'
import type { Phase, State } from './state.js'

const table: { readonly [Name in Phase]: Row<Name> } = {
  starting,
  recovering,
  moving,
  resuming,
  searching,
  founding,
  entering,
  'awaiting-vote': awaitingVote,
  clearing,
  serving,
  departing,
  leaving,
  left,
  halted,
  closing,
  closed,
}

/** How every server begins. */
export const beginning: Transition = go({ phase: 'starting' }, run({ do: 'read-disk' }))

/**
 * Where an event leads from a state. Pure: what has to be done is given back. In every phase but `left`, `halted` and
 * `closed` one job is under way, and each end of it leads to the next; while `departing` the job `depart` is under way
 * beside it.
 */
export function next(state: State, event: Event): Transition {
  // The compiler cannot relate the row of the phase to the type of the event.
  const row = table[state.phase] as Partial<Record<Event['type'], (state: State, event: Event) => Transition>>
  return row[event.type]?.(state, event) ?? go(state)
}
