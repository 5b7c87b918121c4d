import { causeOfExit } from './causes.js'
import type { EventOf } from './events.js'
import { clear } from './start-phases.js'
import { endFound, failStart, go, stay, toStopped, type Row, type StateIn, type Transition } from './transition.js'
import { judge, relaunchAfterBridge } from './up-phases.js'

/** The phase of a process that was asked to end. */
export const ending: Row<'ending'> = {
  timer: now => stay(now, { do: 'signal', child: now.phase.child, signal: 'SIGKILL' }),
  exited: (now, facts) => afterEnd(now, facts),
  stop: now => {
    const { then } = now.phase
    const isStarting = then.do === 'clear' || then.do === 'fail-start' || (then.do === 'stop' && then.isStarting)
    const found = then.do === 'clear' || then.do === 'stop' ? then.found : []
    return go(now, { ...now.phase, then: { do: 'stop', isStarting, found } })
  },
}

function afterEnd(now: StateIn<'ending'>, facts: EventOf<'exited'>): Transition {
  const { then, shown } = now.phase
  switch (then.do) {
    case 'judge':
      return judge(now, facts, then)
    case 'bridge':
      return relaunchAfterBridge(now, facts, then)
    case 'clear':
      return clear(now, then.start, then.found)
    case 'fail-start':
      return failStart(now, { why: 'error', error: then.error })
    case 'stop': {
      const [next, ...others] = then.found
      if (next !== undefined) return endFound(now, next, shown, { ...then, found: others })
      if (!then.isStarting) return toStopped(now)
      const { cause, state } = causeOfExit(now, facts)
      return toStopped(state, { why: 'exited', cause })
    }
  }
}
