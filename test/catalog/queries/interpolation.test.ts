import fc from 'fast-check'
import t from 'tap'
import { parseInterpolation, type Scope } from '../../../src/catalog/queries/interpolation.js'

const scope: Scope = {
  variables: { 'name.full': 'geo-db-eu', 'name.prefix': 'geo-', 'name.suffix': 'db-eu', 'agent.segment': '' },
  match: group => ['geo-db-eu', 'db', 'eu'][group] ?? '',
}

const filled = (text: string): string => parseInterpolation(text).fill(scope)

void t.test('values of ${...}', t => {
  const cases: [string, string][] = [
    ['', ''],
    ['web', 'web'],
    ['${name.full}', 'geo-db-eu'],
    ['a-${name.prefix}${ name.suffix }-z', 'a-geo-db-eu-z'],
    ['${agent.segment}', ''],
    ['${match(1)}.${match( 2 )}.${match(0)}', 'db.eu.geo-db-eu'],
    ['${match(3)}${match(-1)}', ''],
    ['${"a \\"b\\" }${x"}', 'a "b" }${x'],
    ['${42}', '42'],
    ['$${name.full}', '${name.full}'],
    ['$$${name.full}', '$${name.full}'],
    ['$ { } $x', '$ { } $x'],
    ['a$${b}${name.prefix}', 'a${b}geo-'],
  ]
  for (const [text, wanted] of cases) t.equal(filled(text), wanted, text)
  t.end()
})

void t.test('refused texts, with the place', t => {
  const cases: [string, string][] = [
    ['${', 'character 3: expected a variable, match(N), a number or a text in quotes, but the text ends'],
    ['x${name.full', 'character 13: expected "}", but the text ends'],
    ['${name.nope}', 'character 3: unknown variable accessed: name.nope'],
    ['${upper(name)}', 'character 3: unknown function called: upper'],
    ['${match}', 'character 8: expected "(", found "}"'],
    ['${match(name.full)}', 'character 9: expected the number of a group, found "n"'],
    ['${match(1}', 'character 10: expected ")", found "}"'],
    ['${1+1}', 'character 4: expected "}", found "+"'],
    ['${"open}', 'character 3: expected a variable, match(N), a number or a text in quotes, found "\\""'],
    ['${}', 'character 3: expected a variable, match(N), a number or a text in quotes, found "}"'],
  ]
  for (const [text, message] of cases) t.throws(() => parseInterpolation(text), { message }, text)
  t.end()
})

void t.test('a text without ${ is itself, and any text is either read or refused', t => {
  const text = fc.string({
    unit: fc.constantFrom('$', '{', '}', '${', 'name.full', 'match(', '1', ')', '"', '\\', ' ', 'a', '\u{1f600}'),
    maxLength: 30,
  })
  fc.assert(
    fc.property(text, given => {
      if (!given.includes('${')) return filled(given) === given
      try {
        return typeof filled(given) === 'string'
      } catch (error) {
        return error instanceof Error && error.message.startsWith('character ')
      }
    }),
    { numRuns: 2000 },
  )
  t.pass('in two thousand texts')
  t.end()
})
