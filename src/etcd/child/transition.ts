import type { ChildAction, Question, StartFailure } from './actions.js'
import type { ChildEvent, EventOf } from './events.js'
import type { AfterEnd, ChildProcess, ChildState, Phase } from './phases.js'
import type { EtcdState } from '../types.js'
import type { FoundEtcd } from '../etcd-processes.js'
import { endTimeoutMs } from './timing.js'

/** The result of an event: the next state, and the actions in order. */
export interface Transition {
  readonly state: ChildState
  readonly actions: readonly ChildAction[]
}

/** The state in phases of a kind. */
export type StateIn<Kind extends Phase['kind']> = ChildState & {
  readonly phase: Extract<Phase, { readonly kind: Kind }>
}

/** What each event leads to in phases of a kind; one that is not listed has no effect there. */
export type Row<Kind extends Phase['kind']> = {
  readonly [On in ChildEvent['on']]?: (now: StateIn<Kind>, event: EventOf<On>) => Transition
}

/** Goes to a phase. */
export const go = (now: ChildState, phase: Phase, ...actions: readonly ChildAction[]): Transition => ({
  state: { ...now, phase },
  actions,
})

/** Stays where it is. */
export const stay = (now: ChildState, ...actions: readonly ChildAction[]): Transition => ({ state: now, actions })

/** Goes to a phase, or stays, and asks etcd something; answers to earlier questions do not count any more. */
export function ask(now: ChildState, phase: Phase, question: Question, ...before: readonly ChildAction[]): Transition {
  const questions = now.questions + 1
  return {
    state: { ...now, phase, questions },
    actions: [...before, { do: 'ask', question: questions, ...question }],
  }
}

/** Ends a process, gently first. */
export const end = (now: ChildState, child: ChildProcess, shown: EtcdState, then: AfterEnd): Transition =>
  go(
    now,
    { kind: 'ending', child, shown, then },
    { do: 'signal', child, signal: 'SIGTERM' },
    { do: 'start-timer', ms: endTimeoutMs },
  )

/** Ends a process that an agent before has started and that was not adopted. */
export function endFound(now: ChildState, { pid, started }: FoundEtcd, shown: EtcdState, then: AfterEnd): Transition {
  const child = { pid, started, isAdopted: true }
  const { state, actions } = end(now, child, shown, then)
  return { state, actions: [...actions, { do: 'await-exit', child }] }
}

/** Whoever asked for a stop is answered, and nothing runs. `failure`: what a start that was under way came to. */
export const toStopped = (now: ChildState, failure?: StartFailure): Transition =>
  go(
    now,
    { kind: 'stopped', isDamaged: now.phase.kind === 'ended' && now.phase.isDamaged },
    { do: 'cancel-timer' },
    { do: 'release' },
    ...(failure === undefined ? [] : [{ do: 'answer-start', failure } as const]),
    { do: 'answer-stop' },
  )

/** The first start has failed. */
export const failStart = (now: ChildState, failure: StartFailure): Transition =>
  go(
    now,
    {
      kind: 'ended',
      as: failure.why === 'exited' && failure.cause.kind === 'removed' ? 'removed' : 'failed',
      isDamaged: failure.why === 'exited' && failure.cause.kind === 'damaged',
    },
    { do: 'cancel-timer' },
    { do: 'release' },
    { do: 'answer-start', failure },
  )
