import t from 'tap'
import { leaderChange, logChanges, memberChanges } from '../../../src/cluster/membership/change-log.js'
import type { Member, MemberStatus } from '../../../src/cluster/types.js'
import { Catalog } from '../../../src/catalog/index.js'
import { openMemoryStore } from '../../../src/store/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../support/recording-log.js'

const member = (
  name: string,
  status: MemberStatus = 'alive',
  tags: Readonly<Record<string, string>> = { role: 'node' },
): Member => ({ name, id: `id-${name}`, address: '192.0.2.1', port: 8301, status, tags })
const server = (name: string, address: string): Member => ({
  ...member(name, 'alive', { role: 'consul', port: '8300' }),
  address,
})

for (const [old, now, reason] of [
  [undefined, 'alive', /joined/],
  ['failed', 'alive', /heard again/],
  ['left', 'alive', /back after it had left/],
  ['leaving', 'alive', /refuted/],
  ['alive', 'failed', /not live or cannot be reached/],
  ['alive', 'left', /^it has left$/],
  ['failed', 'left', /force-leave/],
  ['alive', 'leaving', /leaves/],
  ['left', undefined, /left long ago/],
  ['failed', undefined, /reconnect_timeout/],
] as const) {
  void t.test(`${old ?? 'unknown'} to ${now ?? 'forgotten'}`, t => {
    const list = (status: MemberStatus | undefined): readonly Member[] => [
      member('n1'),
      ...(status === undefined ? [] : [member('n2', status)]),
    ]
    t.match(memberChanges(list(old), list(now)), [
      { node: 'n2', id: 'id-n2', address: '192.0.2.1', old: old ?? 'unknown', new: now ?? 'forgotten', reason },
    ])
    t.same(memberChanges(list(now), list(now)), [], 'what is the same is no news')
    t.end()
  })
}

void t.test('who leads', t => {
  const members = [member('c1'), server('s1', '192.0.2.1'), server('s2', '192.0.2.2')]
  t.equal(leaderChange('192.0.2.1:8300', '192.0.2.1:8300', members), undefined)
  t.match(leaderChange('', '192.0.2.2:8300', members), {
    node: 's2',
    old: '',
    new: '192.0.2.2:8300',
    reason: 'it was elected',
  })
  t.match(leaderChange('192.0.2.2:8300', '192.0.2.1:8300', members), {
    node: 's1',
    reason: 'another server was elected',
  })
  t.match(leaderChange('192.0.2.2:8300', '', members), { node: 's2', new: '', reason: /^no leader is known/ })
  t.match(leaderChange('', '192.0.2.9:8300', members), { node: '' })
  t.end()
})

void t.test('each change is one line, and thousands at once are not thousands of lines', async t => {
  const clock = new FakeClock()
  const store = openMemoryStore({ clock })
  const catalog = await Catalog.open({ store, clock })
  const log = new RecordingLog()
  let members: readonly Member[] = [member('n1')]
  let leader = ''
  const running = logChanges({ membership: { members: () => members, leader: () => leader }, catalog, clock, log })
  const told = async () => {
    await clock.advance(2500)
    return log.lines
      .splice(0)
      .map(({ level, message, fields }) => [level, message, fields.node ?? fields.count, fields.old, fields.new])
  }
  t.same(await told(), [], 'what is so at the start is no change')
  members = [member('n1'), server('s1', '192.0.2.1')]
  leader = '192.0.2.1:8300'
  t.same(await told(), [
    ['info', 'the status of a member has changed', 's1', 'unknown', 'alive'],
    ['info', 'the leader has changed', 's1', '', leader],
  ])
  members = [member('n1', 'failed'), server('s1', '192.0.2.1')]
  leader = ''
  t.same(await told(), [
    ['warn', 'the status of a member has changed', 'n1', 'alive', 'failed'],
    ['warn', 'the leader has changed', 's1', '192.0.2.1:8300', ''],
  ])
  members = [...members, ...Array.from({ length: 200 }, (_, i) => member(`c${i}`))]
  const many = await told()
  t.equal(many.length, 51)
  t.same(many.at(-1)?.slice(0, 3), ['info', 'the status of more members has changed', 150])
  running.close()
  members = []
  t.same(await told(), [], 'closed')
  catalog.close()
  await store.close()
  await clock.advance(2500)
  t.equal(clock.pending, 0)
})
