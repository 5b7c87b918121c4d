import t from 'tap'
import { normalise } from '../../src/config/read/normalise.js'

const cases: readonly [string, Record<string, unknown>, unknown, string[]][] = [
  ['case is levelled', { Service: { NAME: 'web', Tags: ['A'] } }, { service: { name: 'web', tags: ['A'] } }, []],
  [
    'keys of maps stay',
    { node_meta: { Rack: 'r1' }, dns_config: { service_ttl: { Web: '1s' } } },
    { node_meta: { Rack: 'r1' }, dns_config: { service_ttl: { Web: '1s' } } },
    [],
  ],
  [
    'an alias beside its key',
    { check: { serviceid: 'a', TLSSkipVerify: true } },
    { check: { service_id: 'a', tls_skip_verify: true } },
    [],
  ],
  ['an alias into an object', { acl_token: 'x' }, { acl: { tokens: { default: 'x' } } }, ['no-effect']],
  [
    'an alias into an object that is there',
    { acl_ttl: '1s', acl: { enabled: false } },
    { acl: { enabled: false, token_ttl: '1s' } },
    ['no-effect'],
  ],
  ['one text where a list is taken', { recursor: '192.0.2.1' }, { recursors: ['192.0.2.1'] }, ['deprecated-key']],
  [
    'a command for the shell',
    { services: [{ name: 'a', check: { script: 'x | y' } }] },
    { services: [{ name: 'a', check: { args: ['/bin/sh', '-c', 'x | y'] } }] },
    ['deprecated-key'],
  ],
  [
    'the newer spelling wins',
    { recursor: '192.0.2.1', recursors: ['192.0.2.2'] },
    { recursors: ['192.0.2.2'] },
    ['ignored-key'],
  ],
  ['an alias whose object is no object', { acl_token: 'x', acl: 5 }, { acl: 5 }, ['ignored-key']],
  [
    'null is not there',
    { segments: null, service: { name: 'a', Tags: null, check: null, meta: { b: null } }, acl_token: null },
    { service: { name: 'a', meta: { b: null } } },
    [],
  ],
  ['unknown keys stay, null or not', { Nonsense: null }, { Nonsense: null }, []],
  ['unknown keys stay', { Nonsense: { Deep: 1 } }, { Nonsense: { Deep: 1 } }, []],
  ['names of the language', { constructor: 1, toString: 2 }, { constructor: 1, toString: 2 }, []],
]
for (const [name, value, expected, codes] of cases) {
  t.test(name, t => {
    const before = JSON.stringify(value)
    const result = normalise(value)
    t.same(result.value, expected)
    t.same(
      result.findings.map(({ code }) => code),
      codes,
    )
    t.equal(JSON.stringify(value), before, 'what was read stays as it is')
    t.end()
  })
}

t.test('what needs nothing is not copied', t => {
  const value = { service: { name: 'web', checks: [{ ttl: '5s' }] }, node_meta: { a: '1' } }
  t.equal(normalise(value).value, value)
  t.end()
})

t.test('finds the way back to the text', t => {
  const { written } = normalise({ Services: [{ Name: 'a' }, { name: 'b', Check: { ServiceID: 'x' } }], acl_token: 'y' })
  t.same(written(['services', 0, 'name']), ['Services', 0, 'Name'])
  t.same(written(['services', 1, 'name']), ['Services', 1, 'name'])
  t.same(written(['services', 1, 'check', 'service_id']), ['Services', 1, 'Check', 'ServiceID'])
  t.same(written(['services', 1, 'check', 'absent']), ['Services', 1, 'Check', 'absent'])
  t.same(written(['acl', 'tokens', 'default']), ['acl_token'])
  t.end()
})
