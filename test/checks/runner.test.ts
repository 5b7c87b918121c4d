import t from 'tap'
import { checkKinds } from '../../src/check-kinds/index.js'
import { createCheckRunner, type AliasedCheck, type CheckRunner } from '../../src/checks/index.js'
import type { CheckStatus } from '../../src/common/health.js'
import { FakeClock } from '../support/fake-clock.js'
import { definition, someTcp } from './definition.js'

/** A runner on a fake clock, what it reported (`id status output`) and reaped, and a world for aliases to look at. */
function setup() {
  const clock = new FakeClock()
  const reports: string[] = []
  const reaped: string[] = []
  const targets = new Map<string, readonly AliasedCheck[]>()
  const listeners = new Set<() => void>()
  const changed = (): void => {
    for (const run of listeners) run()
  }
  const runner: CheckRunner = createCheckRunner({
    clock,
    random: () => 0,
    concurrency: 10,
    reports: {
      report: (id: string, status: CheckStatus, output: string) => {
        reports.push(`${id} ${status} ${output}`.trim())
        changed()
      },
      reap: (serviceId: string, checkId: string) => {
        reaped.push(`${serviceId} ${checkId}`)
      },
    },
    aliases: {
      statusOf: alias => targets.get(alias.service) ?? 'absent',
      onChange: run => {
        listeners.add(run)
        return {
          close: () => {
            listeners.delete(run)
          },
        }
      },
    },
  })
  return { clock, reports, reaped, targets, listeners, changed, runner }
}

const ttl = (ms: number) => ({ type: 'ttl', ttl: ms }) as const
const alias = (service: string, node = '') => ({ type: 'alias', service, node }) as const

void t.test('ttl', t => {
  void t.test('expires a TTL after the start, once, without output', async t => {
    const { clock, reports, runner } = setup()
    runner.start(definition(ttl(10_000)))
    t.equal(runner.ttlDeadline('c'), clock.now() + 10_000)
    await clock.advance(9999)
    t.strictSame(reports, [])
    await clock.advance(30_000)
    t.strictSame(reports, ['c critical TTL expired'])
    t.equal(runner.ttlDeadline('c'), undefined)
  })
  void t.test('each heartbeat gives it another TTL, also after it expired; the last output is quoted', async t => {
    const { clock, reports, runner } = setup()
    runner.start(definition(ttl(10_000), { outputMaxSize: 8 }))
    await clock.advance(8000)
    runner.heartbeat('c', 'passing', 'up')
    await clock.advance(8000)
    runner.heartbeat('c', 'warning', '0123456789')
    await clock.advance(10_000)
    runner.heartbeat('c', 'critical', '')
    t.strictSame(reports, [
      'c passing up',
      'c warning 01234567 ... (captured 8 of 10 bytes)',
      'c critical TTL expired (last output before timeout follows): 01234567 ... (captured 8 of 10 bytes)',
      'c critical',
    ])
    t.equal(runner.ttlDeadline('c'), clock.now() + 10_000)
  })
  void t.test('goes on towards a resumed deadline, but never beyond its own TTL', async t => {
    const { clock, reports, runner } = setup()
    runner.start(definition(ttl(10_000), { id: 'soon' }), {
      status: 'passing',
      ttlExpires: clock.now() + 3000,
      output: 'was fine',
    })
    runner.start(definition(ttl(10_000), { id: 'shortened' }), { status: 'passing', ttlExpires: clock.now() + 99_000 })
    runner.start(definition(ttl(10_000), { id: 'over' }), { status: 'passing', ttlExpires: clock.now() - 1 })
    t.equal(runner.ttlDeadline('shortened'), clock.now() + 10_000)
    await clock.advance(1)
    t.strictSame(reports, ['over critical TTL expired'])
    await clock.advance(2999)
    t.equal(reports[1], 'soon critical TTL expired (last output before timeout follows): was fine')
    // What it says by then is what a restart begins with.
    const said = 'TTL expired (last output before timeout follows): was fine'
    runner.start(definition(ttl(10_000), { id: 'again' }), {
      status: 'critical',
      ttlExpires: clock.now() - 1,
      output: said,
    })
    await clock.advance(1)
    t.equal(reports[2], `again critical ${said}`)
  })
  void t.test('reports are refused for other checks, and for none', async t => {
    const { runner } = setup()
    runner.start(definition(someTcp(60_000), { id: 'tcp' }))
    for (const id of ['tcp', 'absent', '']) {
      t.throws(
        () => {
          runner.heartbeat(id, 'passing', '')
        },
        { code: 'CHECK_NOT_TTL', message: `CheckID "${id}" does not have associated TTL`, status: 500 },
      )
    }
    await runner.close()
  })
  t.end()
})

void t.test('starting what runs already', async t => {
  const { clock, reports, runner } = setup()
  runner.start(definition(ttl(10_000)))
  await clock.advance(6000)
  runner.start(definition(ttl(10_000)))
  runner.start(definition(ttl(10_000), { name: 'other words', written: { Name: 'other words' } }), {
    status: 'passing',
  })
  t.equal(runner.ttlDeadline('c'), clock.now() + 4000, 'the same again changes nothing')
  runner.start(definition(ttl(20_000)))
  t.equal(runner.ttlDeadline('c'), clock.now() + 20_000, 'another TTL replaces it')
  runner.start(definition(alias('gone')))
  t.equal(runner.ttlDeadline('c'), undefined, 'and so does another kind')
  t.strictSame(
    { ...runner.counts() },
    { ...Object.fromEntries(checkKinds.map(({ name }) => [name, 0])), alias: 1 },
    'every kind is counted',
  )
  await clock.advance(60_000)
  t.strictSame(reports, ['c critical Service gone could not be found on this node'])
  await runner.close()
  runner.start(definition(ttl(10_000)))
  t.equal(clock.pending, 0, 'nothing runs after close')
})

