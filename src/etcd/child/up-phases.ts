import { causeOfExit } from './causes.js'
import type { EventOf } from './events.js'
import { shownState, type ChildState } from './phases.js'
import { askTimeoutMs, backOff, lookIntervalMs } from './timing.js'
import { ask, end, go, stay, toStopped, type Row, type StateIn, type Transition } from './transition.js'

/** The phases of an etcd that was started: it is looked at, ends, and is started again. */

export const up: Row<'up'> = {
  'answered': (now, { question, serves }) => {
    if (question !== now.questions) return stay(now)
    const { phase } = now
    if (serves) return ask(now, { ...phase, hasServed: true }, { about: 'members' })
    // Without a quorum only the peer port lists the members.
    return phase.hasServed ? lookAgain(now, lookIntervalMs.starting) : ask(now, phase, { about: 'peers' })
  },
  'looked': (now, { question, isSettled }) =>
    question === now.questions
      ? lookAgain(now, isSettled ? lookIntervalMs.settled : lookIntervalMs.settling)
      : stay(now),
  'peers-read': (now, { question, needsBridge }) => {
    if (question !== now.questions) return stay(now)
    return needsBridge ? bridge(now) : lookAgain(now, lookIntervalMs.starting)
  },
  'timer': now => ask(now, now.phase, { about: 'serving' }),
  'bridge-needed': now => (now.phase.hasServed ? stay(now) : bridge(now)),
  'displaced': (now, { question }) => {
    if (question !== now.questions) return stay(now)
    const { child, since, backOffMs } = now.phase
    return end(now, child, shownState(now.phase), { do: 'judge', since, backOffMs })
  },
  'exited': (now, facts) => judge(now, facts, now.phase),
  'stop': now => {
    const { child, hasServed } = now.phase
    if (!hasServed) return end(now, child, 'starting', { do: 'stop', isStarting: false, found: [] })
    // The next start must use the current list of members.
    return ask(now, { kind: 'parting', child }, { about: 'members' }, { do: 'start-timer', ms: askTimeoutMs })
  },
}

export const parting: Row<'parting'> = {
  looked: (now, { question }) => (question === now.questions ? endParting(now, now.phase) : stay(now)),
  timer: now => endParting(now, now.phase),
  exited: now => toStopped(now),
}

export const backingOff: Row<'backing-off'> = {
  timer: now => relaunch(now, now.phase),
  stop: now => toStopped(now),
}

export const relaunching: Row<'relaunching'> = {
  launched: (now, { child, at }) =>
    ask(now, { kind: 'up', child, hasServed: false, since: at, backOffMs: now.phase.backOffMs }, { about: 'serving' }),
  failed: (now, { error, hasData }) => {
    const report = { do: 'report', report: { what: 'not-launched', error } } as const
    if (!hasData) return go(now, { kind: 'ended', as: 'failed', isDamaged: false }, report)
    const { shown, backOffMs } = now.phase
    return go(now, { kind: 'backing-off', shown, backOffMs }, report, { do: 'start-timer', ms: backOff.maxMs })
  },
  stop: now => go(now, { kind: 'cancelling', shown: now.phase.shown, isStarting: false, found: [] }),
}

export const ended: Row<'ended'> = {
  stop: now => toStopped(now),
}

/** What is known of a run that has ended. */
interface Run {
  /** Monotonic milliseconds when it was up. */
  readonly since: number
  /** The wait before it is started again, unless it was up for long. */
  readonly backOffMs: number
}

/** It has ended: for good, or until it is started again after a while. */
export function judge(now: ChildState, facts: EventOf<'exited'>, run: Run): Transition {
  const { cause, state } = causeOfExit(now, facts)
  const { lines } = facts
  const cancel = { do: 'cancel-timer' } as const
  switch (cause.kind) {
    case 'removed':
      return go(state, { kind: 'ended', as: 'removed', isDamaged: false }, cancel, {
        do: 'report',
        report: { what: 'removed' },
      })
    case 'hopeless':
    case 'damaged':
      return go(state, { kind: 'ended', as: 'failed', isDamaged: cause.kind === 'damaged' }, cancel, {
        do: 'report',
        report: { what: 'given-up', cause, lines },
      })
    case 'crash': {
      const delayMs = waitAfter(run, facts.at)
      return go(
        state,
        { kind: 'backing-off', shown: 'restarting', backOffMs: Math.min(2 * delayMs, backOff.maxMs) },
        { do: 'report', report: { what: 'crashed', cause, lines, delayMs } },
        { do: 'start-timer', ms: delayMs },
      )
    }
  }
}

/** Was ended to be started again at once; that is no crash, so the wait before the next start does not grow. */
export function relaunchAfterBridge(now: ChildState, facts: EventOf<'exited'>, run: Run): Transition {
  const { state } = causeOfExit(now, facts)
  return relaunch(state, { shown: 'starting', backOffMs: waitAfter(run, facts.at) })
}

const relaunch = (
  now: ChildState,
  { shown, backOffMs }: Pick<StateIn<'relaunching'>['phase'], 'shown' | 'backOffMs'>,
): Transition =>
  go(
    now,
    { kind: 'relaunching', shown, backOffMs },
    { do: 'cancel-timer' },
    { do: 'count-restart' },
    { do: 'launch', start: { how: 'again' } },
  )

/** An etcd that waits for a quorum among servers that have moved starts again with the means to reach them. */
function bridge(now: StateIn<'up'>): Transition {
  const { child, since, backOffMs } = now.phase
  return end(now, child, 'starting', { do: 'bridge', since, backOffMs })
}

const waitAfter = ({ since, backOffMs }: Run, at: number): number =>
  at - since > backOff.forgottenAfterMs ? backOff.firstMs : backOffMs

const lookAgain = (now: ChildState, ms: number): Transition => stay(now, { do: 'start-timer', ms })

const endParting = (now: ChildState, { child }: StateIn<'parting'>['phase']): Transition =>
  end(now, child, 'running', { do: 'stop', isStarting: false, found: [] })
