import fc from 'fast-check'
import t from 'tap'
import { PrefixSet } from '../../../src/catalog/kv/prefix-set.js'
import { SortedKeys } from '../../../src/common/sorted-keys.js'
import { Tombstones } from '../../../src/catalog/kv/tombstones.js'
import { revision } from '../../../src/store/index.js'

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * Short texts of few characters, so that prefixes and repetitions are common; beyond U+FFFF the order of UTF-16 would
 * be wrong.
 */
const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '\uffff', '\u{1f600}'), maxLength: 5 })

void t.test('sorted keys are a set in the byte order of UTF-8', async t => {
  fc.assert(
    fc.property(fc.array(fc.record({ add: fc.boolean(), key: name }), { maxLength: 80 }), name, (steps, text) => {
      const keys = new SortedKeys()
      const model = new Set<string>()
      for (const { add, key } of steps) {
        if (add) keys.add(key)
        else keys.delete(key)
        if (add) model.add(key)
        else model.delete(key)
      }
      const sorted = [...model].sort(bytes)
      t.equal(keys.size, sorted.length)
      t.same([...keys.below('')], sorted)
      t.same(
        [...keys.below(text)],
        sorted.filter(key => key.startsWith(text)),
      )
      t.equal(keys.atMost(text), sorted.filter(key => bytes(key, text) <= 0).at(-1))
    }),
    { numRuns: 300 },
  )
})

void t.test('runs are split and dropped without losing a key', async t => {
  const keys = new SortedKeys()
  const all = Array.from({ length: 5000 }, (_, i) => `key/${(i * 7919) % 5000}`)
  for (const key of all) keys.add(key)
  t.same([...keys.below('key/')], [...all].sort(bytes))
  t.same([...keys.below('key/49')], all.filter(key => key.startsWith('key/49')).sort(bytes))
  for (const key of all.slice(100)) keys.delete(key)
  t.same([...keys.below('')], all.slice(0, 100).sort(bytes))
})

void t.test('a prefix set finds every prefix of a text, the longest first', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ add: fc.boolean(), key: name }), { maxLength: 60 }),
      fc.array(name, { maxLength: 10 }),
      (steps, texts) => {
        const prefixes = new PrefixSet()
        const model = new Set<string>()
        for (const { add, key } of steps) {
          if (add) prefixes.add(key)
          else prefixes.delete(key)
          if (add) model.add(key)
          else model.delete(key)
        }
        t.equal(prefixes.size, model.size)
        for (const text of [...texts, ...model]) {
          t.same(
            [...prefixes.of(text)],
            [...model].filter(prefix => text.startsWith(prefix)).sort((a, b) => b.length - a.length),
          )
        }
      },
    ),
    { numRuns: 500 },
  )
})

void t.test('tombstones are bounded, and never make an index go back', async t => {
  const gone = new Tombstones(4)
  gone.begin(revision(3))
  t.equal(gone.of('never'), 3)
  for (let i = 0; i < 5; i++) gone.add(`k${i}`, revision(10 + i))
  t.equal(gone.size, 2)
  t.equal(gone.of('k0'), 12, 'the newest of what was dropped')
  t.equal(gone.of('k4'), 14)
  t.equal(gone.below('k3'), 13)
  t.equal(gone.below('other'), 12)
  gone.forget('k4')
  t.equal(gone.of('k4'), 12)
})
