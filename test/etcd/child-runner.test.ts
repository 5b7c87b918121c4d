import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { mayStart } from '../../src/etcd/child/next.js'
import { ChildRunner } from '../../src/etcd/child/runner.js'
import { backOff } from '../../src/etcd/child/timing.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeEtcds } from './support/fake-etcds.js'

/** A runner over processes in memory, and the one test's time. */
function opened(left = 0) {
  const etcds = new FakeEtcds(left)
  const clock = new FakeClock()
  const runner = new ChildRunner(etcds, clock)
  /** Lets each of these come out well, one after the other. */
  const answer = async (...whats: readonly Parameters<FakeEtcds['answer']>[0][]): Promise<void> => {
    for (const what of whats) {
      etcds.answer(what)
      await clock.advance(0)
    }
  }
  /** How a promise has come out so far. */
  const outcome = (promise: Promise<void>): { value: unknown } => {
    const seen = { value: 'pending' as unknown }
    promise.then(
      () => {
        seen.value = 'done'
      },
      (error: unknown) => {
        seen.value = error
      },
    )
    return seen
  }
  return { etcds, clock, runner, answer, outcome }
}

/** One that runs, and whose members know its address. */
async function running() {
  const all = opened()
  const start = all.runner.start({ how: 'found' })
  await all.answer('open', 'launch', 'isUp', 'servesClients', 'readMembers')
  await start
  return all
}

t.test('started, looked at, stopped', async t => {
  const { etcds, clock, runner, answer, outcome } = opened()
  const start = outcome(runner.start({ how: 'found' }))
  await answer('open', 'launch')
  etcds.answer('isUp', false)
  await clock.advance(49)
  t.equal(etcds.waits, '')
  await clock.advance(1)
  t.equal(etcds.waits, 'isUp', 'asked again after 50 ms')
  t.equal(start.value, 'pending')
  await answer('isUp')
  t.equal(start.value, 'done')
  etcds.answer('servesClients', false)
  await clock.advance(0)
  t.equal(etcds.waits, 'readPeers', 'its peer port tells more while clients get no answer')
  etcds.answer('readPeers', false)
  await clock.advance(50)
  await answer('servesClients')
  t.same(etcds.states, ['starting', 'running'])
  etcds.answer('readMembers', false)
  await clock.advance(300)
  await answer('servesClients', 'readMembers')
  await clock.advance(1999)
  t.equal(etcds.waits, '', 'once settled it is looked at every 2 s')
  await clock.advance(1)
  t.equal(etcds.waits, 'servesClients')

  const stop = outcome(runner.stop())
  t.same(etcds.signals, [], 'the members are read once more')
  await answer('readMembers')
  t.same(etcds.signals, ['SIGTERM'])
  t.equal(stop.value, 'pending')
  etcds.crash(etcds.ours[0] ?? 0, { code: 0 })
  await clock.advance(0)
  t.equal(stop.value, 'done')
  t.same(etcds.states, ['starting', 'running', 'stopped'])
  t.equal(etcds.isHeld, false)
  t.equal(clock.pending, 0)
  t.same(etcds.reports, [])
})

t.test('an etcd that neither answers nor ends is killed', async t => {
  const { etcds, clock, runner, outcome } = await running()
  const stop = outcome(runner.stop())
  await clock.advance(999)
  t.same(etcds.signals, [])
  await clock.advance(1)
  t.same(etcds.signals, ['SIGTERM'])
  await clock.advance(2999)
  t.same(etcds.signals, ['SIGTERM'])
  await clock.advance(1)
  t.same(etcds.signals, ['SIGTERM', 'SIGKILL'])
  t.equal(stop.value, 'done')
})

