import t, { type Test } from 'tap'
import type { ChildAction } from '../../src/etcd/child/actions.js'
import type { ChildEvent } from '../../src/etcd/child/events.js'
import { next } from '../../src/etcd/child/next.js'
import { initialState, shownState, type AfterEnd, type Phase } from '../../src/etcd/child/phases.js'
import type { FoundEtcd } from '../../src/etcd/etcd-processes.js'
import { parseLine } from '../../src/etcd/log-line.js'

const child = { pid: 7, started: 's', isAdopted: false }
const left = (pid: number): FoundEtcd => ({ pid, started: 's', args: [], proxyPort: undefined })
const start = { how: 'again' } as const
const error = new Error('no')

const phases = {
  stopped: { kind: 'stopped', isDamaged: false },
  opening: { kind: 'opening', start },
  adopting: { kind: 'adopting', start, found: left(3) },
  announcing: { kind: 'announcing', start, found: [left(3), left(4)] },
  launching: { kind: 'launching', start },
  rising: { kind: 'rising', child },
  waiting: { kind: 'up', child, hasServed: false, since: 0, backOffMs: 400 },
  serving: { kind: 'up', child, hasServed: true, since: 0, backOffMs: 400 },
  parting: { kind: 'parting', child },
  backingOff: { kind: 'backing-off', shown: 'restarting', backOffMs: 400 },
  relaunching: { kind: 'relaunching', shown: 'restarting', backOffMs: 400 },
  cancelling: { kind: 'cancelling', shown: 'starting', isStarting: true, found: [left(3)] },
  failed: { kind: 'ended', as: 'failed', isDamaged: true },
} as const satisfies Readonly<Record<string, Phase>>

const ending = (then: AfterEnd): Phase => ({ kind: 'ending', child, shown: 'running', then })
const stopAfter = (isStarting: boolean, ...found: readonly FoundEtcd[]): AfterEnd => ({ do: 'stop', isStarting, found })

const exited = (line = '', at = 1000): ChildEvent => ({
  on: 'exited',
  at,
  code: 2,
  lines: line === '' ? [] : [parseLine(line)],
  lacksRoom: false,
  isInPlace: true,
})
const damage = '{"level":"fatal","msg":"discovery failed","error":"walpb: crc mismatch"}'
const removal = '{"level":"warn","msg":"data-dir used by this member must be removed"}'

/** An action in a word or two. */
function inWords(action: ChildAction): string {
  switch (action.do) {
    case 'ask':
      return `ask ${action.about}`
    case 'signal':
      return `${action.signal} ${action.child.pid}`
    case 'start-timer':
      return `timer ${action.ms}`
    case 'report':
      return action.report.what
    case 'answer-start':
      return action.failure === undefined ? 'started' : `not started: ${action.failure.why}`
    case 'await-exit':
      return `await ${action.child.pid}`
    case 'announce':
      return `announce ${action.found.pid}`
    default:
      return action.do
  }
}

type Line = readonly [name: string, phase: Phase, event: ChildEvent, kind: Phase['kind'], actions: string]

function check(t: Test, lines: readonly Line[]): void {
  for (const [name, phase, event, kind, actions] of lines) {
    const { state, actions: done } = next({ ...initialState, phase }, event)
    t.same([state.phase.kind, done.map(inWords).join(', ')], [kind, actions], name)
  }
}

t.test('a first start', async t => {
  check(t, [
    ['asked for', phases.stopped, { on: 'start', start }, 'opening', 'open'],
    ['nothing is found', phases.opening, { on: 'opened', found: [] }, 'launching', 'cancel-timer, launch'],
    ['one is found', phases.opening, { on: 'opened', found: [left(3)] }, 'adopting', 'adopt'],
    [
      'one is found where another cluster is wanted',
      { kind: 'opening', start: { how: 'alone' } },
      { on: 'opened', found: [left(3)] },
      'announcing',
      'cancel-timer, announce 3',
    ],
    [
      'two are found',
      phases.opening,
      { on: 'opened', found: [left(3), left(4)] },
      'announcing',
      'cancel-timer, announce 3',
    ],
    [
      'no program, or no lock',
      phases.opening,
      { on: 'failed', error, hasData: true },
      'ended',
      'cancel-timer, release, not started: error',
    ],
    ['it is what is wanted', phases.adopting, { on: 'adopted' }, 'rising', 'await 3, ask rising'],
    ['it is not', phases.adopting, { on: 'not-adopted' }, 'announcing', 'cancel-timer, announce 3'],
    ['the first is told', phases.announcing, { on: 'announced' }, 'ending', 'replaced, SIGTERM 3, timer 3000, await 3'],
    [
      'the first has ended',
      ending({ do: 'clear', start, found: [left(4)] }),
      exited(),
      'announcing',
      'cancel-timer, announce 4',
    ],
    ['the last has ended', ending({ do: 'clear', start, found: [] }), exited(), 'launching', 'cancel-timer, launch'],
    ['it runs', phases.launching, { on: 'launched', child, at: 5 }, 'rising', 'ask rising'],
    ['not up yet', phases.rising, { on: 'checked', question: 0, isUp: false, at: 5 }, 'rising', 'timer 50'],
    ['asked again', phases.rising, { on: 'timer' }, 'rising', 'ask rising'],
    ['up', phases.rising, { on: 'checked', question: 0, isUp: true, at: 5 }, 'up', 'started, ask serving'],
    ['it ends', phases.rising, exited(), 'ended', 'cancel-timer, release, not started: exited'],
    [
      'its log cannot be read',
      phases.rising,
      { on: 'check-failed', question: 0, error },
      'ending',
      'SIGTERM 7, timer 3000',
    ],
    [
      'and it has ended',
      ending({ do: 'fail-start', error }),
      exited(),
      'ended',
      'cancel-timer, release, not started: error',
    ],
  ])
})

