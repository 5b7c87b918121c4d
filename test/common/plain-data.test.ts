import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { fieldsOf, isObject, sameData } from '../../src/common/plain-data.js'

t.test('an object is neither a list nor null, and nothing else has fields', t => {
  for (const [value, is] of [
    [{}, true],
    [{ a: 1 }, true],
    [[1], false],
    [null, false],
    [undefined, false],
    ['text', false],
    [5, false],
  ] as const) {
    t.equal(isObject(value), is)
    t.same(fieldsOf(value), is ? value : {})
  }
  t.end()
})

t.test('sameness of JSON is that of its meaning', async t => {
  for (const [a, b, equal] of [
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: undefined }, { b: undefined }, true],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [null, {}, false],
    [{}, { a: 1 }, false],
    [{ constructor: 1 }, {}, false],
    [JSON.parse('{"__proto__": {}}'), { a: 1 }, false],
    ['1', 1, false],
    [{ a: [{ b: 'c' }] }, { a: [{ b: 'c' }] }, true],
  ] as readonly (readonly [unknown, unknown, boolean])[]) {
    t.equal(sameData(a, b), equal, JSON.stringify([a, b]))
    t.equal(sameData(b, a), equal, JSON.stringify([b, a]))
  }
  fc.assert(fc.property(fc.jsonValue(), value => sameData(value, JSON.parse(JSON.stringify(value)))))
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
      t.equal(sameData(a, b), isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))))
    }),
  )
})
