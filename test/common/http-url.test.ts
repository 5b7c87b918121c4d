import t from 'tap'
import { isSameOrigin, portOf, readHttpUrl } from '../../src/common/http-url.js'

void t.test('URLs, also as Go reads them', t => {
  for (const [text, expected] of [
    ['http://a.test', ['a.test', 80, '/']],
    ['HTTPS://A.test:8443/x?y=z', ['a.test', 8443, '/x?y=z']],
    ['http://me:pw@a.test:/', ['a.test', 80, '/']],
    ['http://[127.0.0.1]:9001/', ['127.0.0.1', 9001, '/']],
    ['http://[127.0.0.1]', ['127.0.0.1', 80, '/']],
    ['http://me:pw@[127.0.0.1]:81/x', ['127.0.0.1', 81, '/x']],
    ['http://[a.test]:81', ['a.test', 81, '/']],
    ['http://:8080/health', ['localhost', 8080, '/health']],
    ['http://localhost:080', ['localhost', 80, '/']],
    ['http://[::1]:8500/v1', ['::1', 8500, '/v1']],
    ['http://[::ffff:127.0.0.1]', ['::ffff:7f00:1', 80, '/']],
    ['http://[fe80::1%25eth0]:80/', ['fe80::1%eth0', 80, '/']],
    ['https://[fe80::1%eth0]/', ['fe80::1%eth0', 443, '/']],
    ['http://a.test?b', ['a.test', 80, '/?b']],
    ['http://', undefined],
    ['http:///path', undefined],
    ['http://a.test:http/', undefined],
    ['http://a.test:99999/', undefined],
    ['http://[::1', undefined],
    ['http://[1::2::3]/', undefined],
    ['http://::1:80/', undefined],
    ['http://a b/', undefined],
    ['ftp://a.test/', undefined],
    ['/path', undefined],
    ['', undefined],
  ] as const) {
    const read = readHttpUrl(text)
    t.strictSame(read && [read.host, portOf(read), read.url.pathname + read.url.search], expected, text)
  }
  t.end()
})

void t.test('relative to another', t => {
  const base = readHttpUrl('http://me:pw@[fe80::1%25eth0]:81/a/b')
  for (const [text, host, href] of [
    ['/c', 'fe80::1%eth0', 'http://me:pw@[fe80::1]:81/c'],
    ['c?d', 'fe80::1%eth0', 'http://me:pw@[fe80::1]:81/a/c?d'],
    ['//[127.0.0.1]/c', '127.0.0.1', 'http://127.0.0.1/c'],
    ['https://a.test', 'a.test', 'https://a.test/'],
  ] as const) {
    const read = readHttpUrl(text, base)
    t.strictSame([read?.host, read?.url.href], [host, href], text)
  }
  for (const text of ['ftp://a.test/', '\\\\a.test/', 'mailto:x@y']) t.equal(readHttpUrl(text, base), undefined, text)
  t.end()
})

void t.test('origins: scheme, host and port', t => {
  const same = (a: string, b: string): boolean => {
    const [one, two] = [readHttpUrl(a), readHttpUrl(b)]
    return one !== undefined && two !== undefined && isSameOrigin(one, two)
  }
  t.ok(same('http://a.test', 'HTTP://A.TEST:80/x'))
  t.ok(same('http://[127.0.0.1]:9001', 'http://127.0.0.1:9001'))
  for (const [a, b] of [
    ['http://a.test', 'https://a.test'],
    ['http://a.test', 'http://a.test:8080'],
    ['http://a.test', 'http://b.a.test'],
    ['http://127.0.0.1', 'http://localhost'],
    ['http://[fe80::1%25eth0]', 'http://[fe80::1%25eth1]'],
    ['http://a.test:443', 'https://a.test'],
  ] as const)
    t.notOk(same(a, b), `${a} ${b}`)
  t.end()
})
