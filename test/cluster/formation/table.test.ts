import fc from 'fast-check'
import t from 'tap'
import type { Job, JobName, Step } from '../../../src/cluster/formation/action.js'
import type { Disk, Event, Outcome } from '../../../src/cluster/formation/event.js'
import { beginning, next } from '../../../src/cluster/formation/next.js'
import type { Transition } from '../../../src/cluster/formation/phases/transition.js'
import { clusterOf, shownPhase, type Phase, type State } from '../../../src/cluster/formation/state.js'

const error = new Error('it failed')
const disk: Disk = { hasData: true, listed: undefined, cluster: 'c1', decided: false, moved: false }
const listed = [{ id: 'a', address: '10.0.0.1:8300' }]
const position = { id: 'a', term: 2, index: 7 }

const states = {
  'starting': { phase: 'starting' },
  'recovering': { phase: 'recovering', position: undefined },
  'moving': { phase: 'moving', cluster: 'c1' },
  'resuming': { phase: 'resuming', cluster: 'c1' },
  'searching': { phase: 'searching' },
  'founding': { phase: 'founding' },
  'entering': { phase: 'entering', token: 't1' },
  'awaiting-vote': { phase: 'awaiting-vote' },
  'clearing': { phase: 'clearing', atStart: false, recovered: false },
  'serving': { phase: 'serving', cluster: 'c1', since: 1000 },
  'departing': { phase: 'departing', cluster: 'c1', since: 1000 },
  'leaving': { phase: 'leaving', step: 'ending' },
  'left': { phase: 'left' },
  'halted': { phase: 'halted' },
  'closing': { phase: 'closing', was: { phase: 'searching' }, awaits: 'job' },
  'closed': { phase: 'closed', was: { phase: 'searching' } },
} as const satisfies Readonly<Record<Phase, State>>

/** An event of each kind that a job may end with. */
const outcomes = {
  'read-disk': [{ type: 'disk-read', disk }],
  'recover': [{ type: 'recovered', cluster: 'c1', at: 5000 }, { type: 'superseded' }],
  'announce-address': [{ type: 'address-announced' }],
  'resume': [
    { type: 'resumed', at: 5000 },
    { type: 'unusable', reason: 'why' },
  ],
  'search': [{ type: 'nothing-found' }, { type: 'may-found' }, { type: 'cluster-found', through: 'b', token: 't2' }],
  'found': [{ type: 'founded', cluster: 'c2', at: 5000 }],
  'enter': [{ type: 'entered', cluster: 'c2', at: 5000 }, { type: 'not-entered' }],
  'await-vote': [
    { type: 'entered', cluster: 'c2', at: 5000 },
    { type: 'not-entered' },
    { type: 'unusable', reason: 'why' },
  ],
  'tend': [
    { type: 'tended', at: 5000 },
    { type: 'unusable', reason: 'why' },
  ],
  'pause': [{ type: 'paused' }],
  'clear': [{ type: 'cleared' }],
  'depart': [{ type: 'departed' }],
  'give-back': [{ type: 'place-given-back' }],
  'say-farewell': [{ type: 'farewell-said' }],
  'stop-etcd': [{ type: 'etcd-stopped' }],
} as const satisfies Readonly<Record<JobName, readonly Outcome[]>>

const endsOf = (job: JobName): readonly Outcome[] => [...outcomes[job], { type: 'failed', job, error }]

const jobs = ({ actions }: Transition): readonly Job[] =>
  actions.flatMap(action => (action.do === 'run' ? [action.job] : []))
const steps = ({ actions }: Transition): readonly Step[] =>
  actions.filter((action): action is Step => action.do !== 'run')
const names = ({ actions }: Transition): readonly string[] =>
  actions.map(action => (action.do === 'run' ? `run ${action.job.do}` : action.do))

/** A transition in one line: the phase, and what is done. */
const told = (state: State, event: Event): string => {
  const after = next(state, event)
  return `${after.state.phase}: ${names(after).join(', ')}`
}

