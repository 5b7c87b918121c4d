import t from 'tap'
import { aliasCircles } from '../../src/common/alias-circles.js'
import { addressFault } from '../../src/common/dns-address.js'

const fine = [
  '',
  '10.1.2.3',
  'fd00::1',
  '::ffff:10.0.0.1',
  'web',
  'web.example.com',
  'web.example.com.',
  'under_score.example',
  'a-1.b',
  `${'a'.repeat(63)}.de`,
]
const faulty: readonly (readonly [address: string, why: string, hint: string])[] = [
  ['10.1.2.3:80', 'it has a port', 'write "address": "10.1.2.3", "port": 80'],
  ['web.example:8080', 'it has a port', 'write "address": "web.example", "port": 8080'],
  ['[fd00::1]', 'it has brackets', 'write "address": "fd00::1"'],
  ['[fd00::1]:80', 'it has brackets and a port', 'write "address": "fd00::1", "port": 80'],
  [' 10.1.2.3', 'it holds blanks', 'write one IP address or one host name'],
  ['10.1.2.3 ', 'it holds blanks', 'write one IP address or one host name'],
  ['two names', 'it holds blanks', 'write one IP address or one host name'],
  [
    'fe80::1%eth0',
    'the zone behind "%" means something on this machine only',
    'write an address that others can reach',
  ],
  ['http://web.example/', 'it is a URL', 'write the host alone, and its port into "port"'],
  ['host..dots', 'a part between two dots is empty', 'write an IP address or a host name'],
  ['.host', 'a part between two dots is empty', 'write an IP address or a host name'],
  ['10.1.2', 'it is no IPv4 address', 'write an IP address or a host name'],
  ['10.1.2.300', 'it is no IPv4 address', 'write an IP address or a host name'],
  ['ho/st', '"ho/st" is no part of a host name', 'write an IP address or a host name'],
  ['-web', '"-web" is no part of a host name', 'write an IP address or a host name'],
  ['fd00::zz', '"fd00::zz" is no part of a host name', 'write an IP address or a host name'],
  ['a'.repeat(64), 'a part between two dots has more than 63 letters', 'write an IP address or a host name'],
  [
    `${'a.'.repeat(127)}de`,
    'a host name has 253 letters at most, this one has 256',
    'write an IP address or a host name',
  ],
]

t.test('addresses that DNS can carry', t => {
  for (const address of fine) t.equal(addressFault(address), undefined, address)
  t.end()
})

t.test('addresses that it cannot, why, and what to write', t => {
  for (const [address, why, hint] of faulty) {
    const found = addressFault(address)
    t.ok(found?.text.endsWith(` cannot be answered over DNS: ${why}`), `${address}: ${found?.text ?? 'fine'}`)
    t.equal(found?.hint, hint)
  }
  t.end()
})

const circles: readonly (readonly [
  name: string,
  targets: Readonly<Record<string, readonly string[]>>,
  found: readonly (readonly string[])[],
])[] = [
  ['none', { a: ['b'], b: ['c'] }, []],
  ['two', { a: ['b'], b: ['a'] }, [['a', 'b']]],
  ['three, entered from outside', { x: ['a'], a: ['b'], b: ['c'], c: ['a'] }, [['a', 'b', 'c']]],
  ['itself, which leaves that check out', { a: ['a'] }, []],
  [
    'two circles that share a service',
    { a: ['b', 'c'], b: ['a'], c: ['a'] },
    [
      ['a', 'b'],
      ['a', 'c'],
    ],
  ],
  ['a diamond', { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['e'] }, []],
  ['two ways around one service', { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['a'] }, [['a', 'b', 'd']]],
]

t.test('circles of alias checks', t => {
  for (const [name, targets, found] of circles) t.same(aliasCircles(new Map(Object.entries(targets))), found, name)
  t.end()
})

t.test('a chain of services is walked once, however long it is', t => {
  let looks = 0
  const targets = new Map<string, readonly string[]>(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, [`s${i + 1}`]]))
  const counting = new (class extends Map<string, readonly string[]> {
    override get(key: string): readonly string[] | undefined {
      looks++
      return super.get(key)
    }
  })(targets)
  t.same(aliasCircles(counting), [])
  t.ok(looks <= 50_000, `${looks} looks`)
  t.end()
})
