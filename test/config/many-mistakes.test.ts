import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { combine } from '../../src/config/combine/combine.js'
import { readContent } from '../../src/config/read/content.js'
import { contributionOf } from '../../src/config/combine/contribution.js'
import { entriesOf } from '../../src/config/complete/entries.js'
import { report, summary, validatePaths, validateText } from '../../src/config/index.js'
import type { ConfigFormat } from '../../src/config/index.js'

// A file with thousands of mistakes is read as fast as one without: what is counted here is what is put into words,
// compared and quoted.
const shown = 100
const many = 3000
const each = <Item>(make: (i: number) => Item): Item[] => Array.from({ length: many }, (_, i) => make(i))
const keys = (make: (i: number) => readonly [string, unknown]): string => JSON.stringify(Object.fromEntries(each(make)))
const services = (make: (i: number) => object): string => JSON.stringify({ services: each(make) })

const mistakes: readonly (readonly [
  name: string,
  code: string,
  errors: number,
  text: string,
  format?: ConfigFormat,
])[] = [
  ['one id for all', 'duplicate-id', many - 1, services(() => ({ name: 'same' }))],
  ['one key for all', 'duplicate-key', many - 1, `{${each(() => '"log_level": "INFO"').join()}}`],
  [
    'keys twice in each',
    'duplicate-key',
    many,
    `{"services":[${each(i => `{"name":"s${i}","port":1,"port":2}`).join()}]}`,
  ],
  ['an unknown key in each', 'unknown-key', many, services(i => ({ name: `s${i}`, prot: 1 }))],
  ['unknown keys in one', 'unknown-key', many, `{"service":{"name":"x",${keys(i => [`prot${i}`, 1]).slice(1)}}`],
  ['unknown settings', 'unknown-key', many, keys(i => [`serv${i}`, 1])],
  ['misspelled names', 'unknown-key', many, services(i => ({ nmae: `s${i}` }))],
  ['wrong types', 'wrong-type', many, services(i => ({ name: `s${i}`, port: '80' }))],
  [
    'wrong types in a map',
    'wrong-type',
    many,
    JSON.stringify({ node_meta: Object.fromEntries(each(i => [`k${i}`, i])) }),
  ],
  ['bad URLs', 'bad-url', many, services(i => ({ name: `s${i}`, check: { http: 'x', interval: '10s' } }))],
  [
    'unknown services',
    'unknown-service',
    many,
    JSON.stringify({ checks: each(i => ({ name: `c${i}`, ttl: '10s', service_id: `s${i}` })) }),
  ],
  [
    'scripts',
    'scripts-disabled',
    many,
    JSON.stringify({ checks: each(i => ({ name: `c${i}`, args: ['x'], interval: '10s' })) }),
  ],
  ['HCL blocks', 'duplicate-key', many - 1, each(() => 'service { name = "same" }').join('\n'), 'hcl'],
]

for (const [name, code, errors, text, format = 'json'] of mistakes) {
  t.test(`${name}: the first ${shown} are written out, the others counted`, t => {
    const { diagnostics } = validateText('web', text, format)
    t.same([...new Set(diagnostics.slice(0, shown).map(diagnostic => diagnostic.code))], [code])
    // What other files may bring is missed with a warning.
    const warned = code === 'unknown-service' || code === 'scripts-disabled'
    const more = { errors: warned ? 0 : errors - shown, warnings: warned ? errors - shown : 0 }
    t.match(diagnostics.slice(shown), [{ severity: warned ? 'warning' : 'error', code: 'more-findings', more }])
    t.equal(diagnostics.length, shown + 1)
    t.equal(
      summary(diagnostics, 1),
      warned ? `0 errors, ${errors} warnings in 1 file` : `${errors} errors, 0 warnings in 1 file`,
    )
    t.end()
  })
}

