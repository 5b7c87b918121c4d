import t from 'tap'
import { Autopilot } from '../../../../src/cluster/formation/autopilot/autopilot.js'
import type { RaftServer } from '../../../../src/cluster/types.js'
import { milliseconds } from '../../../../src/common/duration.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { RecordingLog } from '../../../support/recording-log.js'

const initial = {
  cleanupDeadServers: true,
  lastContactThreshold: milliseconds(200),
  maxTrailingLogs: 250,
  minQuorum: 0,
  serverStabilizationTime: milliseconds(10_000),
  redundancyZoneTag: '',
  disableUpgradeMigration: false,
  upgradeVersionTag: '',
}

t.test('a server that does not lead tells how all are, while the agent of the leader is dead', async t => {
  const clock = new FakeClock()
  const dead = new Set(['one'])
  let asked = 0
  const servers = ['one', 'two', 'three'].map((id, i): RaftServer => ({
    id,
    node: id,
    address: `127.0.0.${i}:8300`,
    leader: id === 'one',
    voter: true,
  }))
  const autopilot = new Autopilot({
    clock,
    log: new RecordingLog(),
    servers: () => servers,
    known: () => undefined,
    configuration: { initial, read: () => Promise.resolve(undefined), write: () => Promise.resolve(true) },
    standing: ({ id }) => {
      asked++
      const index = id === 'three' ? 400 : 1000
      return dead.has(id)
        ? Promise.reject(new Error('no answer'))
        : Promise.resolve({
            id,
            cluster: 'c',
            member: id,
            leader: 'one',
            learner: false,
            term: 7,
            index,
            lastContact: 0,
          })
    },
    memberStatus: id => (dead.has(id) ? 'failed' : 'alive'),
    silence: () => 0,
    etcdAnswers: () => Promise.resolve(true),
    remove: () => Promise.resolve(true),
  })
  const shown = async (): Promise<readonly string[]> =>
    (await autopilot.health()).servers.map(
      ({ id, leader, healthy, status }) => `${id} ${leader ? 'leads ' : ''}${status}${healthy ? ' healthy' : ''}`,
    )
  await autopilot.tend(undefined)
  t.equal(asked, 0, 'nobody is asked before someone wants to know')
  t.same(
    await shown(),
    ['one leads failed', 'two alive healthy', 'three alive'],
    'three is too far behind the furthest of those that answer',
  )
  t.match(await autopilot.health(), { healthy: false, failureTolerance: 0 })
  t.equal(asked, 3, 'a second question at once is answered from the first')

  dead.clear()
  await clock.advance(2000)
  await autopilot.tend(undefined)
  t.same(await shown(), ['one leads alive healthy', 'two alive healthy', 'three alive'])
  const [, two] = (await autopilot.health()).servers
  await clock.advance(16_000)
  const [, later] = (await autopilot.health()).servers
  t.equal(asked, 9)
  t.ok((later?.stableSince ?? 0) > (two?.stableSince ?? 0), 'it does not vouch for the time in which it did not look')
})
