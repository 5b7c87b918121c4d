import fc from 'fast-check'
import t from 'tap'
import type { CheckResult } from '../../src/checks/index.js'
import { PolledChecks } from '../../src/checks/polled-checks.js'
import type { CheckDefinition } from '../../src/config/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { definition, someTcp } from './definition.js'

interface Setup {
  concurrency?: number
  took?: (address: string) => number
  random?: () => number
}

/**
 * Polled checks with a clock and a world of the test's own: each run takes the time it is told to, and its address is
 * noted.
 */
function setup({ concurrency = 100, took = () => 0, random = () => 0 }: Setup = {}) {
  const clock = new FakeClock()
  const began: { address: string; at: number }[] = []
  const reports: { id: string; at: number; output: string }[] = []
  const active = new Map<string, number>()
  let most = 0
  let overlaps = 0
  const checks = new PolledChecks(
    { clock, random, concurrency },
    ({ id }, { output }) => {
      reports.push({ id, at: clock.monotonic(), output })
    },
    (options, { signal }) => {
      const address = options.type === 'tcp' ? options.address : ''
      const id = address.split('/')[0] ?? ''
      began.push({ address, at: clock.monotonic() })
      if ((active.get(id) ?? 0) > 0) overlaps++
      active.set(id, (active.get(id) ?? 0) + 1)
      most = Math.max(
        most,
        [...active.values()].reduce((a, b) => a + b, 0),
      )
      return new Promise<CheckResult>(resolve => {
        const end = (output: string) => (): void => {
          timer.cancel()
          signal.removeEventListener('abort', aborted)
          // An aborted run takes a moment to end.
          clock.after(output === 'aborted' ? 30 : 0, () => {
            active.set(id, (active.get(id) ?? 1) - 1)
            resolve({ status: 'passing', output })
          })
        }
        const aborted = end('aborted')
        const timer = clock.after(took(address), end('done'))
        signal.addEventListener('abort', aborted)
      })
    },
  )
  const start = (id: string, interval: number, known = false, version = ''): CheckDefinition => {
    const kind = { ...someTcp(interval), address: `${id}/${version}` }
    const made = definition(kind, { id })
    checks.start(made, kind, known)
    return made
  }
  return { clock, began, reports, checks, start, most: () => most, overlaps: () => overlaps }
}

void t.test('the next run comes an interval after the end of the last', async t => {
  const { clock, began, start, checks } = setup({ took: () => 300 })
  start('a', 1000)
  await clock.advance(4000)
  t.strictSame(
    began.map(b => b.at),
    [0, 1300, 2600, 3900],
  )
  const closed = checks.close()
  await clock.advance(100)
  await closed
  t.equal(clock.pending, 0)
})

void t.test('first runs', t => {
  void t.test('a single new check runs within the fifth of a second, whatever its interval', async t => {
    const { clock, began, start } = setup({ random: () => 0.999 })
    start('a', 3_600_000)
    await clock.advance(200)
    t.equal(began.length, 1)
  })
  void t.test('a check declared as standing well waits for a moment within its interval', async t => {
    const { clock, began, checks } = setup({ random: () => 0.5 })
    const kind = { ...someTcp(3_600_000), address: 'a/' }
    checks.start({ ...definition(kind, { id: 'a' }), status: 'passing' }, kind, false)
    await clock.advance(1_799_000)
    t.equal(began.length, 0)
    await clock.advance(1000)
    t.equal(began.length, 1)
  })
  void t.test('a check with a known status waits for up to its interval, but no longer than ten seconds', async t => {
    const { clock, began, start } = setup({ random: () => 0.999 })
    start('short', 5000, true)
    start('long', 3_600_000, true)
    await clock.advance(4990)
    t.equal(began.length, 0)
    await clock.advance(10)
    t.equal(began.length, 1)
    await clock.advance(5000)
    t.ok(began.some(b => b.address.startsWith('long')))
  })
  void t.test('five thousand at once are spread over seconds', async t => {
    let seed = 1
    const { clock, began, start } = setup({
      random: () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647,
      concurrency: 10_000,
    })
    for (let i = 0; i < 5000; i++) start(`c${i}`, 60_000)
    await clock.advance(10_000)
    t.equal(began.length, 5000)
    const perSecond = [0, 1, 2, 3, 4, 5].map(second => began.filter(b => Math.floor(b.at / 1000) === second).length)
    t.ok(Math.max(...perSecond) <= 1300, perSecond.join(' '))
    t.ok((began.at(-1)?.at ?? 0) >= 4000 && (began.at(-1)?.at ?? 0) < 5500)
    began.length = 0
    start('new', 60_000)
    await clock.advance(200)
    t.equal(began.length, 1, 'and one that comes later does not wait for them')
  })
  void t.test('no first run is later than an interval', async t => {
    const { clock, began, start } = setup({ random: () => 0.5 })
    for (let i = 0; i < 3000; i++) start(`c${i}`, 1000)
    await clock.advance(999)
    t.equal(new Set(began.map(b => b.address)).size, 3000)
  })
  t.end()
})