t.test(
  'after each crash the wait is twice as long, up to 10 s; a minute up makes the next crash the first',
  async t => {
    const { etcds, clock, answer } = await running()
    const waits: number[] = []
    for (let round = 0; round < 9; round++) {
      etcds.crash(etcds.ours[0] ?? 0)
      await clock.advance(0)
      const from = clock.monotonic()
      while (etcds.waits !== 'launch' && clock.monotonic() - from < 20_000) await clock.advance(50)
      waits.push(clock.monotonic() - from)
      await answer('launch')
      etcds.pending.length = 0
    }
    t.same(waits, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
    t.equal(etcds.restarts, 9)
    await clock.advance(backOff.forgottenAfterMs + 1)
    etcds.crash(etcds.ours[0] ?? 0)
    await clock.advance(100)
    t.equal(etcds.waits, 'launch')
  },
)

t.test('answers of a crashed etcd are not applied to the next one', async t => {
  const { etcds, clock, runner, answer } = await running()
  await clock.advance(2000)
  t.equal(etcds.waits, 'servesClients')
  etcds.crash(etcds.ours[0] ?? 0)
  await clock.advance(100)
  t.equal(etcds.waits, 'servesClients launch')
  etcds.answer('launch')
  await clock.advance(0)
  t.equal(etcds.waits, 'servesClients servesClients')
  await answer('servesClients')
  t.equal(etcds.waits, 'servesClients')
  t.match(runner.phase, { kind: 'up', hasServed: false })
  await answer('servesClients')
  t.equal(etcds.waits, 'readMembers')
  t.match(runner.phase, { kind: 'up', hasServed: true })
})

t.test('a failing start is retried every 10 s, as long as there is data', async t => {
  const { etcds, clock } = await running()
  const failLaunch = async (): Promise<void> => {
    etcds.pending.splice(0)[0]?.fail?.()
    await clock.advance(0)
  }
  etcds.crash(etcds.ours[0] ?? 0)
  await clock.advance(100)
  await failLaunch()
  await clock.advance(9_999)
  t.equal(etcds.waits, '')
  await clock.advance(1)
  t.equal(etcds.waits, 'launch')
  etcds.hasData = false
  await failLaunch()
  t.same(etcds.states.slice(-2), ['restarting', 'failed'])
  t.same(
    etcds.reports.map(({ what }) => what),
    ['crashed', 'not-launched', 'not-launched'],
  )
  t.equal(clock.pending, 0)
})

t.test('a start that is stopped on its way rejects, and leaves nothing', async t => {
  const early = opened()
  const start = early.outcome(early.runner.start({ how: 'found' }))
  const stops = [early.outcome(early.runner.stop()), early.outcome(early.runner.stop())]
  await early.answer('open')
  t.same(start.value, { why: 'stopped' })
  t.same(
    stops.map(({ value }) => value),
    ['done', 'done'],
  )
  t.same(early.etcds.launches, [])

  const late = opened()
  const launched = late.outcome(late.runner.start({ how: 'found' }))
  await late.answer('open')
  const stop = late.outcome(late.runner.stop())
  await late.answer('launch')
  t.same(late.etcds.signals, ['SIGTERM'])
  late.etcds.crash(late.etcds.ours[0] ?? 0, { signal: 'SIGTERM' })
  await late.clock.advance(0)
  t.match(launched.value, { why: 'exited', cause: { reason: 'it was ended by SIGTERM' } })
  t.equal(stop.value, 'done')
  t.same(late.etcds.states, ['starting', 'stopped'])
})

t.test('a state heard is acted on after all that led to it is done', async t => {
  const { etcds, clock, runner, outcome } = await running()
  let stop: { value: unknown } | undefined
  etcds.stateChanged = state => {
    if (state === 'restarting') stop = outcome(runner.stop())
  }
  etcds.crash(etcds.ours[0] ?? 0)
  await clock.advance(0)
  t.equal(stop?.value, 'done')
  await clock.advance(60_000)
  t.same(etcds.launches, ['found'])
})

/** What may happen next. Numbers choose among what there is. */
type Step =
  | { readonly step: 'start'; readonly how: 'found' | 'again' }
  | { readonly step: 'stop' | 'moved' | 'displace' }
  | { readonly step: 'succeed'; readonly at: number; readonly yes: boolean }
  | { readonly step: 'fail' | 'crash'; readonly at: number }
  | { readonly step: 'wait'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ step: fc.constant('start'), how: fc.constantFrom('found', 'again') }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('stop') }) },
  { weight: 16, arbitrary: fc.record({ step: fc.constant('succeed'), at: fc.nat(3), yes: fc.nat(3).map(n => n > 0) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('fail'), at: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('crash'), at: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ step: fc.constant('wait'), ms: fc.constantFrom(1, 50, 300, 3000, 70_000) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constantFrom('moved', 'displace') }) },
)

