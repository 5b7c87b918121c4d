import t from 'tap'
import { MusterError } from '../../src/common/errors.js'
import { flagIsSet, flagValue, parseFlags, type FlagSpec } from '../../src/common/flags.js'
import { nearest } from '../../src/common/nearest.js'

const specs: readonly FlagSpec[] = [
  { name: 'node', type: 'string', help: '' },
  { name: 'datacenter', aliases: ['dc'], type: 'string', help: '' },
  { name: 'server', type: 'bool', help: '' },
  { name: 'http-port', type: 'int', help: '' },
  { name: 'config-dir', type: 'string', repeatable: true, help: '' },
]

t.test('one dash or two, an equals sign or a space', async t => {
  const cases: readonly (readonly [argv: string[], values: Record<string, string[]>, positional: string[]])[] = [
    [['-node=a'], { node: ['a'] }, []],
    [['--node', 'a'], { node: ['a'] }, []],
    [['-node', '-a'], { node: ['-a'] }, []],
    [['-node='], { node: [''] }, []],
    [['-node=a=b'], { node: ['a=b'] }, []],
    [['-node', 'a', '-node', 'b'], { node: ['b'] }, []],
    [['-dc', 'east'], { datacenter: ['east'] }, []],
    [['-server'], { server: ['true'] }, []],
    [['-server=false', 'x'], { server: ['false'] }, ['x']],
    [['-server', 'false'], { server: ['true'] }, ['false']],
    [['-config-dir', 'a', '--config-dir=b'], { 'config-dir': ['a', 'b'] }, []],
    [['a', '-server'], {}, ['a', '-server']],
    [['-server', '--', '-node'], { server: ['true'] }, ['-node']],
    [['-', '-server'], {}, ['-', '-server']],
    [['-http-port=-1'], { 'http-port': ['-1'] }, []],
  ]
  for (const [argv, values, positional] of cases) {
    const parsed = parseFlags(specs, argv)
    t.same(Object.fromEntries(parsed.values), values, argv.join(' '))
    t.same(parsed.positional, positional, argv.join(' '))
  }
})

t.test('flags may stand behind arguments where the command says so', async t => {
  const parsed = parseFlags(specs, ['a', '-server', 'b', '-node', 'c'], true)
  t.same(parsed.positional, ['a', 'b'])
  t.ok(flagIsSet(parsed, 'server'))
  t.equal(flagValue(parsed, 'node'), 'c')
  t.equal(flagValue(parsed, 'http-port'), undefined)
})

t.test('mistakes name the flag, what it was given and what it takes', async t => {
  const cases: readonly (readonly [argv: string[], message: RegExp, hint: RegExp])[] = [
    [['-nod=a'], /flag provided but not defined: -nod/, /did you mean -node\?/],
    [['-node'], /flag needs an argument: -node/, /-node=VALUE/],
    [['-server=maybe'], /"maybe" for -server/, /true and false/],
    [['-http-port=x'], /"x" for flag -http-port/, /whole number/],
  ]
  for (const [argv, message, hint] of cases) {
    try {
      parseFlags(specs, argv)
      t.fail(`${argv.join(' ')} was taken`)
    } catch (error) {
      t.ok(error instanceof MusterError && error.code === 'USAGE')
      if (!(error instanceof MusterError)) return
      t.match(error.message, message)
      t.match(error.hint, hint)
    }
  }
})

t.test('the nearest word, when one is near enough', async t => {
  const known = ['http', 'tcp', 'interval', 'tags']
  for (const [word, expected] of [
    ['htpp', 'http'],
    ['intervall', 'interval'],
    ['Interval', 'interval'],
    ['tag', 'tags'],
    ['zzz', undefined],
    ['h', undefined],
  ] as const) {
    t.equal(nearest(word, known), expected, word)
  }
})
