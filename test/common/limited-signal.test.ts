import t from 'tap'
import { limitedSignal } from '../../src/common/limited-signal.js'
import { until } from '../support/until.js'

void t.test('ends after the time, with the other signal, or not at all once released', async t => {
  const outer = new AbortController()
  const timed = limitedSignal(outer.signal, 20)
  const [long, released] = [limitedSignal(outer.signal, 60_000), limitedSignal(outer.signal, 10)]
  released.release()
  t.notOk(timed.signal.aborted)
  await until('the time is over', () => timed.signal.aborted)
  t.notOk(long.signal.aborted)
  outer.abort()
  t.ok(long.signal.aborted)
  const late = limitedSignal(outer.signal, 60_000)
  t.ok(late.signal.aborted)
  t.notOk(released.signal.aborted)
  for (const one of [timed, long, late]) one.release()
})