const becoming = 'record-membership, reset-search, finish-import, open-store'
const afresh = 'clearing: log, record, reset-search, run clear'
const again = 'searching: log-failure, run pause'
const rows: readonly (readonly [State, Event, string])[] = [
  [
    states.starting,
    { type: 'disk-read', disk: { ...disk, hasData: false, cluster: undefined } },
    'searching: answer, run search',
  ],
  [states.starting, { type: 'disk-read', disk: { ...disk, hasData: false } }, 'searching: record, answer, run search'],
  [
    states.starting,
    { type: 'disk-read', disk: { ...disk, hasData: false, listed } },
    'searching: log, delete-recovery-file, record, answer, run search',
  ],
  [states.starting, { type: 'disk-read', disk: { ...disk, listed, moved: true } }, 'recovering: run recover'],
  [
    states.starting,
    { type: 'disk-read', disk: { ...disk, decided: true, cluster: undefined } },
    'searching: answer, run search',
  ],
  [states.starting, { type: 'disk-read', disk: { ...disk, moved: true } }, 'moving: run announce-address'],
  [states.starting, { type: 'disk-read', disk }, 'resuming: tell-addresses, run resume'],
  [states.starting, { type: 'failed', job: 'read-disk', error }, 'halted: answer'],
  [states.recovering, { type: 'position-known', position }, 'recovering: '],
  [
    states.recovering,
    { type: 'recovered', cluster: 'c1', at: 1 },
    `serving: ${becoming}, delete-recovery-file, answer, forget-failures, run tend`,
  ],
  [states.recovering, { type: 'superseded' }, afresh],
  [states.recovering, { type: 'failed', job: 'recover', error }, 'halted: answer'],
  [states.moving, { type: 'address-announced' }, 'resuming: tell-addresses, run resume'],
  [states.moving, { type: 'failed', job: 'announce-address', error }, 'halted: answer'],
  [states.resuming, { type: 'resumed', at: 1 }, `serving: ${becoming}, answer, forget-failures, run tend`],
  [{ phase: 'resuming', cluster: undefined }, { type: 'resumed', at: 1 }, 'awaiting-vote: answer, run await-vote'],
  [states.resuming, { type: 'unusable', reason: 'why' }, afresh],
  [states.resuming, { type: 'failed', job: 'resume', error }, 'halted: answer'],
  [states.searching, { type: 'nothing-found' }, 'searching: run pause'],
  [states.searching, { type: 'paused' }, 'searching: run search'],
  [states.searching, { type: 'may-found' }, 'founding: run found'],
  [states.searching, { type: 'cluster-found', through: 'b', token: 't' }, 'entering: run enter'],
  [states.searching, { type: 'failed', job: 'search', error }, again],
  [states.founding, { type: 'founded', cluster: 'c', at: 1 }, `serving: ${becoming}, forget-failures, run tend`],
  [states.founding, { type: 'failed', job: 'found', error }, again],
  [states.entering, { type: 'entered', cluster: 'c', at: 1 }, `serving: ${becoming}, forget-failures, run tend`],
  [states.entering, { type: 'not-entered' }, 'searching: run pause'],
  [states.entering, { type: 'failed', job: 'enter', error }, again],
  [
    states['awaiting-vote'],
    { type: 'entered', cluster: 'c', at: 1 },
    `serving: ${becoming}, forget-failures, run tend`,
  ],
  [states['awaiting-vote'], { type: 'not-entered' }, 'awaiting-vote: run await-vote'],
  [states['awaiting-vote'], { type: 'unusable', reason: 'why' }, afresh],
  [states['awaiting-vote'], { type: 'failed', job: 'await-vote', error }, again],
  [states.clearing, { type: 'cleared' }, 'searching: run search'],
  [{ phase: 'clearing', atStart: true, recovered: false }, { type: 'cleared' }, 'searching: answer, run search'],
  [
    { phase: 'clearing', atStart: true, recovered: true },
    { type: 'cleared' },
    'searching: delete-recovery-file, answer, run search',
  ],
  [states.clearing, { type: 'failed', job: 'clear', error }, again],
  [{ phase: 'clearing', atStart: true, recovered: false }, { type: 'failed', job: 'clear', error }, 'halted: answer'],
  [states.serving, { type: 'tended', at: 5000 }, 'serving: forget-failures, run pause'],
  [states.serving, { type: 'paused' }, 'serving: run tend'],
  [states.serving, { type: 'unusable', reason: 'why' }, afresh],
  [states.serving, { type: 'failed', job: 'tend', error }, 'serving: log-failure, run pause'],
  [states.serving, { type: 'leave' }, 'departing: run depart'],
  [states.departing, { type: 'tended', at: 5000 }, 'departing: forget-failures, run pause'],
  [states.departing, { type: 'paused' }, 'departing: run tend'],
  [states.departing, { type: 'unusable', reason: 'why' }, 'departing: run pause'],
  [states.departing, { type: 'failed', job: 'tend', error }, 'departing: log-failure, run pause'],
  [states.departing, { type: 'leave' }, 'departing: '],
  [states.departing, { type: 'departed' }, 'leaving: abort'],
  [states.departing, { type: 'failed', job: 'depart', error }, 'serving: answer'],
  [states.leaving, { type: 'leave' }, 'leaving: '],
  [{ phase: 'leaving', step: 'giving-back' }, { type: 'place-given-back' }, 'leaving: run say-farewell'],
  [{ phase: 'leaving', step: 'saying-farewell' }, { type: 'farewell-said' }, 'leaving: run clear'],
  [{ phase: 'leaving', step: 'clearing' }, { type: 'cleared' }, 'left: record, log, answer'],
  [{ phase: 'leaving', step: 'clearing' }, { type: 'failed', job: 'clear', error }, 'left: answer'],
  [states.left, { type: 'leave' }, 'left: answer'],
  [states.halted, { type: 'leave' }, 'leaving: abort, run give-back'],
  [states.closing, { type: 'leave' }, 'closing: answer'],
  [{ phase: 'closing', was: states.searching, awaits: 'etcd' }, { type: 'etcd-stopped' }, 'closed: answer'],
  [
    { phase: 'closing', was: states.searching, awaits: 'etcd' },
    { type: 'failed', job: 'stop-etcd', error },
    'closed: answer',
  ],
  [states.closed, { type: 'leave' }, 'closed: answer'],
  [states.closed, { type: 'close' }, 'closed: answer'],
]

