import t from 'tap'
import { keepNewest } from '../../src/common/keep-newest.js'

t.test('of a set or map the oldest entries go until no more than the most are left', t => {
  for (const [max, left] of [
    [0, []],
    [2, [2, 3]],
    [3, [1, 2, 3]],
    [9, [1, 2, 3]],
  ] as const) {
    const set = new Set([1, 2, 3])
    const map = new Map([...set].map(key => [key, 'x']))
    keepNewest(set, max)
    keepNewest(map, max)
    t.same([...set], left)
    t.same([...map.keys()], left)
  }
  t.end()
})
