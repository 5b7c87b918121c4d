import fc from 'fast-check'
import t from 'tap'
import { compileRegex } from '../../src/common/regex.js'

const matches = (expression: string, text: string): boolean => compileRegex(expression).test(text)

void t.test('what RE2 matches and does not', t => {
  const cases: [string, string[], string[]][] = [
    ['', ['', 'a'], []],
    ['abc', ['abc', 'xabcx'], ['', 'ab', 'aBc']],
    ['^abc$', ['abc'], ['xabc', 'abcx', 'abc\n']],
    ['a.c', ['abc', 'a\u{1f600}c'], ['a\nc', 'ac']],
    ['(?s)a.c', ['a\nc'], []],
    ['(?m)^b$', ['a\nb\nc', 'b'], ['ab', 'bc']],
    ['(?i)straße[a-c]', ['STRAßEB', 'straßeC'], ['strassea', 'straßed']],
    ['(?i:A)b', ['ab', 'Ab'], ['aB']],
    ['a(?i)b|c', ['ab', 'aB', 'C'], ['AB']],
    ['a(?:(?i)b)c', ['aBc'], ['aBC']],
    ['[^a-c]', ['d', 'ad', '\n'], ['abc', '']],
    ['(?i)[^a]', ['b'], ['aA']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a\\]-]', ['a', ']', '-'], ['b']],
    ['[-a]', ['-'], ['b']],
    ['[\\d.]+$', ['1.2'], ['1.2x']],
    ['[[:alpha:]_]+[[:^digit:]]$', ['a_b'], ['1', 'a1']],
    ['^\\w+\\s\\W\\S$', ['ab\t-c'], ['ab--c']],
    ['\\bweb\\b', ['a web b', 'web'], ['webs', 'web_', 'aweb']],
    ['a\\Bb', ['ab'], ['a b']],
    ['\\Aab\\z', ['ab'], ['xab', 'ab\n']],
    ['\\p{Greek}\\pL\\PL', ['αz1'], ['az1']],
    ['^\\p{Lu}\\p{^Lu}\\P{^Lu}$', ['AbC'], ['abc', 'ABC']],
    ['\\x41\\x{1f600}\\101\\n\\.\\-', ['A\u{1f600}A\n.-'], ['A']],
    ['\\Qa.b\\E+c', ['a.bbc'], ['aXbc', 'a.bXc']],
    ['\\Q', [''], []],
    ['a{2}b{1,}c{0,2}d{,2}', ['aabd{,2}', 'aabbccd{,2}'], ['abd{,2}', 'aabcccd{,2}']],
    ['^(a|bc)*?d+?$', ['abcad', 'dd'], ['abd']],
    ['(?P<name>x)(?<other>y)', ['xy'], ['x']],
    ['a||b', ['', 'zzz'], []],
    ['^(|a)b$', ['b', 'ab'], ['aab']],
    ['x{', ['x{'], ['x']],
    ['(a*)*$', ['', 'b'], []],
  ]
  for (const [expression, yes, no] of cases) {
    for (const text of yes) t.equal(matches(expression, text), true, `${expression} matches ${JSON.stringify(text)}`)
    for (const text of no)
      t.equal(matches(expression, text), false, `${expression} does not match ${JSON.stringify(text)}`)
  }
  t.end()
})

void t.test('invalid expressions, with the reason', t => {
  const cases: [string, string][] = [
    ['(', 'missing closing ): `(`'],
    [')', 'unexpected ): `)`'],
    ['[a', 'missing closing ]: `[a`'],
    ['[]', 'missing closing ]: `[]`'],
    ['[b-a]', 'invalid character class range: `b-a`'],
    ['*a', 'missing argument to repetition operator: `*`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['a{3,2}', 'invalid repeat count: `{3,2}`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?<!a)', 'invalid named capture: `(?<!a)`'],
    ['(a)\\1', 'invalid escape sequence: `\\1`'],
    ['\\y', 'invalid escape sequence: `\\y`'],
    ['a\\', 'trailing backslash at end of expression'],
    ['[[:nope:]]', 'invalid character class range: `[:nope:]`'],
    ['\\p{Nope}', 'invalid character class range: `\\p{Nope}`'],
    ['\\x{110000}', 'invalid escape sequence: `\\x{110000`'],
    ['(?i)*', 'missing argument to repetition operator: `*`'],
  ]
  for (const [expression, reason] of cases)
    t.throws(() => compileRegex(expression), { message: `error parsing regexp: ${reason}` }, expression)
  t.end()
})

