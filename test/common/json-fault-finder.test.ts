import fc from 'fast-check'
import JSON5 from 'json5'
import t from 'tap'
import { LineMap } from '../../src/common/hcl/line-map.js'
import { json5File, jsonBody } from '../../src/common/json/dialects.js'
import { findJsonFault } from '../../src/common/json/fault-finder.js'

const isAccepted = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

t.test('faults of a body have places, and repeat no words of it', t => {
  const cases: readonly [string, string][] = [
    ['{', '1:2 expected "}", found the end of the body'],
    ['{"a":1,', '1:8 expected a key, found the end of the body'],
    ['[1,]', '1:4 expected a value, found "]"'],
    ['[1,', '1:4 expected a value, found the end of the body'],
    ['{"a":1,}', '1:8 expected a key, found "}"'],
    ['{\n  "a" secret\n}', '2:7 expected ":", found "s"'],
    ['{\n  a: 1}', '2:3 expected a key or "}", found "a"'],
    ['[1 2]', '1:4 expected "," or "]", found "2"'],
    ['"abc', '1:5 the text that opens at 1:1 is never closed: the body ends here'],
    ['["a\nb"]', '1:4 the text that opens at 1:2 is not closed on its line'],
    ['["a\\x"]', '1:4 "\\x" begins no escape that JSON knows'],
    ['["a\tb"]', '1:4 control characters must be escaped in a text'],
    ['1 1', '1:3 expected the end of the body, found "1"'],
    ['tru', '1:1 expected a value, found "t"'],
    ['[01]', '1:2 expected a value or "]", found "0"'],
    ['{"a":\'b\'}', '1:6 expected a value, found "\'"'],
    ['[1 /* no */]', '1:4 expected "," or "]", found "/"'],
  ]
  for (const [source, expected] of cases) {
    const fault = findJsonFault(source, jsonBody)
    if (typeof fault !== 'object') t.fail(`no fault in ${source}`)
    else {
      t.equal(`${new LineMap(source).label(fault.at)} ${fault.message}`, expected, source)
      t.equal(fault.hint, undefined)
    }
  }
  for (const empty of ['', ' \n']) t.equal(findJsonFault(empty, jsonBody), 'empty')
  t.equal(findJsonFault(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, jsonBody), undefined, 'depth is no matter')
  t.end()
})

const pieces = fc.array(
  fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-0.5e3', '01', '.5', 'true', 'nul', ' ', '\n', '\\', '\u0001'],
    ...['"\\u00e9"', 'a', "'b'", '/* c */', '// d\n', '\u00a0', '0x1f', 'NaN', "'\\'", '"\\x41"'],
  ),
  { maxLength: 12 },
)

for (const [name, dialect, parse] of [
  ['JSON', jsonBody, JSON.parse],
  ['JSON5', json5File, JSON5.parse],
] as const) {
  t.test(`the finder has a fault for exactly what is not ${name}`, t => {
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map(list => list.join('')),
          pieces.map(list => `{a: [${list.join('')}]}`),
          fc.json(),
          fc.json().chain(text => fc.nat(text.length).map(cut => text.slice(0, cut))),
        ),
        text => {
          // A file holds an object, which is asked elsewhere.
          const whole = dialect === json5File ? `{"a": ${text}}` : text
          return (findJsonFault(whole, dialect) === undefined) === isAccepted(parse, whole)
        },
      ),
      { numRuns: 2000 },
    )
    t.end()
  })
}