void t.test('alias', t => {
  const check = (name: string, status: CheckStatus, output = ''): AliasedCheck => ({ name, status, output })
  for (const [name, found, expected] of [
    ['no checks', [], 'c passing No checks found.'],
    ['all well', [check('a', 'passing'), check('b', 'passing')], 'c passing All checks passing.'],
    ['a warning', [check('a', 'passing'), check('b', 'warning', 'hm')], 'c warning Aliased check "b" failing: hm'],
    [
      'critical beats warning',
      [check('a', 'warning', 'hm'), check('b', 'critical', 'no')],
      'c critical Aliased check "b" failing: no',
    ],
    [
      'itself left out',
      [{ ...check('self', 'critical'), id: 'c' }, check('a', 'passing')],
      'c passing All checks passing.',
    ],
    ['nothing but itself', [{ ...check('self', 'critical'), id: 'c' }], 'c passing No checks found.'],
  ] as const) {
    void t.test(name, async t => {
      const { clock, reports, targets, runner } = setup()
      targets.set('db', found)
      runner.start(definition(alias('db')))
      await clock.advance(10)
      t.strictSame(reports, [expected])
    })
  }
  void t.test('an absent target', async t => {
    const { clock, reports, runner } = setup()
    runner.start(definition(alias('db', 'n2'), { id: 'a' }))
    runner.start(definition(alias('', 'n2'), { id: 'b' }))
    await clock.advance(10)
    t.strictSame(reports, [
      'a critical Service db could not be found on node n2',
      'b critical Node n2 could not be found',
    ])
  })
  void t.test(
    'follows at once, reports only what is new, looks each minute too, and lets go of its source',
    async t => {
      const { clock, reports, targets, listeners, changed, runner } = setup()
      targets.set('db', [check('a', 'passing')])
      runner.start(definition(alias('db')))
      await clock.advance(10)
      changed()
      changed()
      await clock.advance(10)
      t.equal(reports.length, 1)
      targets.set('db', [check('a', 'critical', 'down')])
      changed()
      await clock.advance(1)
      t.equal(reports[1], 'c critical Aliased check "a" failing: down')
      targets.delete('db')
      await clock.advance(60_000)
      t.equal(reports.length, 3)
      runner.stop('c')
      t.equal(listeners.size, 0)
      t.equal(clock.pending, 0)
    },
  )
  void t.test('two that mirror each other come to rest', async t => {
    const { clock, reports, targets, runner } = setup()
    const last = (id: string): string => reports.findLast(line => line.startsWith(`${id} `)) ?? `${id} critical `
    const seen = (id: string): AliasedCheck[] => [
      check(id, last(id).split(' ')[1] as CheckStatus, last(id).split(' ').slice(2).join(' ')),
    ]
    Object.defineProperty(targets, 'get', { value: (service: string) => seen(service) })
    runner.start(definition(alias('b'), { id: 'a', outputMaxSize: 200 }))
    runner.start(definition(alias('a'), { id: 'b', outputMaxSize: 200 }))
    await clock.advance(1000)
    const after = reports.length
    await clock.advance(1000)
    t.equal(reports.length, after)
  })
  t.end()
})

void t.test('deregister_critical_service_after', t => {
  void t.test(
    'counts from the first critical report, is looked at each half minute, and again until the check is gone',
    async t => {
      const { clock, reaped, runner } = setup()
      runner.start(definition(ttl(3_600_000), { deregisterCriticalServiceAfter: 60_000 }))
      await clock.advance(300_000)
      t.strictSame(reaped, [], 'critical since its registration, but nobody said so')
      await clock.advance(5000)
      runner.heartbeat('c', 'critical', '')
      await clock.advance(80_000)
      runner.heartbeat('c', 'critical', 'still')
      t.strictSame(reaped, [])
      await clock.advance(5000)
      t.strictSame(reaped, ['web c'])
      await clock.advance(30_000)
      t.equal(reaped.length, 2)
      runner.stop('c')
      await clock.advance(300_000)
      t.equal(reaped.length, 2)
      t.equal(clock.pending, 0)
    },
  )
  void t.test('any other status, or a replacement, starts it afresh; node checks have none', async t => {
    const { clock, reaped, runner } = setup()
    runner.start(definition(ttl(3_600_000), { deregisterCriticalServiceAfter: 60_000 }))
    runner.start(definition(ttl(3_600_000), { id: 'node', serviceId: '', deregisterCriticalServiceAfter: 60_000 }))
    runner.heartbeat('c', 'critical', '')
    runner.heartbeat('node', 'critical', '')
    await clock.advance(50_000)
    runner.heartbeat('c', 'warning', '')
    runner.heartbeat('c', 'critical', '')
    await clock.advance(50_000)
    runner.start(definition(ttl(3_600_001), { deregisterCriticalServiceAfter: 60_000 }))
    await clock.advance(200_000)
    t.strictSame(reaped, [])
  })
  t.end()
})
