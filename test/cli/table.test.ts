import t from 'tap'
import { age, type ShownCheck } from '../../src/cli/check-lines.js'
import { standingOf } from '../../src/cli/commands/services-list.js'
import { statusLayout, table } from '../../src/cli/table.js'

t.test('a table fits the terminal, and is whole where there is none', async t => {
  const rows = [
    ['ID', 'Tags', 'Reason'],
    ['web', 'a,b,c', 'x'.repeat(60)],
    ['db', '-', '-'],
  ]
  t.equal(table(rows), `ID   Tags   Reason\nweb  a,b,c  ${'x'.repeat(60)}\ndb   -      -\n`)
  t.equal(table(rows, { width: 40 }), `ID   Tags   Reason\nweb  a,b,c  ${'x'.repeat(27)}…\ndb   -      -\n`)
  const wide = [
    ['ID', 'Tags', 'Reason'],
    ['i'.repeat(30), 't'.repeat(200), 'r'.repeat(200)],
  ]
  for (const width of [60, 80, 100, 300, 1000]) {
    t.ok(
      table(wide, { width })
        .trimEnd()
        .split('\n')
        .every(line => line.length <= width),
      `${width} columns`,
    )
  }
  t.match(table(wide, { width: 80 }), /^i{25}… {2}t{25}… {2}r{23}…$/m, 'the widest gives way')
  t.equal(table(wide, { width: 1000 }), table(wide), 'what fits is whole')
  t.match(table(wide, { width: 5 }), /^i{7}… {2}t{7}… {2}r{23}…$/m, 'something of each is left')
  t.equal(table([]), '')
  t.equal(table([['a\u001b[2J', 'b\nc']]), 'a\\u001b[2J  b\\nc\n')
})

t.test('colours on a terminal only, and of statuses only', async t => {
  const rows = [
    ['Check', 'Status', 'Output'],
    ['critical', 'critical', 'critical'],
    ['b', 'passing', ''],
    ['c', 'warning', ''],
    ['d', 'odd', ''],
  ]
  t.equal(
    table(rows, statusLayout({ color: true, width: undefined }, 1)),
    [
      'Check     Status    Output',
      'critical  \u001b[31mcritical\u001b[0m  critical',
      'b         \u001b[32mpassing\u001b[0m   ',
      'c         \u001b[33mwarning\u001b[0m   ',
      'd         odd       ',
      '',
    ].join('\n'),
  )
  t.notMatch(table(rows, statusLayout({ color: false, width: 80 }, 1)), '\u001b')
})

t.test('how long ago', async t => {
  const now = Date.parse('2026-03-10T12:00:00Z')
  const cases: readonly (readonly [string | undefined, string])[] = [
    ['2026-03-10T12:00:00Z', '0s'],
    ['2026-03-10T11:59:18Z', '42s'],
    ['2026-03-10T11:55:00Z', '5m'],
    ['2026-03-10T11:54:55Z', '5m5s'],
    ['2026-03-10T09:59:01Z', '2h'],
    ['2026-03-10T08:30:00Z', '3h30m'],
    ['2026-03-07T08:30:00Z', '3d3h'],
    ['2025-03-10T12:00:00Z', '365d'],
    ['2026-03-10T12:00:09Z', '0s'],
    [undefined, '-'],
    ['nonsense', '-'],
  ]
  for (const [time, shown] of cases) t.equal(age(time, now), shown)
})

t.test('how a service stands, and why', async t => {
  const check = (id: string, Status: string, Output: string, more: Partial<ShownCheck> = {}): ShownCheck => ({
    Node: 'n1',
    CheckID: id,
    Name: `the ${id}`,
    Status,
    Notes: '',
    Output,
    ServiceID: 'web',
    ServiceName: 'web',
    ...more,
  })
  const mark = check('_service_maintenance:web', 'critical', '', { Notes: 'moves to\nanother rack' })
  const cases: readonly (readonly [string, readonly ShownCheck[], string, string])[] = [
    ['no checks', [], 'passing', ''],
    ['all well', [check('a', 'passing', 'ok')], 'passing', ''],
    ['another service', [check('a', 'critical', 'no', { ServiceID: 'db' })], 'passing', ''],
    ['warning', [check('a', 'passing', 'ok'), check('b', 'warning', '\n hot \nrest')], 'warning', 'the b: hot'],
    [
      'critical before warning',
      [check('a', 'warning', 'hot'), check('b', 'critical', 'gone')],
      'critical',
      'the b: gone',
    ],
    ['a check that says nothing', [check('b', 'critical', '')], 'critical', 'the b'],
    ['a check of the node', [check('disk', 'critical', 'full', { ServiceID: '' })], 'critical', 'the disk: full'],
    ['maintenance before critical', [check('b', 'critical', 'gone'), mark], 'critical', 'maintenance: moves to'],
    [
      'maintenance of the node',
      [check('_node_maintenance', 'critical', '', { ServiceID: '', Notes: 'kernel' })],
      'critical',
      'node maintenance: kernel',
    ],
  ]
  for (const [what, checks, Status, Reason] of cases) t.same(standingOf('web', checks), { Status, Reason }, what)
})
