import t from 'tap'
import { createCheckRunner, type CheckRunner } from '../../src/checks/index.js'
import { systemClock } from '../../src/common/clock.js'
import { startWebServer } from '../support/web-server.js'
import { until } from '../support/until.js'
import { definition } from './definition.js'

/** A runner on the machine's clock and the last report of each check. */
function live(): { runner: CheckRunner; last: Map<string, string>; reports: () => number } {
  const last = new Map<string, string>()
  let reports = 0
  const runner = createCheckRunner({
    clock: systemClock,
    random: Math.random,
    concurrency: 50,
    reports: {
      report: (id, status, output) => {
        reports++
        last.set(id, `${status} ${output}`)
      },
      reap: () => undefined,
    },
    aliases: { statusOf: () => 'absent', onChange: () => ({ close: () => undefined }) },
  })
  return { runner, last, reports: () => reports }
}

const timed = { interval: 40, timeout: 2000 }

void t.test('a check follows its service down and up', async t => {
  const web = await startWebServer(t)
  const { runner, last } = live()
  const url = `http://127.0.0.1:${web.port}/`
  runner.start(
    definition({
      type: 'http',
      url,
      method: 'GET',
      header: {},
      body: '',
      disableRedirects: false,
      tlsServerName: '',
      tlsSkipVerify: false,
      ...timed,
    }),
  )
  await until('passing', () => last.get('c') === `passing HTTP GET ${url}: 200 OK Output: ok`)
  web.status = 500
  await until('critical', () => last.get('c')?.startsWith('critical') === true)
  await web.close()
  await until('refused', () => last.get('c')?.includes('connection refused') === true)
  web.status = 200
  await web.open()
  await until('passing again', () => last.get('c')?.startsWith('passing') === true)
  await runner.close()
})

void t.test('close kills what still runs and reports nothing of it', async t => {
  const { runner, last, reports } = live()
  runner.start(definition({ type: 'script', args: ['true'], ...timed }, { id: 'quick' }))
  for (let i = 0; i < 10; i++) {
    runner.start(
      definition({ type: 'script', args: ['sleep', '600'], interval: 1000, timeout: 600_000 }, { id: `slow${i}` }),
    )
  }
  await until('the quick one ran', () => last.has('quick'))
  await runner.close()
  const before = reports()
  t.strictSame([...last.keys()], ['quick'])
  await new Promise(setImmediate)
  t.equal(reports(), before)
  t.strictSame(new Set(Object.values(runner.counts())), new Set([0]))
})
