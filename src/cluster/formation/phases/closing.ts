import type { Outcome } from '../event.js'
import type { StateOf } from '../state.js'
import { answer, go, run, stopping, whateverEnds, type Row, type Transition } from './transition.js'

type Closing = StateOf<'closing'>

/** What was under way has ended: it may have started etcd again. */
function ended(state: Closing, event: Outcome): Transition {
  if (state.awaits === 'etcd') return go(state)
  return go(
    { ...state, awaits: 'etcd' },
    event.type === 'failed' ? answer('start', event.error) : answer('start'),
    run({ do: 'stop-etcd' }),
  )
}

export const closing: Row<'closing'> = {
  ...whateverEnds(ended),
  'cleared': ended,
  'etcd-stopped': ({ was }) => go({ phase: 'closed', was }, answer('close')),
  'failed': (state, event) => {
    if (event.job === 'depart') return go(state)
    return event.job === 'stop-etcd'
      ? go({ phase: 'closed', was: state.was }, answer('close', event.error))
      : ended(state, event)
  },
  'leave': state => go(state, answer('leave', stopping())),
}
