import t from 'tap'
import { retryDelay } from '../../src/common/retry-delay.js'

t.test('a delay doubles with each failure, from the first up to the longest', t => {
  const delays = { min: 100, max: 1000 }
  for (const [failures, delay] of [
    [0, 100],
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1000],
    [100_000, 1000],
  ] as const)
    t.equal(retryDelay(delays, failures), delay, `${failures} failures`)
  t.end()
})
