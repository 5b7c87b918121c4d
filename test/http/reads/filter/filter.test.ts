import fc from 'fast-check'
import t from 'tap'
import { Meter, compileFilter, selectors, type SelectorTree } from '../../../../src/http/reads/filter/index.js'

const entry = {
  Node: {
    ID: '',
    Node: 'n1',
    Address: '192.0.2.1',
    Datacenter: 'dc1',
    TaggedAddresses: null,
    Meta: { 'rack': 'r1', 'a-b': 'x y', 'empty': '' },
  },
  Service: {
    ID: 'web1',
    Service: 'web',
    Tags: ['v1', 'blue'],
    Address: '',
    Meta: null,
    Port: 80,
    Weights: { Passing: 10, Warning: 1 },
    EnableTagOverride: true,
    TaggedAddresses: { lan: { Address: '10.0.0.1', Port: 8080 } },
  },
  Checks: [
    { CheckID: 'serfHealth', Status: 'passing' },
    { CheckID: 'http', Status: 'warning', Output: 'line 1\nline "2"', ServiceTags: ['v1'] },
  ],
}

const keeps = (expression: string, item: object = entry, tree: SelectorTree = selectors.healthEntry): boolean =>
  compileFilter(expression, tree, new Meter())(item)

void t.test('what each operator keeps', t => {
  const yes = [
    'Service.Service == "web"',
    'Service.Service==web',
    'Service.Service == `web`',
    'Service.Port == 80',
    'Service.Port == "0x50"',
    'Service.Port == "0120"',
    'Service.Port != 81',
    'Service.EnableTagOverride == true',
    'Service.EnableTagOverride != "0"',
    'Service.Weights.Passing == 10',
    'Service.Address == ""',
    'Service.Kind == ""',
    'Service.SocketPath != "x"',
    '"v1" in Service.Tags',
    'v1 in Service.Tags',
    '"v2" not in Service.Tags',
    'Service.Tags contains blue',
    'Service.Tags not contains "red"',
    'Service.Tags is not empty',
    'rack in Node.Meta',
    '"a-b" in Node.Meta',
    'Node.Meta contains "rack"',
    'nope not in Node.Meta',
    'Node.Meta.rack == r1',
    'Node.Meta["a-b"] == "x y"',
    'Node.Meta[ `a-b` ] == "x y"',
    'Node.Meta["rack"] != r2',
    'Node.Meta is not empty',
    'Service.Meta is empty',
    'Node.Meta.empty == ""',
    'Node.Meta.nope != x',
    'Node.Meta.nope not matches ".*"',
    'x not in Node.Meta.nope',
    'Service.TaggedAddresses.lan.Port == 8080',
    'lan in Service.TaggedAddresses',
    'Service.TaggedAddresses.wan.Port != 1',
    'Node.TaggedAddresses is empty',
    'Checks.Status == warning',
    'Checks.Status != passing',
    'Checks is not empty',
    'Checks.Output matches "^line 1\\nline `?.2"',
    'Checks.Output contains `"2"`',
    'Checks.Output contains "\\"2\\""',
    'v1 in Checks.ServiceTags',
    'Node.Address matches "192[.]0[.]2[.][13]"',
    'Node.Address matches `^192\\.`',
    'Node.Address not matches "^10"',
    '"92.0" in Node.Address',
    'Node.Node in Node.Node or n1 in Node.Node',
    'not Service.Port == 81',
    'not not Service.Port == 80',
    'not(Service.Port == 81)',
    ' ( Service.Port == 80 ) ',
    '((Service.Port == 80)and(Service.Service == web))',
    'Service.Port == 81 and Service.Port == 82 or Service.Port == 80',
    'Service.Port == 80 or Service.Port == 81 and Service.Port == 82',
    'not Service.Port == 81 and Service.Port == 80',
    'Service.Port == 80\n\tand\r\nService.Service == web',
    '"/Node/Meta/rack" == r1',
    'v1 in "/Service/Tags"',
    '"\\u0077eb" == Service.Service or Service.Service == "\\u0077\\x65b"'.replace(
      '"\\u0077eb" == Service.Service or ',
      '',
    ),
  ]
  const no = [
    'Service.Service == Web',
    'Service.Port == -80',
    'Service.Port != 80',
    'Service.EnableTagOverride == f',
    '"v" in Service.Tags',
    'Service.Tags is empty',
    'Node.Meta.nope == ""',
    'Node.Meta.nope matches ".*"',
    'x in Node.Meta.nope',
    'Service.Meta.nope == x',
    'Service.Meta is not empty',
    'toString in Node.Meta',
    'Node.Meta.toString == x',
    'Service.TaggedAddresses.wan.Address == ""',
    'Checks.Status == critical',
    'Checks is empty',
    'Checks.Output matches "line 1line"',
    'not (Service.Port == 80 or Service.Port == 81)',
    'Service.Port == 80 and not Service.Service == web',
    'Node.Address matches "^92"',
  ]
  for (const expression of yes) t.equal(keeps(expression), true, expression)
  for (const expression of no) t.equal(keeps(expression), false, expression)
  t.equal(
    keeps('Checks.Status != passing', { ...entry, Checks: [] }),
    false,
    'no element, no match, whatever the operator',
  )
  t.equal(keeps('not Checks.Status == critical', { ...entry, Checks: null }), true)
  t.end()
})

