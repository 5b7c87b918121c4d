import t from 'tap'
import {
  failureTolerance,
  isHealthy,
  quorum,
  removableServers,
  type Removable,
} from '../../../../src/cluster/formation/autopilot/judge.js'
import { milliseconds } from '../../../../src/common/duration.js'

const configuration = {
  cleanupDeadServers: true,
  lastContactThreshold: milliseconds(200),
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTime: milliseconds(10_000),
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

t.test('health', async t => {
  const well = { status: 'alive' as const, lastContact: 200, lastTerm: 3, lastIndex: 750 }
  const leader = { term: 3, index: 1000 }
  const rows: readonly (readonly [string, Partial<Parameters<typeof isHealthy>[0]>, boolean])[] = [
    ['just in time and not too far behind', {}, true],
    ['failed', { status: 'failed' }, false],
    ['too long ago', { lastContact: 201 }, false],
    ['of another term', { lastTerm: 2 }, false],
    ['too far behind', { lastIndex: 749 }, false],
  ]
  for (const [name, change, expected] of rows)
    t.equal(isHealthy({ ...well, ...change }, leader, configuration), expected, name)
  t.equal(
    isHealthy({ status: 'alive', lastContact: undefined, lastTerm: 3, lastIndex: 1000 }, leader, configuration),
    false,
    'never heard of',
  )
})

t.test('tolerance', async t => {
  const servers = (healthy: number, ill: number): { voter: boolean; healthy: boolean }[] => [
    ...Array.from({ length: healthy }, () => ({ voter: true, healthy: true })),
    ...Array.from({ length: ill }, () => ({ voter: true, healthy: false })),
    { voter: false, healthy: true },
  ]
  t.same(
    [servers(1, 0), servers(2, 0), servers(3, 0), servers(2, 1), servers(5, 0), servers(1, 2)].map(failureTolerance),
    [0, 0, 1, 0, 2, 0],
  )
  t.same([1, 2, 3, 4, 5].map(quorum), [1, 2, 2, 3, 3])
})

t.test('which dead servers may go', async t => {
  const server = (id: string, kind: 'well' | 'dead' | 'silent' | 'dead learner'): Removable => ({
    id,
    voter: kind !== 'dead learner',
    dead: kind.startsWith('dead'),
    answers: kind === 'well',
  })
  const rows: readonly (readonly [string, readonly Removable[], number, readonly string[]])[] = [
    ['one of three', [server('a', 'well'), server('b', 'well'), server('c', 'dead')], 0, ['c']],
    ['never of two', [server('a', 'well'), server('b', 'dead')], 0, []],
    ['not below the minimum', [server('a', 'well'), server('b', 'well'), server('c', 'dead')], 3, []],
    [
      'two of five',
      ['a', 'b', 'c'].map(id => server(id, 'well')).concat([server('d', 'dead'), server('e', 'dead')]),
      0,
      ['d', 'e'],
    ],
    ['not while a majority does not answer', [server('a', 'well'), server('b', 'silent'), server('c', 'dead')], 0, []],
    ['a learner always', [server('a', 'well'), server('b', 'dead learner')], 3, ['b']],
    ['nobody is dead', [server('a', 'well'), server('b', 'silent')], 0, []],
  ]
  for (const [name, servers, minQuorum, expected] of rows) t.same(removableServers(servers, minQuorum), expected, name)
})
