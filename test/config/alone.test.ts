import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { validatePaths, validateText } from '../../src/config/index.js'
import type { Validation } from '../../src/config/index.js'

// Each text is right as a part of a larger configuration. As a whole folder it is not.
const needy: readonly (readonly [
  name: string,
  code: string,
  content: object,
  counts: readonly [services: number, checks: number],
])[] = [
  [
    'a script check',
    'scripts-disabled',
    { service: { name: 'web', check: { args: ['/bin/true'], interval: '10s' } } },
    [1, 1],
  ],
  [
    'a script check of the node',
    'scripts-disabled',
    { check: { name: 'x', args: ['/bin/true'], interval: '10s' } },
    [0, 1],
  ],
  [
    'a check of a service elsewhere',
    'unknown-service',
    { check: { name: 'x', ttl: '10s', service_id: 'web' } },
    [0, 1],
  ],
  ['a number of servers', 'bootstrap', { bootstrap_expect: 3 }, [0, 0]],
  ['a leader', 'bootstrap', { bootstrap: true }, [0, 0]],
  ['another datacenter', 'client-mode', { retry_join: ['10.0.0.1'], retry_join_wan: ['10.1.0.1'] }, [0, 0]],
]

const found = ({ diagnostics }: Validation): string[] => diagnostics.map(({ severity, code }) => `${severity} ${code}`)

for (const [name, code, content, [services, checks]] of needy) {
  t.test(`${name}: a warning in a file alone, an error in a folder`, t => {
    const folder = t.testdir()
    const file = path.join(folder, 'part.json')
    const text = JSON.stringify(content)
    fs.writeFileSync(file, text)
    const counts = { services, checks }
    for (const [how, validation] of [
      ['a path', validatePaths([file])],
      ['a text', validateText('part.json', text, 'json')],
    ] as const) {
      t.same(found(validation), [`warning ${code}`], how)
      t.match(validation, counts, how)
    }
    t.same(found(validatePaths([folder])), [`error ${code}`])
    t.end()
  })
}

t.test('what a file says itself is an error there too', t => {
  for (const content of [
    { server: false, bootstrap_expect: 3 },
    { server: false, retry_join_wan: ['10.1.0.1'] },
    { service: { nmae: 'web' } },
    { server: true, bootstrap: true, bootstrap_expect: 3 },
  ]) {
    t.match(found(validateText('part.json', JSON.stringify(content), 'json')), [/^error/], JSON.stringify(content))
  }
  t.end()
})

t.test('checks inside services are counted', t => {
  const service = {
    name: 'web',
    check: { ttl: '10s' },
    checks: [{ ttl: '20s' }, { tcp: '127.0.0.1:1', interval: '10s' }],
  }
  const text = JSON.stringify({ service, checks: [{ name: 'node', ttl: '10s' }] })
  const file = path.join(t.testdir({ 'web.json': text }), 'web.json')
  t.match(validatePaths([path.dirname(file)]), { services: 1, checks: 4, diagnostics: [] })
  t.match(validateText('web.json', text, 'json'), { services: 1, checks: 4, diagnostics: [] })
  t.end()
})

t.test('one mistake is one error', t => {
  for (const content of [
    { service: { nmae: 'web' } },
    { service: { name: 'web', tagged_addresses: { lan: { adress: '10.0.0.1' } } } },
    { watches: [{ typ: 'key', key: 'a', args: ['true'] }] },
  ])
    t.same(
      found(validateText('web.json', JSON.stringify(content), 'json')),
      ['error unknown-key'],
      JSON.stringify(content),
    )
  t.same(
    found(validateText('web.json', '{"service":{"prot":1}}', 'json')),
    ['error missing-key', 'error unknown-key'],
    'two are two',
  )
  t.end()
})

t.test('alias checks in a circle, in one file and over files', t => {
  const alias = (name: string, of: string): object => ({ name, check: { alias_service: of } })
  const message = 'the alias checks mirror each other in a circle: "a" -> "b" -> "a"'
  t.match(
    validateText('web.json', JSON.stringify({ services: [alias('a', 'b'), alias('b', 'a')] }), 'json').diagnostics,
    [{ severity: 'warning', code: 'alias-circle', message, at: { line: 1, column: 14 } }],
  )
  const folder = t.testdir({
    'a.json': JSON.stringify({ service: alias('a', 'b') }),
    'b.json': JSON.stringify({ service: alias('b', 'a') }),
  })
  t.match(validatePaths([folder]).diagnostics, [
    { severity: 'warning', code: 'alias-circle', message, at: { file: path.join(folder, 'a.json'), line: 1 } },
  ])
  t.same(
    found(
      validateText(
        'web.json',
        JSON.stringify({ services: [alias('a', 'b'), { name: 'b', check: { ttl: '1s' } }] }),
        'json',
      ),
    ),
    [],
  )
  t.end()
})

t.test('addresses that DNS cannot carry', t => {
  for (const address of ['10.1.2.3:80', '[fd00::1]', 'a b', 'fe80::1%eth0', 'http://web', 'host..dots']) {
    const text = JSON.stringify({ service: { name: 'web', address, tagged_addresses: { wan: { address } } } })
    t.same(found(validateText('web.json', text, 'json')), ['warning dns-address', 'warning dns-address'], address)
  }
  t.end()
})