t.test('an etcd that is up', async t => {
  check(t, [
    ['it serves', phases.waiting, { on: 'answered', question: 0, serves: true }, 'up', 'ask members'],
    ['it waits for a quorum', phases.waiting, { on: 'answered', question: 0, serves: false }, 'up', 'ask peers'],
    ['it is slow', phases.serving, { on: 'answered', question: 0, serves: false }, 'up', 'timer 50'],
    ['settled', phases.serving, { on: 'looked', question: 0, isSettled: true }, 'up', 'timer 2000'],
    ['not settled', phases.serving, { on: 'looked', question: 0, isSettled: false }, 'up', 'timer 300'],
    ['an answer to an earlier question', phases.serving, { on: 'looked', question: 9, isSettled: true }, 'up', ''],
    ['peers as they were', phases.waiting, { on: 'peers-read', question: 0, needsBridge: false }, 'up', 'timer 50'],
    [
      'peers that have moved',
      phases.waiting,
      { on: 'peers-read', question: 0, needsBridge: true },
      'ending',
      'SIGTERM 7, timer 3000',
    ],
    ['a peer is told to have moved', phases.waiting, { on: 'bridge-needed' }, 'ending', 'SIGTERM 7, timer 3000'],
    ['the cluster can be told itself', phases.serving, { on: 'bridge-needed' }, 'up', ''],
    ['a look is due', phases.serving, { on: 'timer' }, 'up', 'ask serving'],
    ['its directory was moved', phases.serving, { on: 'displaced', question: 0 }, 'ending', 'SIGTERM 7, timer 3000'],
    ['it crashes', phases.serving, exited(), 'backing-off', 'crashed, timer 400'],
    ['it crashes after a minute', phases.serving, exited('', 60_001), 'backing-off', 'crashed, timer 100'],
    ['its data is damaged', phases.serving, exited(damage), 'ended', 'cancel-timer, given-up'],
    ['it was removed', phases.serving, exited(removal), 'ended', 'cancel-timer, removed'],
    ['the wait is over', phases.backingOff, { on: 'timer' }, 'relaunching', 'cancel-timer, count-restart, launch'],
    ['it runs again', phases.relaunching, { on: 'launched', child, at: 5 }, 'up', 'ask serving'],
    [
      'it cannot be started',
      phases.relaunching,
      { on: 'failed', error, hasData: true },
      'backing-off',
      'not-launched, timer 10000',
    ],
    ['its data is gone', phases.relaunching, { on: 'failed', error, hasData: false }, 'ended', 'not-launched'],
    [
      'ended for a bridge',
      ending({ do: 'bridge', since: 0, backOffMs: 400 }),
      exited(),
      'relaunching',
      'cancel-timer, count-restart, launch',
    ],
    [
      'ended in a directory that was moved',
      ending({ do: 'judge', since: 0, backOffMs: 400 }),
      { on: 'exited', at: 1000, lines: [], lacksRoom: false, isInPlace: false },
      'ended',
      'cancel-timer, given-up',
    ],
  ])
})

