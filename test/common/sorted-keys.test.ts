import fc from 'fast-check'
import t from 'tap'
import { SortedKeys } from '../../src/common/sorted-keys.js'

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const key = fc.oneof(
  fc.constantFrom('a', 'a/', 'b', '\uffee', '\u{1f600}', '\u{1f600}x'),
  fc.nat(3000).map(number => `k/${number}`),
)

void t.test('is a sorted set that can be read by range', async t => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 2000 }),
      fc.array(fc.tuple(fc.boolean(), key), { maxLength: 2000 }),
      key,
      key,
      (initial, steps, from, to) => {
        const wanted = new Set(initial)
        const keys = new SortedKeys(wanted)
        for (const [adds, key] of steps) {
          if (adds) {
            keys.add(key)
            wanted.add(key)
          } else {
            keys.delete(key)
            wanted.delete(key)
          }
        }
        const sorted = [...wanted].sort(byBytes)
        t.same([...keys.between('', '')], sorted)
        t.same(
          [...keys.between(from, to)],
          sorted.filter(key => byBytes(key, from) >= 0 && byBytes(key, to) < 0),
        )
        t.same(
          [...keys.between(from, '')],
          sorted.filter(key => byBytes(key, from) >= 0),
        )
      },
    ),
    { numRuns: 60 },
  )
})

void t.test('splits and joins its parts', async t => {
  const keys = new SortedKeys([])
  const names = Array.from({ length: 5000 }, (_, i) => `k${String((i * 7919) % 5000).padStart(5, '0')}`)
  for (const name of names) keys.add(name)
  t.same([...keys.between('', '')], [...names].sort())
  for (const name of names) keys.delete(name)
  t.same([...keys.between('', '')], [])
  keys.add('x')
  t.same([...keys.between('', '')], ['x'])
})
