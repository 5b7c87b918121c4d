import type { FoundEtcd } from '../etcd-processes.js'
import type { EtcdStart } from '../types.js'
import { causeOfExit } from './causes.js'
import type { ChildState } from './phases.js'
import { backOff, lookIntervalMs } from './timing.js'
import {
  ask,
  end,
  endFound,
  failStart,
  go,
  stay,
  toStopped,
  type Row,
  type StateIn,
  type Transition,
} from './transition.js'

/** The phases of a first start, from nothing to an etcd whose peers or clients get answers. */

export const stopped: Row<'stopped'> = {
  start: (now, { start }) => go(now, { kind: 'opening', start }, { do: 'open' }),
  stop: now => stay(now, { do: 'answer-stop' }),
}

export const opening: Row<'opening'> = {
  opened: (now, { found }) => {
    const { start } = now.phase
    const [only] = found
    if (only === undefined || found.length > 1 || start.how !== 'again') return clear(now, start, found)
    return go(now, { kind: 'adopting', start, found: only }, { do: 'adopt', found: only })
  },
  failed: (now, { error }) => failStart(now, { why: 'error', error }),
  stop: now => cancel(now, []),
}

export const adopting: Row<'adopting'> = {
  'adopted': now => {
    const { pid, started } = now.phase.found
    const child = { pid, started, isAdopted: true }
    return ask(now, { kind: 'rising', child }, { about: 'rising', child }, { do: 'await-exit', child })
  },
  'not-adopted': now => clear(now, now.phase.start, [now.phase.found]),
  'failed': (now, { error }) => failStart(now, { why: 'error', error }),
  'stop': now => cancel(now, [now.phase.found]),
}

export const announcing: Row<'announcing'> = {
  announced: now => {
    const { start, found } = now.phase
    const [first, ...others] = found
    if (first === undefined) return clear(now, start, [])
    const { state, actions } = endFound(now, first, 'starting', { do: 'clear', start, found: others })
    return { state, actions: [{ do: 'report', report: { what: 'replaced', pid: first.pid } }, ...actions] }
  },
  stop: now => cancel(now, now.phase.found),
}

export const launching: Row<'launching'> = {
  launched: (now, { child }) => ask(now, { kind: 'rising', child }, { about: 'rising', child }),
  failed: (now, { error }) => failStart(now, { why: 'error', error }),
  stop: now => cancel(now, []),
}

export const rising: Row<'rising'> = {
  'checked': (now, { question, isUp, at }) => {
    if (question !== now.questions) return stay(now)
    const { child } = now.phase
    if (!isUp) return stay(now, { do: 'start-timer', ms: lookIntervalMs.starting })
    return ask(
      now,
      { kind: 'up', child, hasServed: false, since: at, backOffMs: backOff.firstMs },
      { about: 'serving' },
      { do: 'answer-start', failure: undefined },
    )
  },
  'check-failed': (now, { question, error }) =>
    question === now.questions ? end(now, now.phase.child, 'starting', { do: 'fail-start', error }) : stay(now),
  'timer': now => ask(now, now.phase, { about: 'rising', child: now.phase.child }),
  'exited': (now, facts) => {
    const { cause, state } = causeOfExit(now, facts)
    return failStart(state, { why: 'exited', cause })
  },
  'stop': now => end(now, now.phase.child, 'starting', { do: 'stop', isStarting: true, found: [] }),
}

/** A stop was asked for while a step was under way; whatever comes of the step is ended. */
export const cancelling: Row<'cancelling'> = {
  'opened': (now, { found }) => cancelled(now, found),
  'adopted': now => cancelled(now, now.phase.found),
  'not-adopted': now => cancelled(now, now.phase.found),
  'announced': now => cancelled(now, now.phase.found),
  'launched': (now, { child }) =>
    end(now, child, now.phase.shown, { do: 'stop', isStarting: now.phase.isStarting, found: [] }),
  'failed': now => cancelled(now, now.phase.found),
}

/** Ends the etcds found, one after the other, and then starts one. */
export function clear(now: ChildState, start: EtcdStart, found: readonly FoundEtcd[]): Transition {
  const [first] = found
  return first === undefined
    ? go(now, { kind: 'launching', start }, { do: 'cancel-timer' }, { do: 'launch', start })
    : go(now, { kind: 'announcing', start, found }, { do: 'cancel-timer' }, { do: 'announce', found: first })
}

const cancel = (now: ChildState, found: readonly FoundEtcd[]): Transition =>
  go(now, { kind: 'cancelling', shown: 'starting', isStarting: true, found })

function cancelled(now: StateIn<'cancelling'>, found: readonly FoundEtcd[]): Transition {
  const { shown, isStarting } = now.phase
  const [first, ...others] = found
  return first === undefined
    ? toStopped(now, isStarting ? { why: 'stopped' } : undefined)
    : endFound(now, first, shown, { do: 'stop', isStarting, found: others })
}