void t.test('refusals and their texts', t => {
  const cases: [string, RegExp][] = [
    ['Nope == 1', /^Failed to create boolean expression evaluator: Selector "Nope" is not valid$/],
    ['Service.Nope == 1', /: Selector "Service.Nope" is not valid$/],
    ['Service.Port.x == 1', /: Selector "Service.Port.x" is not valid$/],
    ['constructor == 1', /: Selector "constructor" is not valid$/],
    ['Node.Meta.a.b == 1', /: Selector "Node.Meta.a.b" is not valid$/],
    ['Service.Port matches "8"', /Invalid match operator "Matches" for selector "Service.Port"/],
    ['Service.Tags == v1', /Invalid match operator "Equal" for selector "Service.Tags"/],
    ['Service.Tags not matches v1', /Invalid match operator "Not Matches" for selector "Service.Tags"/],
    ['Service.Service is empty', /Invalid match operator "Is Empty" for selector "Service.Service"/],
    ['80 in Service.Port', /Invalid match operator "In"/],
    ['Service is empty', /Invalid match operator "Is Empty" for selector "Service"/],
    ['x not in Checks', /Invalid match operator "Not In" for selector "Checks"/],
    ['Node.Meta != x', /Invalid match operator "Not Equal"/],
    ['Service.Port == http', /Failed to coerce value "http" for selector "Service.Port": it is not a whole number/],
    ['Service.Port == 80.5', /Failed to coerce value "80.5"/],
    ['Service.EnableTagOverride == yes', /Failed to coerce value "yes" .* not true or false/],
    [
      'Node.Node matches "("',
      /Failed to compile regular expression "\(": error parsing regexp: missing closing \): `\(`$/,
    ],
    [`Node.Node matches "${'a'.repeat(2000)}"`, /the regular expressions are 2000 characters long, 1024 are allowed/],
    ['', /at character 1: expected a selector or a value, found the end/],
    ['  ', /at character 3: expected a selector or a value, found the end/],
    ['((', /at character 3: expected a selector or a value, found the end/],
    ['Node.Node ==', /at character 13: expected a value, found the end/],
    ['Node.Node = x', /at character 11: expected "==", .* found "= x"/],
    ['Node.Node == x y', /at character 16: expected "and", "or" or the end, found "y"/],
    ['(Node.Node == x', /at character 16: expected "and", "or" or "\)", found the end/],
    ['Node.Node == x)', /at character 15: expected "and", "or" or the end, found "\)"/],
    ['"a" == Node.Node', /at character 1: expected a selector/],
    ['x in 80', /at character 6: expected a selector, found "80"/],
    ['x in "Tags"', /at character 6: expected a selector/],
    ['Node.Node == 1a', /at character 14: invalid number/],
    ['Node.Node == n-1', /found "-1"/],
    ['Node.Node == "x', /at character 14: unterminated string literal/],
    ['Node.Node == `x', /at character 14: unterminated string literal/],
    ['Node.Node == "\\d"', /at character 14: invalid escape \\d/],
    ['Node.Meta[x] == 1', /at character 11: expected a text in quotes, found "x\] == 1"/],
    ['Node.Meta["x" == 1', /expected "\]"/],
    ['Node. == 1', /found "\. == 1"/],
    ['Node.Node==x and', /at character 17: expected a selector or a value/],
    [`${'('.repeat(200)}`, /nested more than 100 deep/],
    [`${'not '.repeat(200)}Node.Node == x`, /nested more than 100 deep/],
    [`Node.Node == "${'x'.repeat(9000)}"`, /the expression is 9015 characters long, 8192 are allowed/],
  ]
  for (const [expression, message] of cases) {
    t.throws(
      () => compileFilter(expression, selectors.healthEntry, new Meter()),
      { code: 'FILTER_INVALID', status: 500, message },
      expression.slice(0, 60),
    )
  }
  t.throws(() => compileFilter('Service.Prot == 1', selectors.healthEntry, new Meter()), {
    message: /Service.Prot/,
    hint: 'did you mean Port?',
  })
  t.end()
})

