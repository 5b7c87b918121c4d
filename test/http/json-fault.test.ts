import fc from 'fast-check'
import t from 'tap'
import { findJsonFault } from '../../src/http/request/json-fault.js'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

void t.test('places and words', t => {
  const cases: readonly [string, string][] = [
    ['{', '1:2 expected a key or "}", but the text ends'],
    ['', '1:1 expected a value, but the text ends'],
    ['[1,]', '1:4 expected a value, found "]"'],
    ['{"a":1,}', '1:8 expected a key, found "}"'],
    ['{\n  "a" 1\n}', '2:7 expected ":", found "1"'],
    ['{\n  a: 1}', '2:3 expected a key or "}", found "a"'],
    ['[1 2]', '1:4 expected "," or "]", found "2"'],
    ['"abc', '1:1 this string does not end'],
    ['["a\\x"]', '1:4 no such escape'],
    ['["a\tb"]', '1:4 control characters must be escaped in a string'],
    ['1 1', '1:3 expected the end, found "1"'],
    ['tru', '1:1 expected a value, found "t"'],
    ['[01]', '1:3 expected "," or "]", found "1"'],
    ['{"a":\'b\'}', '1:6 expected a value, found "\'"'],
  ]
  for (const [source, expected] of cases) {
    const fault = findJsonFault(source)
    t.equal(`${fault?.line}:${fault?.column} ${fault?.message}`, expected, source)
  }
  t.equal(findJsonFault(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), undefined, 'depth is no matter')
  t.end()
})

void t.test('agrees with JSON.parse about everything', t => {
  const pieces = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-0.5e3',
      '01',
      '.5',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
      '\u0001',
      '"\\u00e9"',
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map(list => list.join('')),
        fc.json(),
        fc.json().chain(text => fc.nat(text.length).map(cut => text.slice(0, cut))),
      ),
      text => {
        t.equal(findJsonFault(text) === undefined, isJson(text), JSON.stringify(text))
      },
    ),
    { numRuns: 2000 },
  )
  t.end()
})