t.test('each phase by what happens in it', async t => {
  for (const [state, event, expected] of rows) t.equal(told(state, event), expected, `${state.phase}, ${event.type}`)
  const named = new Set(rows.map(([{ phase }]) => phase))
  t.same(
    Object.keys(states).filter(phase => !named.has(phase as Phase)),
    [],
    'every phase has its rows',
  )
})

t.test('what the actions carry', async t => {
  const last = <Value>(list: readonly Value[]): Value | undefined => list.at(-1)
  t.same(jobs(beginning), [{ do: 'read-disk' }])
  t.same(jobs(next(states.searching, { type: 'cluster-found', through: 'b', token: 't2' })), [
    { do: 'enter', through: 'b', token: 't2' },
  ])
  t.same(next(states.searching, { type: 'cluster-found', through: 'b', token: 't2' }).state, {
    phase: 'entering',
    token: 't2',
  })
  t.same(next(states.recovering, { type: 'position-known', position }).state, { phase: 'recovering', position })
  t.same(jobs(next(states.starting, { type: 'disk-read', disk: { ...disk, listed } })), [{ do: 'recover', listed }])
  for (const [ms, at] of [
    [500, 15_999],
    [2000, 16_000],
  ] as const)
    t.same(jobs(next(states.serving, { type: 'tended', at })), [{ do: 'pause', ms }], 'a young cluster is tended often')
  const lost = steps(next(states.resuming, { type: 'unusable', reason: 'its data is damaged' }))
  t.match(lost, [
    { do: 'log', level: 'warn', fields: { reason: 'its data is damaged' } },
    // It must not found another cluster before it has entered this one again.
    { do: 'record', change: { removed: true, cluster: undefined, entering: undefined, founding: {} } },
    { do: 'reset-search' },
  ])
  t.same(last(steps(next(states.starting, { type: 'failed', job: 'read-disk', error }))), {
    do: 'answer',
    to: 'start',
    error,
  })
  t.same(steps(next(states.departing, { type: 'failed', job: 'depart', error })), [
    { do: 'answer', to: 'leave', error },
  ])
  t.match(steps(next(states.closed, { type: 'leave' })), [{ to: 'leave', error: { code: 'CLUSTER_CLOSED' } }])
  for (const [state, phase] of [
    [states.searching, 'waiting'],
    [states.founding, 'forming'],
    [states.entering, 'entering'],
  ] as const)
    t.match(steps(next(state, { type: 'failed', job: 'search', error })), [{ do: 'log-failure', phase }])
})

t.test('leaving in every phase: nothing that was under way counts any more', async t => {
  const under: Readonly<Partial<Record<Phase, readonly JobName[]>>> = {
    'starting': ['read-disk'],
    'recovering': ['recover'],
    'moving': ['announce-address'],
    'resuming': ['resume'],
    'searching': ['search', 'pause'],
    'founding': ['found'],
    'entering': ['enter'],
    'awaiting-vote': ['await-vote'],
    'clearing': ['clear'],
  }
  for (const [phase, underWay] of Object.entries(under)) {
    const after = next(states[phase as keyof typeof states], { type: 'leave' })
    t.same(after, { state: { phase: 'leaving', step: 'ending' }, actions: [{ do: 'abort' }] }, phase)
    t.equal(shownPhase(after.state), 'left', 'nobody takes it for one that waits or is a member')
    for (const outcome of underWay.flatMap(endsOf)) {
      const ended = next(after.state, outcome)
      t.same(ended.state, { phase: 'leaving', step: 'giving-back' }, `${phase}, ${outcome.type}`)
      t.same(
        jobs(ended),
        [{ do: 'give-back', when: outcome.type === 'entered' ? 'always' : 'entering' }],
        'a vote that came in this moment is given back as well',
      )
      t.ok(
        steps(ended).every(step => step.do === 'answer' && step.to === 'start'),
        'nothing else is done',
      )
    }
  }
  const departed = next(states.departing, { type: 'departed' })
  for (const outcome of (['tend', 'pause'] as const).flatMap(endsOf))
    t.same(jobs(next(departed.state, outcome)), [{ do: 'give-back', when: 'entering' }])
})

