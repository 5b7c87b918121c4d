import type { Job } from '../action.js'
import type { Outcome } from '../event.js'
import type { StateOf } from '../state.js'
import { answer, closeAfterJob, closeNow, go, run, whateverEnds, type Row, type Transition } from './transition.js'

type Leaving = StateOf<'leaving'>

/** Nothing is under way any more: the steps of leaving begin. */
export const beginLeaving = (when: Extract<Job, { readonly do: 'give-back' }>['when']): Transition =>
  go({ phase: 'leaving', step: 'giving-back' }, run({ do: 'give-back', when }))

/** The job that ran when the server was told to leave has ended. Its outcome no longer matters. */
function ended(state: Leaving, event: Outcome): Transition {
  if (state.step !== 'ending') return go(state)
  // The server may have become a voter just now. Then it must leave Raft properly, or the others would count its vote
  // as missing.
  const { state: next, actions } = beginLeaving(event.type === 'entered' ? 'always' : 'entering')
  return go(next, event.type === 'failed' ? answer('start', event.error) : answer('start'), ...actions)
}

export const leaving: Row<'leaving'> = {
  ...whateverEnds(ended),
  'place-given-back': () => go({ phase: 'leaving', step: 'saying-farewell' }, run({ do: 'say-farewell' })),
  'farewell-said': () => go({ phase: 'leaving', step: 'clearing' }, run({ do: 'clear' })),
  'cleared': (state, event) =>
    state.step === 'ending'
      ? ended(state, event)
      : go(
          { phase: 'left' },
          {
            do: 'record',
            change: {
              left: true,
              cluster: undefined,
              peerUrl: undefined,
              entering: undefined,
              removed: undefined,
              founding: {},
            },
          },
          { do: 'log', level: 'info', message: 'left the servers' },
          answer('leave'),
        ),
  // The server has left even if a step of leaving failed.
  'failed': (state, event) =>
    state.step === 'ending' ? ended(state, event) : go({ phase: 'left' }, answer('leave', event.error)),
  'close': state => (state.step === 'ending' ? closeAfterJob(state) : closeNow(state)),
}
