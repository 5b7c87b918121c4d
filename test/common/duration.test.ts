import fc from 'fast-check'
import t from 'tap'
import { formatDuration, milliseconds, parseDuration } from '../../src/common/duration.js'
import { goDurationError } from '../../src/common/go-duration.js'

t.test("Go's syntax and nothing else", async t => {
  const good: readonly (readonly [string, number])[] = [
    ['300ms', 300],
    ['5s', 5000],
    ['2m', 120_000],
    ['1.5h', 5_400_000],
    ['1m30s', 90_000],
    ['0', 0],
    ['-2s', -2000],
    ['+1s', 1000],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['100ns', 0.0001],
    ['1h0m0s', 3_600_000],
    ['.5s', 500],
    ['87600h', 315_360_000_000],
  ]
  for (const [text, expected] of good) t.equal(parseDuration(text), expected, text)
  for (const text of [
    '',
    's',
    '5',
    '5 s',
    '1d',
    '5S',
    '--1s',
    '1s ',
    'soon',
    '1e3s',
    '-',
    '2562048h',
    `${'9'.repeat(400)}h`,
    '-2562048h',
  ])
    t.equal(parseDuration(text), undefined, JSON.stringify(text))
})

t.test('long texts are none, and take no time that grows with their square', async t => {
  t.equal(parseDuration('1s'.repeat(50)), 50_000)
  t.equal(parseDuration('1s'.repeat(51)), undefined)
  t.equal(parseDuration('1'.repeat(1_000_000)), undefined)
  t.equal(goDurationError('1h'.repeat(500_000)), `time: invalid duration "${'1h'.repeat(20)}…"`)
})

t.test('written as Go writes it', async t => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [300, '300ms'],
    [5000, '5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [1500, '1.5s'],
    [0.001, '1µs'],
    [-2000, '-2s'],
    [0.0001, '100ns'],
  ]
  for (const [value, expected] of cases) t.equal(formatDuration(milliseconds(value)), expected)
})

t.test('written values are read back', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e12 }),
      value => parseDuration(formatDuration(milliseconds(value))) === value,
    ),
  )
})
