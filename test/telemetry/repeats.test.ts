import t from 'tap'
import { Repeats } from '../../src/telemetry/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../support/recording-log.js'

const made = () => {
  const log = new RecordingLog()
  const clock = new FakeClock()
  const repeats = new Repeats(log, clock)
  return { log, clock, repeats, shown: () => log.lines.map(({ level, message, fields }) => [level, message, fields]) }
}

void t.test('a reason is said once, and counted once a minute while it lasts', async t => {
  const { clock, repeats, shown } = made()
  for (let attempt = 1; attempt <= 185; attempt++) {
    repeats.tell('warn', 'join failed', 'refused', { attempt })
    await clock.advance(1000)
  }
  t.same(shown(), [
    ['warn', 'join failed', { attempt: 1 }],
    ['warn', 'still: join failed', { attempt: 61, times: 60, seconds: 60 }],
    ['warn', 'still: join failed', { attempt: 121, times: 60, seconds: 60 }],
    ['warn', 'still: join failed', { attempt: 181, times: 60, seconds: 60 }],
  ])
})

void t.test('a new reason is logged at once, alternating ones are not repeated', t => {
  const { repeats, shown } = made()
  for (const reason of ['a', 'b', 'a', 'b', 'c', 'a']) repeats.tell('error', 'failed', reason, { reason })
  t.same(
    shown().map(([, , fields]) => fields),
    [{ reason: 'a' }, { reason: 'b' }, { reason: 'c' }],
  )
  repeats.over()
  repeats.tell('error', 'failed', 'a', { reason: 'again' })
  t.same(shown().at(-1), ['error', 'failed', { reason: 'again' }])
  t.end()
})

void t.test('reasons without end take no memory without end', t => {
  const { repeats, log } = made()
  for (let i = 0; i < 100; i++) repeats.tell('warn', 'failed', String(i))
  t.equal(log.lines.length, 100)
  repeats.tell('warn', 'failed', '99')
  t.equal(log.lines.length, 100, 'the newest are known')
  repeats.tell('warn', 'failed', '0')
  t.equal(log.lines.length, 101, 'the oldest are forgotten')
  t.end()
})
