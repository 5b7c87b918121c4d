import { SocketAddress } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { addressFromHex, addressToHex, formatAddress, isLoopback, parseAddress } from '../../src/dns/addresses.js'

void t.test('addresses as texts', async t => {
  const table: readonly [text: string, hex: string | undefined][] = [
    ['192.0.2.1', 'c0000201'],
    ['255.255.255.255', 'ffffffff'],
    ['2001:db8::80', '20010db8000000000000000000000080'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['2001:DB8:0:0:0:0:0:6', '20010db8000000000000000000000006'],
    ['::ffff:192.0.2.1', 'c0000201'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['fe80::1%eth0', undefined],
    ['192.0.2', undefined],
    ['www.example.com', undefined],
    ['', undefined],
  ]
  for (const [text, hex] of table) {
    const address = parseAddress(text)
    t.equal(address && addressToHex(address), hex, text)
  }
})

void t.test('an IPv6 address comes back in the one spelling that the system has for it', async t => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (bytes, mask) => {
        bytes.forEach((_, at) => {
          if (((mask[at >> 1] ?? 0) & 1) === 1) bytes[at] = 0
        })
        const text = formatAddress(bytes)
        const parsed = parseAddress(text)
        t.same(parsed?.length === 16 ? [...parsed] : [...bytes], [...bytes])
        if (!text.startsWith('::')) t.equal(text, new SocketAddress({ address: text, family: 'ipv6' }).address)
      },
    ),
    { numRuns: 300 },
  )
})

void t.test('hex digits', async t => {
  t.same(addressFromHex('C0000201'), Uint8Array.of(192, 0, 2, 1))
  t.equal(addressFromHex('c00002zz'), undefined)
})

void t.test('loopback addresses', async t => {
  for (const [text, loopback] of [
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['10.0.0.1', false],
    ['::2', false],
    ['::', false],
  ] as const) {
    t.equal(isLoopback(parseAddress(text) ?? new Uint8Array(4)), loopback, text)
  }
})
