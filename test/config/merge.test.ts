import fc from 'fast-check'
import t from 'tap'
import { merge } from '../../src/config/combine/merge.js'
import type { Source } from '../../src/config/combine/merge.js'

const source = (file: string, value: Record<string, unknown>): Source => ({
  value,
  place: path => ({ file, line: path.length, column: 1 }),
})
const merged = (...values: Record<string, unknown>[]): unknown =>
  merge(values.map((value, i) => source(`f${i}`, value))).value

const cases: readonly [string, Record<string, unknown>[], unknown][] = [
  ['nothing', [], {}],
  ['the last single value wins', [{ log_level: 'INFO' }, { log_level: 'WARN' }], { log_level: 'WARN' }],
  ['absent is not zero', [{ retry_max: 3 }, {}], { retry_max: 3 }],
  [
    'zero, false and empty are values',
    [
      { a: 3, b: true, c: 'x' },
      { a: 0, b: false, c: '' },
    ],
    { a: 0, b: false, c: '' },
  ],
  [
    'lists are joined in order, twins kept',
    [{ recursors: ['1', '2'] }, { recursors: ['2', '3'] }],
    { recursors: ['1', '2', '2', '3'] },
  ],
  ['an empty list changes nothing', [{ recursors: ['1'] }, { recursors: [] }], { recursors: ['1'] }],
  [
    'maps overlay key by key',
    [{ node_meta: { a: '1', b: '1' } }, { node_meta: { b: '2', c: '3' } }],
    { node_meta: { a: '1', b: '2', c: '3' } },
  ],
  [
    'objects merge by field, at any depth',
    [{ dns_config: { soa: { retry: 1 }, a: 1 } }, { dns_config: { soa: { expire: 2 } } }],
    { dns_config: { soa: { retry: 1, expire: 2 }, a: 1 } },
  ],
]
for (const [name, values, expected] of cases) {
  t.test(name, t => {
    t.same(merged(...values), expected)
    t.end()
  })
}

t.test('remembers where the winner stands', t => {
  const result = merge([
    { value: { log_level: 'DEBUG' } },
    source('a', { log_level: 'INFO', recursors: ['1'] }),
    source('b', { log_level: 'WARN', recursors: ['2'], dns_config: { soa: { retry: 1 } } }),
  ])
  t.equal(result.origin('log_level')?.file, 'b')
  t.equal(result.origin('recursors[0]')?.file, 'a')
  t.equal(result.origin('recursors[1]')?.file, 'b')
  t.equal(result.origin('dns_config.soa.retry')?.line, 3)
  t.equal(result.origin('datacenter'), undefined)
  t.end()
})

t.test('only two files that say different things disagree', t => {
  const codes = (...sources: Source[]): string[] =>
    merge(sources).disagreements.map(({ key, at, other }) => `${key ?? ''} ${other?.file ?? ''}<${at?.file ?? ''}`)
  t.same(codes(source('a', { log_level: 'INFO' }), source('b', { log_level: 'WARN' })), ['log_level a<b'])
  t.same(codes(source('a', { log_level: 'INFO' }), source('b', { log_level: 'INFO' })), [])
  t.same(codes(source('a', { node_meta: { x: '1' } }), source('b', { node_meta: { x: '2', y: '1' } })), [
    'node_meta.x a<b',
  ])
  t.same(codes(source('a', { log_level: 'INFO' }), { value: { log_level: 'WARN' } }), [], 'a flag is there to win')
  t.same(
    codes(
      source('a', { acl: { tokens: { default: 's1' } }, encrypt: 'k1' }),
      source('b', { acl: { tokens: { default: 's2' } }, encrypt: 'k2' }),
    ),
    [],
    'secrets are not told',
  )
  t.same(codes(source('a', { recursors: ['1'] }), source('b', { recursors: ['2'] })), [], 'lists do not compete')
  t.end()
})

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean())
const key = fc.constantFrom('a', 'b', 'c')
const settings = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)))

t.test('properties', t => {
  fc.assert(
    fc.property(settings, value => {
      t.same(merged(value), value, 'one source is itself', { diagnostic: false })
      t.same(merged(value, value), value, 'a source over itself changes nothing', { diagnostic: false })
      t.same(merged(value, {}), value, 'nothing changes nothing', { diagnostic: false })
    }),
    { numRuns: 50 },
  )
  fc.assert(
    fc.property(settings, settings, settings, (a, b, c) => {
      t.same(merged(merged(a, b) as Record<string, unknown>, c), merged(a, b, c), 'in steps or at once', {
        diagnostic: false,
      })
      const input = JSON.stringify([a, b])
      merged(a, b)
      t.equal(JSON.stringify([a, b]), input, 'sources stay as they are')
    }),
    { numRuns: 50 },
  )
  t.end()
})
