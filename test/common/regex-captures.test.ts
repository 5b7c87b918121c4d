import fc from 'fast-check'
import t from 'tap'
import { compileRegex } from '../../src/common/regex.js'

const compileCaptures = (expression: string) => {
  const regex = compileRegex(expression)
  return (text: string) => regex.captures(text)
}

void t.test('what the groups of an expression match', t => {
  const cases: [string, string, readonly string[] | undefined][] = [
    ['^tag-(.*?)-svc-([^-]+)$', 'tag-eu-svc-cache', ['tag-eu-svc-cache', 'eu', 'cache']],
    ['^tag-(.*?)-svc-([^-]+)$', 'nothing-like-it', undefined],
    ['(a*)(a*)', 'aaa', ['aaa', 'aaa', '']],
    ['(a*?)(a*)', 'aaa', ['aaa', '', 'aaa']],
    ['(?U)(a*)(a*?)$', 'aaa', ['aaa', '', 'aaa']],
    ['(a|ab)(c|bcd)?', 'abcd', ['abcd', 'a', 'bcd']],
    ['(a)|(b)', 'xb', ['b', '', 'b']],
    ['b+', 'abbab', ['bb']],
    ['(?P<year>\\d{4})-(?:\\d\\d)-(?<day>\\d\\d)', 'on 2015-10-21!', ['2015-10-21', '2015', '21']],
    ['((a)(b)?)+', 'aba', ['aba', 'a', 'a', 'b']],
    ['(\u{1f600}+)(.)', 'x\u{1f600}\u{1f600}y', ['\u{1f600}\u{1f600}y', '\u{1f600}\u{1f600}', 'y']],
    ['\\b(\\w+)$', 'one two', ['two', 'two']],
    ['', 'abc', ['']],
    ['^$', '', ['']],
    ['(x)?', '', ['', '']],
  ]
  for (const [expression, text, groups] of cases)
    t.same(compileCaptures(expression)(text), groups, `${expression} on ${JSON.stringify(text)}`)
  t.end()
})

void t.test('invalid expressions are refused, and so are groups that cost too much', t => {
  for (const expression of ['(', '(?=a)', '(a)\\1', '((a){1000}){1000}'])
    t.throws(() => compileCaptures(expression), expression)
  t.end()
})

void t.test('an expression that others take years for', t => {
  const text = `${'a'.repeat(1000)}!`
  t.equal(compileCaptures('^(a+)+$')(text), undefined)
  t.equal(compileCaptures('(a|aa|a*)*b')(text), undefined)
  t.equal(compileCaptures('((a*)*)*$')(text)?.[0], '')
  t.end()
})

void t.test('finds what the engine of JavaScript finds, where the syntax is the same', t => {
  const atom = fc.constantFrom('a', 'b', '1', '.', '\\w', '\\d', '[ab]', '[^a]', '\\b', '^', '$')
  // Repetitions of something empty are left out: the two languages differ in how often they go round.
  const { expression } = fc.letrec<{ expression: string; sequence: string; part: string }>(tie => ({
    expression: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map(branches => branches.join('|')),
    sequence: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map(parts => parts.join('')),
    part: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'part' },
      atom,
      fc
        .tuple(
          atom.filter(text => !/^[\^$]|\\b/.test(text)),
          fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '+?', '??', '{0,2}?'),
        )
        .map(([text, repeat]) => text + repeat),
      tie('expression').map(inner => `(${inner})`),
      fc
        .tuple(
          atom.filter(text => !/^[\^$]|\\b/.test(text)),
          fc.constantFrom('*', '+', '?', '*?', '??'),
        )
        .map(([inner, repeat]) => `(${inner})${repeat}`),
    ),
  }))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 10 })
  fc.assert(
    fc.property(expression, fc.array(text, { maxLength: 6 }), (expression, texts) => {
      const ours = compileCaptures(expression)
      const theirs = new RegExp(expression, 'u')
      for (const one of texts) {
        const found = theirs.exec(one)
        const wanted = found === null ? undefined : [...found].map(group => (group as string | undefined) ?? '')
        if (JSON.stringify(ours(one)) !== JSON.stringify(wanted)) {
          throw new Error(
            `${expression} on ${JSON.stringify(one)}: ${JSON.stringify(ours(one))}, not ${JSON.stringify(wanted)}`,
          )
        }
      }
    }),
    { numRuns: 2000 },
  )
  t.pass('in two thousand expressions')
  t.end()
})