t.test('warnings do not hide errors, and are counted apart', t => {
  const list: object[] = each(i => ({ name: `s_${i}` }))
  list.push({ name: 'last', port: 'x' })
  const { diagnostics } = validateText('web', JSON.stringify({ services: list }), 'json')
  t.equal(summary(diagnostics, 1), `1 error, ${many} warnings in 1 file`)
  t.match(
    diagnostics.find(({ severity }) => severity === 'error'),
    { code: 'wrong-type' },
  )
  t.match(diagnostics.at(-1), { severity: 'warning', message: '… and 2,900 warnings more in this file' })
  t.end()
})

t.test('names are compared for suggestions only so often, however many are unknown', t => {
  let compared = 0
  class Counting extends Set<string> {
    override [Symbol.iterator](): SetIterator<string> {
      compared += this.size
      return super[Symbol.iterator]()
    }
  }
  const known = new Counting(each(i => `service-${i}`))
  const content = readContent(
    'web',
    JSON.stringify({ checks: each(i => ({ name: `c${i}`, ttl: '10s', service_id: `other-${i}` })) }),
    'json',
  )
  const contribution = contributionOf('web', content, entriesOf(content, { checkOutputMaxSize: 4096 }))
  compared = 0
  const { faults } = combine([contribution], { scriptsAllowed: true, known: () => known, owner: () => undefined })
  t.equal(faults.length, shown + 1)
  t.ok(compared > 0 && compared <= 20_000, `${compared} comparisons`)
  t.end()
})

t.test('a file is read once for all findings that quote it, and only the part around the mark is worked on', t => {
  const text = services(i => ({ name: `s${i}`, port: '80' }))
  const { diagnostics } = validateText('web', text, 'json')
  let reads = 0
  const written = report('text', {
    diagnostics,
    files: ['web'],
    sourceOf: () => {
      reads++
      return text
    },
  })
  t.equal(reads, 1)
  t.ok(written.split('\n').every(line => line.length < 250))
  t.match(written, `${many} errors, 0 warnings in 1 file`)
  t.end()
})

t.test('the other forms count what is not written out', t => {
  const { diagnostics } = validateText(
    'web',
    services(i => ({ name: `s${i}`, port: '80' })),
    'json',
  )
  const input = { diagnostics, files: ['web'] }
  t.match(JSON.parse(report('json', input)), { valid: false, errors: many, warnings: 0 })
  for (const form of ['github', 'sarif', 'junit'] as const)
    t.match(report(form, input), '2,900 errors more in this file', form)
  t.end()
})

const large = 'x'.repeat(5_000_000)
for (const [name, text] of [
  ['a duration', JSON.stringify({ check_update_interval: '1'.repeat(5_000_000) })],
  ['many units', JSON.stringify({ check_update_interval: '1h'.repeat(2_500_000) })],
  ['a URL', JSON.stringify({ check: { name: 'x', http: large, interval: '1s' } })],
  ['a name', JSON.stringify({ service: { name: large } })],
  ['a port', JSON.stringify({ service: { name: 'x', port: large } })],
  ['a key', JSON.stringify({ [large]: 1 })],
  ['a missing quote', `{"service":{"name":"${large}`],
  ['levels', `{"a":${'['.repeat(10_000)}`],
] as const) {
  t.test(`${name} of megabytes is a finding of a few words`, t => {
    const [diagnostic, ...others] = validateText('web', text, 'json').diagnostics
    t.equal(diagnostic?.severity, 'error')
    t.ok((diagnostic?.message.length ?? 0) < 600)
    t.same(others, [])
    t.end()
  })
}

t.test('a file that is too large is not read at all', t => {
  const file = path.join(t.testdir(), 'web.json')
  fs.writeFileSync(file, '')
  fs.truncateSync(file, 16 * 1024 * 1024 + 1)
  t.match(validatePaths([file]).diagnostics, [
    {
      code: 'too-large',
      message: `${file} has 16777217 bytes, and 16777216 are read at most`,
      hint: 'split it into several files',
    },
  ])
  t.end()
})