/** Carries a step out; one for which there is nothing to choose from does nothing. */
async function take(all: ReturnType<typeof opened>, calls: { value: unknown }[], what: Step): Promise<void> {
  const { etcds, clock, runner, outcome } = all
  switch (what.step) {
    case 'start':
      if (mayStart(runner.phase)) calls.push(outcome(runner.start({ how: what.how })))
      break
    case 'stop':
      calls.push(outcome(runner.stop()))
      break
    case 'moved':
      runner.give({ on: 'bridge-needed' })
      break
    case 'displace':
      etcds.inPlace = !etcds.inPlace
      break
    case 'succeed':
      etcds.pending.splice(what.at % Math.max(1, etcds.pending.length), 1)[0]?.succeed(what.yes)
      break
    case 'fail': {
      const failing = etcds.pending.filter(({ fail }) => fail !== undefined)
      const one = failing[what.at % Math.max(1, failing.length)]
      if (one !== undefined) etcds.pending.splice(etcds.pending.indexOf(one), 1)
      one?.fail?.()
      break
    }
    case 'crash':
      etcds.crash(etcds.alive[what.at % Math.max(1, etcds.alive.length)] ?? 0)
      break
    case 'wait':
      await clock.advance(what.ms)
  }
  await clock.advance(0)
}

t.test('whatever happens: one process at a time, all answered, and after a stop nothing', async t => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.array(step, { maxLength: 60, size: 'max' }), async (left, steps) => {
      const all = opened(left)
      const { etcds, clock, runner, outcome } = all
      const calls: { value: unknown }[] = []
      for (const one of steps) {
        await take(all, calls, one)
        seen.add(runner.phase.kind)
        if (etcds.ours.length > 1) etcds.faults.push('two at once')
        if (clock.pending > 1) etcds.faults.push('two timers')
      }
      const stop = outcome(runner.stop())
      // What is under way comes out, and what does not end by itself is killed in time.
      for (let round = 0; round < 20 && stop.value === 'pending'; round++) {
        for (const one of etcds.pending.splice(0)) one.succeed(true)
        await clock.advance(3000)
      }
      const delays = etcds.reports.flatMap(report => (report.what === 'crashed' ? [report.delayMs] : []))
      assert.deepEqual(
        {
          stop: stop.value,
          pending: calls.filter(({ value }) => value === 'pending').length,
          ours: etcds.ours,
          isHeld: etcds.isHeld,
          phase: runner.phase.kind,
          timers: clock.pending,
          faults: etcds.faults,
          outOfBounds: delays.filter(ms => ms < backOff.firstMs || ms > backOff.maxMs),
        },
        {
          stop: 'done',
          pending: 0,
          ours: [],
          isHeld: false,
          phase: 'stopped',
          timers: 0,
          faults: [],
          outOfBounds: [],
        },
      )
      // Nothing comes back by itself.
      const launches = etcds.launches.length
      await clock.advance(120_000)
      assert.equal(etcds.launches.length, launches)
    }),
    { numRuns: 500 },
  )
  t.equal(seen.size, 13, `every phase was met, and not only ${[...seen].join(' ')}`)
})