/** An expression and, said independently, whether it keeps the item {@link small}. */
interface Sample {
  readonly text: string
  readonly kept: boolean
}

const small = { A: 'x', N: 5, L: ['p', 'q'] }
const smallTree = { A: 'string', N: 'number', L: 'strings' } as const

void t.test('not binds before and, and before or, brackets before all', t => {
  const leaf: fc.Arbitrary<Sample> = fc.oneof(
    fc.constantFrom('x', 'y').map(value => ({ text: `A == ${value}`, kept: value === 'x' })),
    fc.constantFrom(5, 6).map(value => ({ text: `N != ${value}`, kept: value !== 5 })),
    fc.constantFrom('p', 'r').map(value => ({ text: `"${value}" in L`, kept: value === 'p' })),
  )
  // Each level holds only what binds tighter, so that the text needs no brackets to mean what `kept` says.
  const { or } = fc.letrec<{ or: Sample; and: Sample; not: Sample; atom: Sample }>(tie => ({
    or: fc
      .array(tie('and'), { minLength: 1, maxLength: 3 })
      .map(all => ({ text: all.map(({ text }) => text).join(' or '), kept: all.some(({ kept }) => kept) })),
    and: fc
      .array(tie('not'), { minLength: 1, maxLength: 3 })
      .map(all => ({ text: all.map(({ text }) => text).join(' and '), kept: all.every(({ kept }) => kept) })),
    not: fc
      .tuple(fc.nat(2), tie('atom'))
      .map(([nots, { text, kept }]) => ({ text: 'not '.repeat(nots) + text, kept: nots === 1 ? !kept : kept })),
    atom: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'atom' },
      leaf,
      tie('or').map(({ text, kept }) => ({ text: `(${text})`, kept })),
    ),
  }))
  fc.assert(
    fc.property(or, ({ text, kept }) => {
      t.equal(keeps(text, small, smallTree), kept, text)
    }),
    { numRuns: 300 },
  )
  t.end()
})

void t.test('any text is an expression or refused with FILTER_INVALID', t => {
  const word = fc.constantFrom(
    'A',
    'N',
    'L',
    'x',
    '"x"',
    '`x`',
    '5',
    '==',
    '!=',
    'in',
    'not',
    'is',
    'empty',
    'and',
    'or',
    '(',
    ')',
    'matches',
    'contains',
    ' ',
    '  ',
    '[',
    ']',
    '.',
    '"',
    '\\',
    'é',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(word, { maxLength: 12 }).map(words => words.join(' ')),
        fc.array(word, { maxLength: 12 }).map(words => words.join('')),
        fc.string(),
      ),
      text => {
        try {
          t.type(keeps(text, small, smallTree), 'boolean')
        } catch (error) {
          t.match(error, { code: 'FILTER_INVALID' }, text)
        }
      },
    ),
    { numRuns: 500 },
  )
  t.end()
})
