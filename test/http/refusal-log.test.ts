import t from 'tap'
import { RefusalLog } from '../../src/http/serve/refusal-log.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../support/recording-log.js'

t.test('of one reason a few lines are written, and how many others there were with the next one', async t => {
  const log = new RecordingLog()
  const clock = new FakeClock()
  const refusals = new RefusalLog(log, clock)
  for (let i = 0; i < 1000; i++) refusals.warn('STORE_FULL', { path: `/v1/kv/${i}` })
  refusals.warn('STORE_NO_LEADER', { path: '/v1/kv/a' })
  t.same(
    log.lines.map(({ fields }) => [fields.code, fields.path]),
    [...Array.from({ length: 10 }, (_, i) => ['STORE_FULL', `/v1/kv/${i}`]), ['STORE_NO_LEADER', '/v1/kv/a']],
  )
  await clock.advance(9999)
  refusals.warn('STORE_FULL', { path: '/v1/kv/late' })
  t.equal(log.lines.length, 11)
  await clock.advance(1)
  refusals.warn('STORE_FULL', { path: '/v1/kv/next' })
  refusals.warn('STORE_FULL', { path: '/v1/kv/after' })
  t.same(
    log.lines.slice(11).map(({ fields }) => fields),
    [
      { path: '/v1/kv/next', code: 'STORE_FULL', others: 991 },
      { path: '/v1/kv/after', code: 'STORE_FULL' },
    ],
  )
  await clock.advance(20_000)
  refusals.warn('STORE_FULL', { path: '/v1/kv/alone' })
  t.same(log.lines.at(-1)?.fields, { path: '/v1/kv/alone', code: 'STORE_FULL' })
})