void t.test('no more runs at once than the concurrency, and none is forgotten', async t => {
  const { clock, began, start, most } = setup({ took: () => 100, concurrency: 3 })
  for (let i = 0; i < 10; i++) start(`c${i}`, 100_000)
  await clock.advance(1000)
  t.equal(most(), 3)
  t.equal(new Set(began.map(b => b.address)).size, 10)
})

void t.test('a stopped check reports nothing and does not run again', async t => {
  const { clock, began, reports, start, checks } = setup({ took: () => 500 })
  start('a', 1000)
  start('queued', 1000)
  await clock.advance(100)
  checks.stop('a')
  checks.stop('queued')
  checks.stop('never started')
  await clock.advance(5000)
  t.equal(began.length, 2)
  t.strictSame(reports, [])
  t.equal(clock.pending, 0)
})

void t.test('a run that throws is a critical result, and the check goes on', async t => {
  const clock = new FakeClock()
  const reports: CheckResult[] = []
  const checks = new PolledChecks(
    { clock, random: () => 0, concurrency: 1 },
    (_, result) => {
      reports.push(result)
    },
    () => Promise.reject(new Error('no luck')),
  )
  checks.start(definition(someTcp(1000)), someTcp(1000), false)
  await clock.advance(1500)
  t.strictSame(reports, Array(2).fill({ status: 'critical', output: 'the check could not be run: no luck' }))
})

void t.test('thresholds stand between a result and its report', async t => {
  const clock = new FakeClock()
  const reports: string[] = []
  const statuses = ['passing', 'critical', 'critical', 'critical', 'passing'] as const
  let run = 0
  const checks = new PolledChecks(
    { clock, random: () => 0, concurrency: 1 },
    (_, { status, output }) => {
      reports.push(`${status} ${output}`)
    },
    () => Promise.resolve({ status: statuses[run] ?? 'passing', output: String(run++) }),
  )
  checks.start(definition(someTcp(1000), { failuresBeforeCritical: 3 }), someTcp(1000), false)
  await clock.advance(4500)
  t.strictSame(reports, ['passing 0', 'critical 3', 'passing 4'])
})

void t.test('runs of one check never overlap, whatever is started, replaced and stopped when', async t => {
  const action = fc.record({ id: fc.constantFrom('a', 'b'), stop: fc.boolean(), wait: fc.nat(400), took: fc.nat(900) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 25 }),
      fc.integer({ min: 1, max: 3 }),
      async (actions, concurrency) => {
        const times = new Map<string, number>()
        const { clock, start, checks, overlaps } = setup({ concurrency, took: address => times.get(address) ?? 0 })
        for (const [i, { id, stop, wait, took }] of actions.entries()) {
          checks.stop(id)
          times.set(`${id}/${i}`, took)
          if (!stop) start(id, 1000, false, String(i))
          await clock.advance(wait)
        }
        const closed = checks.close()
        await clock.advance(1000)
        await closed
        return overlaps() === 0 && clock.pending === 0
      },
    ),
    { numRuns: 40 },
  )
  t.end()
})
