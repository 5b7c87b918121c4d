import fc from 'fast-check'
import t from 'tap'
import { canonicalAddress, checkKey, nodeKey, serviceKey } from '../../src/catalog/index.js'
import { compareText } from '../../src/common/text-order.js'
import {
  decodeCheck,
  decodeNode,
  decodeService,
  encodeCheck,
  encodeNode,
  encodeService,
} from '../../src/catalog/entry-codec.js'
import { pair } from '../../src/catalog/order.js'
import { revision } from '../../src/store/index.js'
import { checkData, nodeData, serviceData } from './samples.js'

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('a', 'B', '/', '%', '\0', '\u0001', '-', 'é', '\uffff', '𝒳') }),
)
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
  .map(units => String.fromCharCode(...units))
const sign = (value: number): number => Math.sign(value)
const entry = (value: Uint8Array) => ({ key: 'k', value, created: revision(3), modified: revision(7) })
const at = { created: 3, modified: 7 }

void t.test('text is compared by its bytes', async () => {
  fc.assert(
    fc.property(text, text, (a, b) => sign(compareText(a, b)) === sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))),
  )
})

void t.test('pairs sort by the first, then by the second, and are never mixed up', async () => {
  fc.assert(
    fc.property(
      text,
      text,
      text,
      text,
      (a, b, c, d) => sign(compareText(pair(a, b), pair(c, d))) === sign(compareText(a, c) || compareText(b, d)),
    ),
  )
})

void t.test('keys are proper UTF-8 without control characters, and different for different entries', async () => {
  fc.assert(
    fc.property(anyUnits, anyUnits, anyUnits, anyUnits, (a, b, c, d) => {
      const [one, other] = [serviceKey(a, b), serviceKey(c, d)]
      const whole = Buffer.from(one).toString() === one && !/\p{Cc}/u.test(one) && one.split('/').length === 3
      return whole && (one === other) === (a.toLowerCase() === c.toLowerCase() && b === d)
    }),
  )
})

for (const [name, key, expected] of [
  ['a node', nodeKey('Web.Host-1'), 'node/web.host-1'],
  ['a service id keeps its case', serviceKey('N1', 'Web'), 'service/n1/Web'],
  ['separators and percent signs', checkKey('a/b', '100%/x'), 'check/a%2fb/100%25%2fx'],
  ['control characters', checkKey('a', 'b\nc'), 'check/a/b%0ac'],
  ['other languages stay readable', nodeKey('Größe'), 'node/größe'],
  ['half a character', nodeKey('a\ud800'), 'node/a%ud800'],
] as const) {
  void t.test(`key: ${name}`, async t => {
    t.equal(key, expected)
  })
}

void t.test('entries come back from their bytes, with the revisions of the store', async t => {
  const node = nodeData({ node: 'n1', meta: { a: 'ü' }, taggedAddresses: { wan: '198.51.100.1' } })
  t.same(decodeNode(entry(encodeNode(node))), { ...node, ...at })
  const service = serviceData({
    id: 'web',
    tags: ['b', 'a'],
    taggedAddresses: { wan: { address: '198.51.100.1', port: 81 } },
    meta: {},
    weights: { passing: 5, warning: 0 },
  })
  t.same(decodeService(entry(encodeService(service))), { ...service, ...at })
  const check = {
    ...checkData({ id: 'c', serviceId: 'web', definition: { HTTP: 'http://x', Header: { a: ['b'] } } }),
    serviceName: 'web',
    serviceTags: ['t'],
  }
  t.same(decodeCheck(entry(encodeCheck(check))), { ...check, ...at })
  const read = { ...node, created: 1, modified: 2 }
  t.same(encodeNode(read), encodeNode(node), 'revisions are not written into the value')
})

void t.test('fields of older and newer versions: missing ones are empty, unknown ones left out', async t => {
  const bytes = (value: unknown) => entry(Buffer.from(JSON.stringify(value)))
  t.same(decodeNode(bytes({ node: 'n1', colour: 'red' })), { ...nodeData({ node: 'n1', address: '' }), ...at })
  t.same(decodeService(bytes({ node: 'n1', id: 'a', name: 'a', meta: 5, tags: 'x' })), {
    ...serviceData({ id: 'a' }),
    ...at,
  })
  t.same(decodeCheck(bytes({ node: 'n1', id: 'a' })), {
    ...checkData({ id: 'a', name: '', status: '' }),
    serviceName: '',
    serviceTags: [],
    ...at,
  })
})

for (const [name, bytes] of [
  ['text', 'garbage'],
  ['a list', '[]'],
  ['nothing', ''],
  ['null', 'null'],
] as const) {
  void t.test(`a value that is ${name} is unreadable`, async t => {
    t.throws(() => decodeNode(entry(Buffer.from(bytes))), { code: 'CATALOG_UNREADABLE', message: /key k/ })
  })
}

void t.test('one spelling for each address', async t => {
  for (const [given, expected] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['Host.Example', 'host.example'],
    ['not:an:address', 'not:an:address'],
    ['', ''],
  ] as const)
    t.equal(canonicalAddress(given), expected)
})