t.test('closing in every phase ends with etcd stopped, after what was under way', async t => {
  for (const state of Object.values<State>(states)) {
    if (state.phase === 'closing' || state.phase === 'closed') continue
    const after = next(state, { type: 'close' })
    t.same(names(after).slice(0, 4), ['abort', 'refuse-store', 'begin-stop', 'answer'], state.phase)
    t.equal(shownPhase(after.state), shownPhase(state), 'until its end it is what it was')
    t.equal(clusterOf(after.state), clusterOf(state))
    const idle = state.phase === 'left' || state.phase === 'halted'
    t.match(after.state, { phase: 'closing', awaits: idle ? 'etcd' : 'job' })
    t.same(jobs(after), idle ? [{ do: 'stop-etcd' }] : [])
  }
  t.match(next({ phase: 'leaving', step: 'saying-farewell' }, { type: 'close' }).state, { awaits: 'etcd' }, 'given up')
  t.same(names(next(states.closing, { type: 'departed' })), [], 'nobody waits for leaving')
  t.same(names(next(states.closing, { type: 'failed', job: 'depart', error })), [])
})

/** What is under way, and what the record says, as the table leads a server from event to event. */
interface Life {
  state: State
  underWay: Job[]
  phases: Phase[]
  answers: string[]
}

function lead(choices: readonly number[]): Life {
  const life: Life = { state: beginning.state, underWay: [...jobs(beginning)], phases: [], answers: [] }
  const follow = (transition: Transition): void => {
    life.state = transition.state
    life.phases.push(transition.state.phase)
    life.underWay.push(...jobs(transition))
    for (const action of transition.actions) if (action.do === 'answer') life.answers.push(action.to)
  }
  const disks: readonly Disk[] = [
    disk,
    { ...disk, hasData: false },
    { ...disk, hasData: false, cluster: undefined },
    { ...disk, listed },
    { ...disk, cluster: undefined },
    { ...disk, cluster: undefined, decided: true },
    { ...disk, moved: true },
  ]
  for (const choice of choices) {
    if (choice % 17 === 0) follow(next(life.state, { type: choice % 2 === 0 ? 'leave' : 'close' }))
    const job = life.underWay.splice(choice % Math.max(1, life.underWay.length), 1)[0]
    if (job === undefined) continue
    const ends: readonly Outcome[] =
      job.do === 'read-disk'
        ? [...disks.map(one => ({ type: 'disk-read', disk: one }) as const), { type: 'failed', job: job.do, error }]
        : endsOf(job.do)
    const outcome = ends[(choice >> 4) % ends.length]
    if (outcome !== undefined) follow(next(life.state, outcome))
  }
  return life
}

const idlePhases: readonly Phase[] = ['left', 'halted', 'closed']

t.test('whatever happens, one thing is under way until all is over, and nobody waits for ever', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1 << 16), { maxLength: 60 }), choices => {
      const { state, underWay, phases, answers } = lead(choices)
      const main = underWay.filter(job => job.do !== 'depart')
      const departing = underWay.length - main.length
      if (departing > (phases.includes('departing') ? 1 : 0)) return false
      if (idlePhases.includes(state.phase)) return answers.length > 0
      // A job of leaving may still be under way when the server stops: it is waited for no more.
      return state.phase === 'closing' ? main.length >= 1 : main.length === 1
    }),
    { numRuns: 5000 },
  )
})

t.test('left stays left and closed stays closed, whatever comes late', async () => {
  const late = fc.constantFrom<Event>(...(Object.keys(outcomes) as JobName[]).flatMap(endsOf))
  fc.assert(
    fc.property(late, event => {
      const left = next(states.left, event)
      const closed = next(states.closed, event)
      return (
        left.state === states.left
        && closed.state === states.closed
        && left.actions.length === 0
        && closed.actions.length === 0
      )
    }),
  )
})

t.test('every phase is reached by some life, and a server is shown as a member only while it votes', async t => {
  const reached = new Set<Phase>()
  fc.assert(
    fc.property(fc.array(fc.nat(1 << 16), { minLength: 10, maxLength: 40 }), choices => {
      const { phases, state } = lead(choices)
      for (const phase of phases) reached.add(phase)
      return (shownPhase(state) === 'member') === (clusterOf(state) !== undefined)
    }),
    { numRuns: 5000, seed: 1 },
  )
  t.same(
    Object.keys(states).filter(phase => phase !== 'starting' && !reached.has(phase as Phase)),
    [],
  )
})
