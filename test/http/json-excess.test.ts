import fc from 'fast-check'
import t from 'tap'
import { jsonExcess } from '../../src/http/request/json-excess.js'

t.test('depth and number of values are counted outside of strings', async t => {
  const deep = 'it is nested more than 100 deep'
  const many = 'it holds more than 16384 values'
  const cases: readonly [string, string | undefined][] = [
    ['', undefined],
    ['{}', undefined],
    ['['.repeat(100), undefined],
    ['['.repeat(101), deep],
    ['{"a":'.repeat(101), deep],
    [`${'[]'.repeat(500)}`, undefined],
    [`"${'['.repeat(500)}"`, undefined],
    [`"\\"${'['.repeat(500)}"`, undefined],
    [`"\\\\"${'['.repeat(101)}`, deep],
    [`"${'\\\\'.repeat(300)}"${'['.repeat(101)}`, deep],
    [`"${'\\\\'.repeat(300)}\\"${'['.repeat(101)}"`, undefined],
    [`"${','.repeat(20_000)}"`, undefined],
    [`[1${',1'.repeat(16_384)}]`, undefined],
    [`[1${',1'.repeat(16_385)}]`, many],
    [`"${'['.repeat(500)}`, undefined],
  ]
  for (const [text, excess] of cases) t.equal(jsonExcess(Buffer.from(text)), excess, text.slice(0, 20))
})

t.test('every JSON text that is modest is let through, whatever its strings hold', async t => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), text => {
      if (jsonExcess(Buffer.from(text)) !== undefined) throw new Error(text)
    }),
    { numRuns: 500 },
  )
  t.pass('in five hundred')
})