void t.test('what matching may cost is known beforehand, and grows with the text alone', t => {
  const text = `${'a'.repeat(4000)}!`
  for (const expression of [
    '(a+)+$',
    '^(a|a)*$',
    '(a*)*b',
    '([a-z]+)*\\d',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    'a{0,100}a{0,100}b',
    '(a|b)*a(a|b){100}c',
  ]) {
    const regex = compileRegex(expression)
    t.equal(regex.test(text), false, expression)
    t.equal(regex.cost(7999), regex.cost(3999) * 2, expression)
    t.ok(regex.cost(0) >= 1 && regex.cost(0) <= 2000 / 32 + 1, expression)
  }
  t.ok(compileRegex('(a|b)*a(a|b){100}c').cost(100) > compileRegex('abc').cost(100))
  t.end()
})

void t.test('what would be long to compile is refused before it is', t => {
  for (const expression of [
    'x{1000}'.repeat(100),
    '(x{1000}){1000}',
    '((a{0,31}){0,31}){0,31}',
    '\\pL{1000}'.repeat(50),
    '(){1000}'.repeat(100),
    '(?i)' + '[\u0100-\uffff]'.repeat(50),
    '(?i)[\\x{80}-\\x{10ffff}]'.repeat(20),
  ]) {
    t.throws(
      () => compileRegex(expression),
      { message: 'error parsing regexp: expression is too large' },
      expression.slice(0, 40),
    )
  }
  for (const expression of [
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    '[{}()]{3}',
    '\\{1000\\}{3}',
    '\\Q{1000}{1000}\\E',
    '[[:alpha:]{1000}]{3}',
    '(?i)[a-z0-9-]+',
    'x{1000}',
  ]) {
    t.doesNotThrow(() => compileRegex(expression), expression)
  }
  t.end()
})

void t.test('agrees with the engine of JavaScript where the syntax is the same', t => {
  const atom = fc.constantFrom(
    'a',
    'b',
    '1',
    ' ',
    '.',
    '\\w',
    '\\d',
    '\\s',
    '\\W',
    '[ab]',
    '[^a]',
    '[a-c1]',
    '\\b',
    '\\B',
    '^',
    '$',
  )
  const { expression } = fc.letrec<{ expression: string; sequence: string; part: string }>(tie => ({
    expression: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map(branches => branches.join('|')),
    sequence: fc.array(tie('part'), { maxLength: 4 }).map(parts => parts.join('')),
    part: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'part' },
      atom,
      fc
        .tuple(
          atom.filter(text => !/^[\^$]|\\[bB]/.test(text)),
          fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'),
        )
        .map(([text, repeat]) => text + repeat),
      fc
        .tuple(tie('expression'), fc.constantFrom('', '*', '+', '?', '{0,2}'))
        .map(([inner, repeat]) => `(?:${inner})${repeat}`),
    ),
  }))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '\n', '-', '_'), maxLength: 12 })
  fc.assert(
    fc.property(expression, fc.array(text, { maxLength: 8 }), (expression, texts) => {
      const ours = compileRegex(expression)
      const theirs = new RegExp(expression, 'u')
      for (const text of texts)
        if (ours.test(text) !== theirs.test(text)) throw new Error(`${expression} on ${JSON.stringify(text)}`)
    }),
    { numRuns: 1000 },
  )
  t.pass('in a thousand expressions')
  t.end()
})