t.test('a stop, whenever it is asked for', async t => {
  const stop: ChildEvent = { on: 'stop' }
  check(t, [
    ['nothing runs', phases.stopped, stop, 'stopped', 'answer-stop'],
    ['opening', phases.opening, stop, 'cancelling', ''],
    ['adopting', phases.adopting, stop, 'cancelling', ''],
    ['announcing', phases.announcing, stop, 'cancelling', ''],
    ['launching', phases.launching, stop, 'cancelling', ''],
    ['rising', phases.rising, stop, 'ending', 'SIGTERM 7, timer 3000'],
    ['waiting for a quorum', phases.waiting, stop, 'ending', 'SIGTERM 7, timer 3000'],
    ['serving', phases.serving, stop, 'parting', 'timer 1000, ask members'],
    ['asked for again', phases.parting, stop, 'parting', ''],
    ['read', phases.parting, { on: 'looked', question: 0, isSettled: true }, 'ending', 'SIGTERM 7, timer 3000'],
    ['not read in time', phases.parting, { on: 'timer' }, 'ending', 'SIGTERM 7, timer 3000'],
    ['it ends before', phases.parting, exited(), 'stopped', 'cancel-timer, release, answer-stop'],
    ['it does not end in time', ending(stopAfter(false)), { on: 'timer' }, 'ending', 'SIGKILL 7'],
    ['ended', ending(stopAfter(false)), exited(), 'stopped', 'cancel-timer, release, answer-stop'],
    [
      'ended while it was starting',
      ending(stopAfter(true)),
      exited(),
      'stopped',
      'cancel-timer, release, not started: exited, answer-stop',
    ],
    ['ended, another is left', ending(stopAfter(true, left(4))), exited(), 'ending', 'SIGTERM 4, timer 3000, await 4'],
    ['while it is ended for a bridge', ending({ do: 'bridge', since: 0, backOffMs: 100 }), stop, 'ending', ''],
    ['backing off', phases.backingOff, stop, 'stopped', 'cancel-timer, release, answer-stop'],
    ['starting again', phases.relaunching, stop, 'cancelling', ''],
    ['failed', phases.failed, stop, 'stopped', 'cancel-timer, release, answer-stop'],
    [
      'a step that was under way has started one',
      phases.cancelling,
      { on: 'launched', child, at: 5 },
      'ending',
      'SIGTERM 7, timer 3000',
    ],
    [
      'a step that was under way has taken one over',
      phases.cancelling,
      { on: 'adopted' },
      'ending',
      'SIGTERM 3, timer 3000, await 3',
    ],
    [
      'a step that was under way has found none',
      phases.cancelling,
      { on: 'opened', found: [] },
      'stopped',
      'cancel-timer, release, not started: stopped, answer-stop',
    ],
  ])
})

t.test('what others are told meanwhile', async t => {
  const told = (phase: Phase, event: ChildEvent): string => {
    const { state } = next({ ...initialState, phase }, event)
    return shownState(state.phase)
  }
  t.equal(told(phases.waiting, { on: 'answered', question: 0, serves: true }), 'running')
  t.equal(told(phases.waiting, { on: 'bridge-needed' }), 'starting', 'a bridge is no restart')
  t.equal(told(phases.serving, { on: 'stop' }), 'running', 'until it has ended')
  t.equal(told(phases.serving, exited()), 'restarting')
  t.equal(told(phases.backingOff, { on: 'timer' }), 'restarting', 'until it runs')
  t.equal(told(phases.serving, exited(removal)), 'removed')
  t.match(next({ ...initialState, phase: phases.failed }, { on: 'stop' }).state.phase, { isDamaged: true }, 'kept')
})

t.test('a full disk: one more start after there is room again', async t => {
  const cut = '{"level":"fatal","msg":"failed to repair WAL","error":"unexpected EOF"}'
  const crash = (diskLackedRoom: boolean, lacksRoom: boolean) =>
    next(
      { ...initialState, phase: phases.serving, diskLackedRoom },
      { on: 'exited', at: 0, code: 1, lines: [parseLine(cut)], lacksRoom, isInPlace: true },
    ).state
  t.match(crash(false, true), { phase: { kind: 'backing-off' }, diskLackedRoom: true })
  t.match(crash(true, false), { phase: { kind: 'backing-off' }, diskLackedRoom: false })
  t.match(crash(false, false), { phase: { kind: 'ended', isDamaged: true } })
})

t.test('an event that does not belong to a phase changes nothing', async t => {
  const strays: readonly ChildEvent[] = [
    { on: 'opened', found: [] },
    { on: 'launched', child, at: 0 },
    { on: 'failed', error, hasData: true },
    { on: 'timer' },
    { on: 'bridge-needed' },
    exited(),
  ]
  for (const phase of [phases.stopped, phases.failed])
    for (const event of strays) {
      const state = { ...initialState, phase }
      t.same(next(state, event), { state, actions: [] }, `${phase.kind}: ${event.on}`)
    }
})
