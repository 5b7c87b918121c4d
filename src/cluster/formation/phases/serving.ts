import type { StateOf } from '../state.js'
import type { EventOf } from '../event.js'
import { closeAfterJob, every, go, pause, run, startAfresh, type Row, type Transition } from './transition.js'

/** ms for which a cluster is young: servers come one after the other, and are to know each other soon. */
const newMemberMs = 15_000

type Member = StateOf<'serving' | 'departing'>

/** What goes on as long as it is a voter, also while it asks to be none. */
export const membership = {
  tended: (state: Member, { at }: EventOf<'tended'>): Transition =>
    go(state, { do: 'forget-failures' }, pause(at - state.since < newMemberMs ? every.young : every.member)),
  paused: (state: Member): Transition => go(state, run({ do: 'tend', since: state.since })),
  failed: (state: Member, { error }: EventOf<'failed'>): Transition =>
    go(state, { do: 'log-failure', phase: 'member', error }, pause(every.failure)),
}

export const serving: Row<'serving'> = {
  ...membership,
  unusable: (_, { reason }) => startAfresh(reason, { atStart: false }),
  leave: state => go({ ...state, phase: 'departing' }, run({ do: 'depart' })),
  close: closeAfterJob,
}
