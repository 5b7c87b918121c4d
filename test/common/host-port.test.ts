import t from 'tap'
import { splitHostPort } from '../../src/common/host-port.js'
import { readAddress, readServices } from '../../src/common/service-ports.js'

void t.test('addresses', t => {
  for (const [text, expected] of [
    ['a.test:80', { host: 'a.test', port: 80 }],
    ['[::1]:8500', { host: '::1', port: 8500 }],
    [':22', { host: 'localhost', port: 22 }],
    ['[]:22', { host: 'localhost', port: 22 }],
    ['[127.0.0.1]:80', { host: '127.0.0.1', port: 80 }],
    ['[a.test]:80', { host: 'a.test', port: 80 }],
    ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
    ['localhost:080', { host: 'localhost', port: 80 }],
    ['a:0000080', { host: 'a', port: 80 }],
    ['a:http', { host: 'a', port: 'http' }],
    ['[::1]:HTTPS', { host: '::1', port: 'https' }],
    [':domain', { host: 'localhost', port: 'domain' }],
    ['a.test', undefined],
    ['a.test:', undefined],
    ['a.test:0', undefined],
    ['a.test:65536', undefined],
    ['a:-80', undefined],
    ['a:8 0', undefined],
    ['::1:80', undefined],
    ['http://a:80', undefined],
    ['[::1]', undefined],
    ['[::1]80', undefined],
    ['a b:80', undefined],
    ['', undefined],
  ] as const)
    t.strictSame(splitHostPort(text), expected, text)
  t.end()
})

void t.test('names of ports', async t => {
  const ports = readServices(
    '# comment\nweb\t8080/tcp  www2 # the web\nweb 8081/udp\nWWW2 1/tcp\nbad\nhttp 8000/tcp\nx 1/sctp\n',
  )
  const read = (address: string, network: 'tcp' | 'udp' = 'tcp') =>
    readAddress(address, network, () => Promise.resolve(ports))
  t.strictSame(await read('a:web'), { host: 'a', port: 8080 })
  t.strictSame(await read('a:web', 'udp'), { host: 'a', port: 8081 })
  t.strictSame(await read('a:WWW2'), { host: 'a', port: 8080 }, 'an alias; the first entry counts')
  t.strictSame(await read('a:https'), { host: 'a', port: 443 }, 'known without the file')
  t.strictSame(await read('a:http'), { host: 'a', port: 8000 }, 'the file says more')
  t.match(await read('a:x'), /tcp has no service "x"/)
  t.match(await read('a'), /"a" is not an address/)
})
