import { MusterError } from '../../../common/errors.js'
import type { Action, Job, Step } from '../action.js'
import type { Event, EventOf, Outcome } from '../event.js'
import { shownPhase, type Phase, type State, type StateOf } from '../state.js'

/** Where an event leads, and what is done on the way: the steps, then the job. */
export interface Transition {
  readonly state: State
  readonly actions: readonly Action[]
}

/** The row of a phase: its transition for each event. Other events are ignored. */
export type Row<Name extends Phase> = {
  readonly [Type in Event['type']]?: (state: StateOf<Name>, event: EventOf<Type>) => Transition
}

/** The transitions of a phase in which it is the end of a job that counts, whatever came of it; but for its failure. */
export const whateverEnds = <From>(ended: (state: From, event: Outcome) => Transition) => ({
  'disk-read': ended,
  'recovered': ended,
  'superseded': ended,
  'address-announced': ended,
  'resumed': ended,
  'unusable': ended,
  'nothing-found': ended,
  'may-found': ended,
  'cluster-found': ended,
  'founded': ended,
  'entered': ended,
  'not-entered': ended,
  'tended': ended,
  'paused': ended,
})

/** ms between two rounds of greetings, as a member and as one whose cluster is young; and of other waits. */
export const every = { search: 300, member: 2000, young: 500, failure: 1000 }

export const go = (state: State, ...actions: readonly Action[]): Transition => ({ state, actions })
export const run = (job: Job): Action => ({ do: 'run', job })
export const search: Action = run({ do: 'search' })
export const pause = (ms: number): Action => run({ do: 'pause', ms })
export const answer = (to: 'start' | 'leave' | 'close', error?: unknown): Step => ({
  do: 'answer',
  to,
  ...(error !== undefined && { error }),
})
export const stopping = (): MusterError =>
  new MusterError('CLUSTER_CLOSED', 'the server is stopping', { status: 503, hint: 'ask another server' })

/** It is a voter of a cluster from now on. Other steps go between becoming one and going on as one. */
export const serve = (
  { cluster, at }: { readonly cluster: string; readonly at: number },
  ...others: readonly Step[]
): Transition =>
  go(
    { phase: 'serving', cluster, since: at },
    { do: 'record-membership', cluster },
    { do: 'reset-search' },
    { do: 'finish-import' },
    { do: 'open-store' },
    ...others,
    { do: 'forget-failures' },
    run({ do: 'tend', since: at }),
  )

/**
 * Its data is of no use any more: moved aside, and the cluster is entered afresh. It never founds another one in
 * between.
 */
export const startAfresh = (
  reason: string,
  { atStart, recovered = false }: { readonly atStart: boolean; readonly recovered?: boolean },
): Transition =>
  go(
    { phase: 'clearing', atStart, recovered },
    {
      do: 'log',
      level: 'warn',
      message:
        'this server cannot go on as the member of its cluster that it was: its data is moved aside and it enters afresh',
      fields: { reason },
    },
    { do: 'record', change: { removed: true, cluster: undefined, entering: undefined, founding: {} } },
    { do: 'reset-search' },
    run({ do: 'clear' }),
  )

/** The attempt failed: search for other servers again after a pause. */
export const searchAgain = (state: State, { error }: EventOf<'failed'>): Transition =>
  go({ phase: 'searching' }, { do: 'log-failure', phase: shownPhase(state), error }, pause(every.failure))

/** The start has failed. */
export const halt = (_: State, { error }: EventOf<'failed'>): Transition =>
  go({ phase: 'halted' }, answer('start', error))

/** It leaves as soon as what is under way has ended. */
export const leave = (): Transition => go({ phase: 'leaving', step: 'ending' }, { do: 'abort' })

/** Leaving is given up when the server stops. */
const close = (): readonly Step[] => [
  { do: 'abort' },
  { do: 'refuse-store' },
  { do: 'begin-stop' },
  answer('leave', stopping()),
]

/** It stops as soon as what is under way has ended. */
export const closeAfterJob = (was: State): Transition => go({ phase: 'closing', was, awaits: 'job' }, ...close())

/** It stops; nothing is under way that has to be waited for. */
export const closeNow = (was: State): Transition =>
  go({ phase: 'closing', was, awaits: 'etcd' }, ...close(), run({ do: 'stop-etcd' }))
